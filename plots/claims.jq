# SPDX-License-Identifier: GPL-2.0-only
# The rows a claim ($id) was judged by, one panel a place, one curve a server. Input: the verdicts.
include "panels";

def words: {cost_per_packet: "cost per packet", syscalls_per_packet: "system calls per packet", kicks_per_packet: "kicks per packet",
  calls_per_packet: "calls per packet", latency_p50: "round trip", rate: "packets a second", lost_share: "share lost"}[.] // .;

# What it is counted in, where it is not a number of things.
def unit($clock): {latency_p50: {insn: ", instructions", wall: ", ns"}, cost_per_packet: {insn: ", instructions", wall: ", ns of CPU"}}[.][$clock] // "";

# A comparison of two servers is the curve of the second, any other that of the server in which the two differ.
def curve($field): if .cell.pair and $field == "server" then (.cell.pair | split(" ") | last) else .cell.server end;
def as_words: if . == null then "" elif .field != "server" then ", \(.a) \({ratio: "/", minus: "-"}[.as]) \(.b)"
  elif .as == "ratio" then ", \(.a) / server" else ", \(.a) - server" end;

first(.[] | select(.id == $id))
| [.judged[] | select(.trend) | . as $check
  | .cases | map(select((.x | length) > 2 and (.x | all(type == "number"))))
  | group_by([.cell | .run, .workload, .sink, .size, .burst, .guests, (.knobs | del(.[$check.trend.along | ltrimstr("knob.")]))])[]
  | {title: (([.[0].cell | .workload, (select(.sink != "stack" and $check.compare.field != "sink") | .sink),
        (select($check.trend.along != "size") | "\(.size) bytes"), (select($check.trend.along != "burst") | "burst \(.burst)")] | join(" "))
        + ": \($check.metric | words)\($check.compare | as_words)\(if $check.compare then "" else .[0].cell.clock as $clock | $check.metric | unit($clock) end)"
        + " against \($check.trend.along | ltrimstr("knob."))"),
     rows: (map({name: curve($check.compare.field), points: ([.x, .show] | transpose)})
       | [.[] as $c | $c.points[] | {x: .[0], name: $c.name, y: .[1]}] | group_by(.x)
       | map({x: .[0].x, y: (map({(.name): .y}) | add)}))}]
| emit
