# SPDX-License-Identifier: GPL-2.0-only
# What each idea is worth: cells of a run (stdin) to the rows of a table, one an idea and workload. Costs of server vhostlab:
#   all     with every idea          none    without any
#   but     with all but this one    only    with this one alone
# Included by the report's section and by the figure.
def same_cell: [.workload, .sink, .size, .burst];

def cost_of: .cost_per_packet | if . == null then null else .median end;

def ablation:
  map(select(.server == "vhostlab" and .clock == "insn" and .guest == "process" and .queues == 1 and .guests == 1
    and ((.knobs | keys) - ["without"] | length) == 0))
  | group_by(same_cell) | map(
      (map({(.knobs.without // "none"): cost_of}) | add) as $cost | .[0] as $c
      | ($cost | keys | map(select(. != "none" and . != "all") | ltrimstr("only-")) | unique)[] as $idea
      | {workload: $c.workload, sink: $c.sink, size: $c.size, burst: $c.burst, idea: $idea,
         all: $cost.none, none: $cost.all, but: $cost[$idea], only: $cost["only-" + $idea]})
  | sort_by([(.workload | {tx: 0, rx: 1, rr: 2}[.]), .sink, .size, .burst, -((.but // .all // 0) - (.all // 0))]);

def idea_word: {array: "arrays", direct: "one copy", region: "last region", ahead: "read ahead", late: "late kicks", recheck: "re-check", yield: "giving way"}[.] // .;

def idea_name: {array: "frames go to the tap in arrays", direct: "received frames are copied once, not by the socket",
  region: "the region of the last address is tried first", ahead: "avail entries are read many at a time",
  late: "kicks stay waived until the last array is sent", recheck: "the tap is looked at again after the guest was called",
  yield: "a worker on the guest's processor gives way before it sleeps"}[.] // .;
