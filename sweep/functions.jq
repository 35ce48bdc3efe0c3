# SPDX-License-Identifier: GPL-2.0-only
# Which functions a packet's cost is made of. Input: the run's measurements (slurped); $profiles: the samples of those with
# knob trace=functions. A function's share of the samples is its share of the cost that the same point has when nobody looks
# on. sweep/functions.sh puts format.jq, median.jq and the environment in front of it.
def cell: {workload, sink, size, burst};
def plain_knobs: .knobs | del(.trace);
def column: .server + (.knobs | del(.trace) | to_entries | map(" \(.key)=\(.value)") | join(""));
def column_rank: {floor: 0, userspace: 1, intree: 2, vhostlab: 3}[.server] // 4;

# Everything of a window but what nobody did in it. The guest's own code is one function, and a server's, if it is a process.
def costs($cost):
  map(select(.side | IN("idle", "lost") | not)) | (map(.samples) | add) as $all
  | map({side, function: (if .function == "user space" then "own code of the \(.side)" else "`\(.function)`" end), cost: (.samples / $all * $cost)});

. as $points
| [$profiles[] as $p | $points[] | select(.point == $p.point and .rep == $p.rep) as $one
  | ([$points[] | select(.server == $one.server and .knobs == ($one | plain_knobs) and cell == ($one | cell)) | .cost_per_packet] | median) as $cost
  | select($cost != null)
  | $one + {column: ($one | column), rank: ($one | column_rank), cost: $cost, samples: ($p.samples | map(.samples) | add),
      lost: ($p.samples | map(select(.side == "lost") | .samples) | add // 0), functions: ($p.samples | costs($cost))}]
| if length == 0 then empty else
  "## Where the \(unit) go, by function", "",
  "What the processor was doing at every 20,011th tick of the measured window, as shares of what the same point costs when nobody looks on. "
  + "A function's figure has what the compiler drew into it, and what runs with interrupts off stands with the function that lets them in again, as the sample waits so long. Server `floor` works in the guest's thread. \(unit | .[:1] | ascii_upcase)\(unit | .[1:]) per packet, \($env.clock) clock, \($env.accel), Linux \($env.kernel).", "",
  (group_by(cell) | sort_by(.[0] | [({tx: 0, rx: 1, rr: 2}[.workload] // 3), .sink, .size, .burst])[]
    | unique_by(.column) | sort_by([.rank, .column]) as $cols
    | ($cols | map(.cost)) as $costs
    | ($cols | map(.functions | group_by(.function) | map({(.[0].function): (map(.cost) | add)}) | add)) as $by
    # What is one in fifty of some column is named.
    | ($by | map(keys) | add | unique | map(. as $f | {name: $f, at: ($by | map(.[$f] // 0))} | . as $r
        | select([range($cols | length) | $r.at[.] / $costs[.] >= 0.02] | any)) | sort_by(-.at[-1], -.at[0])) as $named
    | "### \(.[0].workload), \(.[0].sink), \(.[0].size) bytes, burst \(.[0].burst)", "",
      "| function |\($cols | map(" \(.column) |") | add)",
      "|---|\($cols | map("--:|") | add)",
      ($named[] | "| \(.name) |\(.at | map(" \(whole) |") | add)"),
      "| all others |\([range($cols | length) as $i | $costs[$i] - ([$named[].at[$i]] | add // 0) | " \(whole) |"] | add)",
      "| **cost** |\($costs | map(" **\(whole)** |") | add)",
      (["guest", "server", "other"][] as $side
        | "| of it: \({guest: "the guest's thread", server: "the server's threads", other: "others"}[$side]) |\([range($cols | length) as $i | [$cols[$i].functions[] | select(.side == $side) | .cost] | add // 0 | " \(whole) |"] | add)"),
      "| samples (lost) |\($cols | map(" \(.samples) (\(.lost)) |") | add)", ""),
  "Table: `./run.sh report \($run)`.", ""
end
