# SPDX-License-Identifier: GPL-2.0-only
# The sections of RESULTS.md about threading models and scaling. sweep/scaling.sh puts format.jq, the environment and the names
# of the figures ($have) in front of it; input is what sweep/scaling-cells.jq gathered. Every verdict is computed.
def figure(name; what): if $have | index(name) then "![\(what)](\($figures)/\(name).svg)", "" else empty end;
def made_by($names): "Figures: \($names | map(select(. as $n | $have | index($n)) | "`plots/\(.).gp`") | join(", ")); they and the tables: `./run.sh report \($run)`.", "";

def models: ["device", "queue", "workqueue", "shared"];
def columns_all: ["userspace", "uring", "intree"] + models;
def work_order: {tx: 0, rx: 1, rr: 2}[.];
def name_of: "\({tx: "transmit", rx: "receive", rr: "round trip"}[.workload])\(if .workload == "rr" then "" else ", burst \(.burst)" end), \(.size) bytes\(if .sink == "stack" then "" else ", \(.sink)" end)";
def only($knobs): map(select(.knobs | keys - $knobs == []));
def heads: map(" \(.) |") | add;
def rules: map("--:|") | add;
def per($a; $b): if $a == null or $b == null or $b == 0 then "-" else ($a / $b | fixed(3)) end;

# Groups of one question, by what was asked, each with more than one number of guests.
def questions: only(["worker"]) | group_by([(.workload | work_order), .sink, .size, .burst]) | map(select(map(.guests) | unique | length > 1));

# One object a number of guests, the models side by side.
def by_guests: group_by(.guests) | map((.[0] | {workload, size, burst, sink, guests}) + (map({(.model): .}) | add));

def present: (map(keys) | add // []) as $all | columns_all | map(select(. as $m | $all | index($m)));

# The models that cost least, all that are within one percent of the least.
def cheapest: . as $row | [models[] | $row[.] | select(. != null and .cost != null)] | if length == 0 then [] else (map(.cost) | min) as $least | map(select(.cost <= $least * 1.01) | .model) end;

def cost_rows: . as $rows | ($rows | present) as $columns
  | "| guests |\($columns | heads) cheapest of vhostlab | lost | least / most |", "|--:|\($columns | rules)---|--:|--:|",
    ($rows[] | . as $row | "| \(.guests) |\([$columns[] as $c | $row[$c].cost | whole] | heads) \(cheapest | join(", ")) | \([$columns[] as $c | $row[$c].lost // 0] | add) | "
      + ([$columns[] as $c | $row[$c].min_max | select(. != null)] | if length == 0 then "-" else min | fixed(3) end) + " |"), "";

# On the wall clock, where guests and threads run at the same time, throughput is not the inverse of cost.
def rate_rows: . as $rows | ($rows | present) as $columns
  | if $env.clock != "wall" then empty else "Packets a second:", "",
    "| guests |\($columns | heads)", "|--:|\($columns | rules)",
    ($rows[] | . as $row | "| \(.guests) |\([$columns[] as $c | $row[$c].rate | whole] | heads)"), "" end;

def trip_rows: . as $rows | ($rows | present) as $columns
  | "| guests | percentile |\($columns | heads)", "|--:|---|\($columns | rules)",
    ($rows[] | . as $row | ("p50", "p99", "p999") as $p | "| \(.guests) | \($p) |\([$columns[] as $c | $row[$c][$p] | whole] | heads)"), "";

# Runs of guests numbers for which the same models are cheapest, in words.
def winners: . as $rows | reduce .[] as $row ([]; ($row | cheapest) as $c
    | if length > 0 and .[-1].who == $c then .[-1].to = $row.guests else . + [{from: $row.guests, to: $row.guests, who: $c}] end)
  | map(select(.who | length > 0) | "\(.who | if length == (models | length) then "all alike" else join(", ") end) with \(if .from == .to then "\(.from)" else "\(.from) to \(.to)" end)\(if .to == 1 then " guest" else " guests" end)") | join("; ");

def growth: . as $rows | (first) as $a | (last) as $b
  | [$rows | present[] | {name: ., q: (if $a[.].cost == null or $b[.].cost == null then null else $b[.].cost / $a[.].cost end)} | select(.q != null) | "\(.name) \(.q | fixed(3))"] | join(", ");

# Who has the least p99, and who is slowest, with the most guests.
def tail: last as $row | [models[] | $row[.] | select(. != null and .p99 != null)] | if length < 2 then empty else
    min_by(.p99) as $best | max_by(.p99) as $worst
    | "- With \($row.guests) guests the 99th percentile of a round trip is shortest with \($best.model) (\($best.p99 | whole)) and longest with \($worst.model) (\($worst.p99 | whole))."
      + (if $row.intree.p99 == null then "" else " In-tree: \($row.intree.p99 | whole)." end) end;

def unfair: [.[] | select(.guests > 1 and .min_max != null)] | if length == 0 then empty else min_by(.min_max) as $w
  | "- Fairness: all guests take bursts out of one pot, so who is served faster gets more. The least even cell is \($w | name_of), \($w.guests) guests, \($w.model): "
    + "the guest that got least had \($w.min_max | fixed(3)) of what the first had; Jain's index \($w.jain | fixed(4))." end;

def looks_on: [.[] | select(.knobs.worker == "shared" and (.knobs | keys - ["worker", "shared_poll_us"] == []))]
  | group_by([(.workload | work_order), .sink, .size, .burst, .guests]) | map(select(length > 1)) | add // [] | select(length > 0)
  | "How long the threads of model shared look on before they sleep (`shared_poll_us`):", "",
    "| workload | guests | shared_poll_us | cost | median trip | 99th |", "|---|--:|--:|--:|--:|--:|",
    (sort_by([(.workload | work_order), .sink, .size, .burst, .guests, .knobs.shared_poll_us // 50])[]
      | "| \(name_of) | \(.guests) | \(.knobs.shared_poll_us // 50) | \(.cost | whole) | \(.p50 | whole) | \(.p99 | whole) |"), "";

def threads: . as $cells | (questions | map(by_guests)) as $all
  | "## Threading models", "", figure("threads-cost"; "Cost per packet against the number of guests, by threading model"),
    "Server vhostlab with a thread a device, a thread a queue, one work item for all (`workqueue`, as the first vhost_net), or a pool of threads for all devices (`shared`); beside it the other servers. "
    + "Each guest is a process with its own address space, tap and device, one burst under way; all take bursts out of one pot until it is empty. Cost in \(unit) per packet of the whole machine."
    + (if $env.clock == "insn" then " The machine has one processor: guests and threads take turns on it." else "" end), "",
    "Which model wins where, by cost (those within one percent of the cheapest), and cost with the most guests by that with the fewest:", "",
    ($all[] | "- \(.[0] | name_of): \(winners). \(last.guests) guests against \(first.guests): \(growth)."),
    ($all[] | select(.[0].workload == "rr") | tail),
    ($cells | only(["worker"]) | unfair), "",
    ($all[] | "\(.[0] | name_of | .[:1] | ascii_upcase)\(.[0] | name_of | .[1:]):", "", cost_rows, rate_rows),
    ($all[] | select(.[0].workload == "rr") | figure("threads-latency"; "Round trips of several guests"), "Length of a round trip in \(unit | sub(" of processor time"; "")):", "", trip_rows),
    figure("threads-fairness"; "What the guest that got least had of what the first had"),
    ($cells | looks_on),
    made_by(["threads-cost", "threads-latency", "threads-fairness"]);

# Cells of 64 bytes, burst 64, in which only x is not the default: rows of x, servers side by side.
def along($workload; $knobs; $size; $burst; $guests; x):
  only($knobs) | map(select(.workload == $workload and .sink == "stack" and ($size == null or .size == $size) and ($burst == null or .burst == $burst)
    and ($guests == null or .guests == $guests))) | select((map(x) | unique | length) > 1)
  | group_by(x) | map({x: (.[0] | x)} + (map({(.server): .}) | add));

def scaling: . as $cells
  | ([("tx", "rx") as $w | ({tx: "transmit", rx: "receive"}[$w]) as $name
      | {what: "\($name): ring", rows: ($cells | along($w; ["ring"]; 64; 64; 1; .knobs.ring // 256))},
        {what: "\($name): regions", rows: ($cells | along($w; ["regions"]; 64; 64; 1; .knobs.regions // 1))},
        {what: "\($name): guests", rows: ($cells | along($w; []; 64; 64; null; .guests))},
        {what: "\($name): frame", rows: ($cells | along($w; []; null; 64; 1; .size))},
        {what: "\($name): burst", rows: ($cells | along($w; []; 64; null; 1; .burst))}]) as $axes
  | "## Scaling", "", figure("scaling"; "Cost per packet against ring, regions, guests, frame size, burst"),
    ($axes[] | select(.what | endswith("regions")) | .rows | select(length > 1) | first as $a | last as $b
      | "- \($b.x) memory regions against \($a.x) cost vhostlab \(per($b.vhostlab.cost; $a.vhostlab.cost)) and in-tree \(per($b.intree.cost; $a.intree.cost)) times as much per packet (\($a.vhostlab.workload)): consecutive buffers lie in different regions."), "",
    (columns_for($axes | map(.rows[] | keys) | add // [])) as $servers
  | "| axis | value |\($servers | heads) vhostlab / its first | in-tree / its first |", "|---|--:|\($servers | rules)--:|--:|",
    ($axes[] | .what as $what | .rows | . as $rows | first as $a | $rows[] | . as $row
      | "| \($what) | \(.x) |\([$servers[] as $s | $row[$s].cost | whole] | heads) \(per($row.vhostlab.cost; $a.vhostlab.cost)) | \(per($row.intree.cost; $a.intree.cost)) |"), "",
    "All else as in the cell of 64 bytes, burst 64, ring 256, one region, one guest. Cost in \(unit) per packet.", "",
    made_by(["scaling"]);

def logging: . as $cells
  | "## Dirty logging", "", figure("scaling-log"; "Cost per packet without and with the dirty log"),
    "| workload | server | none | log | more | log / none |", "|---|---|--:|--:|--:|--:|",
    ($cells | only(["log"]) | map(select(.sink == "stack" and .guests == 1)) | group_by([(.workload | work_order), .size, .burst, (.server | server_rank)])[]
      | (map(select(.knobs.log == null)) | first) as $none | (map(select(.knobs.log == 1)) | first) as $log | select($none != null and $log != null)
      | "| \($log | name_of) | \($log.server) | \($none.cost | whole) | \($log.cost | whole) | \($log.cost - $none.cost | whole) | \(per($log.cost; $none.cost)) |"), "",
    "`VHOST_F_LOG_ALL` with the used rings logged, as while a guest moves: transmit marks used ring entries, receive also the pages of the frames. All pages are marked soon, as nobody clears the log here.", "",
    made_by(["scaling-log"]);

(if $have | index("threads-cost") then threads else empty end),
  (if $have | index("scaling") then scaling else empty end),
  (if $have | index("scaling-log") then logging else empty end)
