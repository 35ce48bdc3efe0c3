# SPDX-License-Identifier: GPL-2.0-only
# The sections of RESULTS.md about the inside: stages, timelines, call chains, what tracing costs. sweep/figures.sh puts
# format.jq, the environment and the names of the figures ($have) in front of it; input is what it gathered.
def figure(name; what): if $have | index("\(name).svg") then "![\(what)](\($figures)/\(name).svg)", "" else empty end;

def stage_names: ["guest", "kick", "wake", "look", "copy", "hand", "publish", "serve", "call"];

def stage_row: . as $s
  | "| \(.workload) | \(.burst) | \(.server) | " + ([stage_names[] as $n | $s.net[$n] | if . == null then "-" else whole end] | join(" | "))
  + " | \($s.untraced | whole) | \($s.sum | whole) | \($s.end_to_end | whole) | \($s.wake_cost | whole) x \($s.scheduler_events | add | brief) | \($s.mark_cost | whole) x \($s.module_events | add | brief) |";

def stages:
  "## Where the time of a burst goes", "", figure("stages"; "Stages of a burst, stacked, by server"),
  "| workload | burst | server | \(stage_names | join(" | ")) | end to end, untraced | sum of traced stages | end to end, traced | scheduler's events | module's events |",
  "|---|--:|---" + ("|--:" * 14) + "|",
  (sort_by([(.workload | {tx: 0, rx: 1}[.]), .burst, (.server | server_rank)])[] | stage_row), "",
  "In \(unit | sub(" of processor time"; "")) per burst. A record of the kernel's events (our module's tracepoints, and who is woken and who runs) taken in a pass of its own, on the clock of the bench. "
  + "**kick**: the guest's write until the kick arrives; **wake**: until the worker takes up the queue (receive: from the first frame's wake-up, while the sender goes on); **look**: until the first descriptor is read; "
  + "**copy**: until the last frame is copied; **hand**: until used entries are published (transmit: the backend takes the frames); **publish**: until the guest is called; **call**: until it is awake; **guest**: its own work, and the sender's, until the next burst. "
  + "The other servers have no tracepoints: **serve** is all between their running and their waking the guest. "
  + (if $env.clock == "insn" then "Stages and the untraced end stand without what recording costs: the traced end less the untraced one, shared out over the events in each stage (last columns: cost of one, times events). "
     else "Stages stand as they were seen, so recording them is in them. " end)
  + (if any(.[]; [.net[] | select(. != null)] | any(. < 0)) then "**A stage below 0**: there looking on changes what is done (with events on, a worker that gives way finds less often that it paid), so what an event costs is taken for more than it is, and the row's other stages are too low as well. " else "" end)
  + "The sum of the traced stages and the traced end to end are what was really seen: the former by the events, the latter by the guest over the whole pass.", "",
  "Figure: `plots/draw \($figures)/stages.dat`; figure and table from `\($run)/raw/*.trace.gz`: `./run.sh report \($run)`.", "";

def timelines:
  "## One burst, event by event", "", figure("timeline-tx"; "Timeline of a transmitted burst"), figure("timeline-rx"; "Timeline of a received burst"),
  "Server vhostlab, with tracing on, so copies look longer than they are. Figures: `plots/draw \($figures)/timeline-*.dat`, their data from `\($run)/raw/*.trace.gz`.", "";

def histogram:
  "## How long round trips are", "", figure("latency"; "Histogram of round trips"),
  "Buckets: 32 to each power of two. Figure: `plots/draw \($figures)/latency.dat`, its data from `\($run)/points.jsonl`.", "";

def flames:
  "## Call chains of the serving side", "",
  ($have[] | select(startswith("flame-")) | "![Flame graph: \(.[6:-4] | gsub("-"; " "))](\($figures)/\(.))", ""),
  "Sampled by time (`perf record -e cpu-clock`; of user space only the innermost function, as its callers would be a guess without frame pointers); the worker thread of a module, the process of server userspace. Made by `build/bench/flame` from `\($run)/raw/*.stacks.gz`: `./run.sh report \($run)`.", "";

def looks: {out: "tracepoints not in the module at all", off: "in it, nobody looks", count: "`perf stat -e vhostlab:*`", record: "`perf record -e vhostlab:*`"};
def kinds: ["out", "off", "count", "record"];

def overhead_row($base): . as $c | ($c | middle("cost_per_packet")) as $cost
  | "| \($c.server) | \($c.workload) | \($c.burst) | \($c.trace) | \(looks[$c.trace] // "bpftrace `trace/\($c.trace).bt`") | \($cost | whole) | "
  + (if $base == null then "- | -" else "\($cost - $base | fixed(1)) | \(($cost / $base - 1) * 100 | fixed(2)) %" end) + " | \(most("lost")) |";

def overhead:
  "## What looking on costs", "",
  "| server | workload | burst | trace | who looks on | cost | more than the first | | lost |", "|---|---|--:|---|---|--:|--:|--:|--:|",
  (group_by([-(.server | server_rank), (.workload | {tx: 0, rx: 1}[.]), .size, .burst, .sink])[]
    | sort_by([(.trace as $t | (kinds | index($t)) // 9), .trace]) | (first | middle("cost_per_packet")) as $base
    | .[] | overhead_row($base)), "",
  "Cost in \(unit) per packet, whole machine, so a tool's own work is in it. Table: `./run.sh report \($run)`.", "";

(if (.stages | length) > 0 then (.stages | stages), timelines else empty end),
  (if $have | index("latency.svg") then histogram else empty end),
  (if $have | any(startswith("flame-")) then flames else empty end),
  ([.cells[] | select((.knobs == {} or (.knobs | keys) == ["trace"])) | .trace = (.knobs.trace // "off")
    | select(.trace | IN("events", "profile", "functions") | not)]
   | group_by([.server, .workload, .size, .burst, .sink]) | map(select(any(.trace != "off"))) | add // []
   | if length > 0 then overhead else empty end)
