# SPDX-License-Identifier: GPL-2.0-only
# The cells of real guests, one object each: medians over the repetitions of what the report and the figures show, per
# packet, with the prediction beside them. Input: the lines of points.jsonl (slurped); $predictions: predictions.json.
include "servers";
include "median";

# Objects of numbers by name, one a repetition, null where nobody counted. What a repetition does not name did not happen.
def median_by_name:
  map(select(. != null)) | if length == 0 then null else . as $all
    | map(keys) | add | unique | map(. as $k | {($k): ($all | map(.[$k] // 0) | median)}) | add // {} end;

# Of the knobs some are the guest's: they make another cell. The others make another server of the same cell.
def guest_knobs: ["event_idx", "indirect", "mrg_rxbuf", "version_1", "packed", "in_order", "ring", "calls", "offload"];
def knob_text(own): to_entries | map(select(.key as $k | (guest_knobs | index($k) | not) == own) | "\(.key)=\(.value)") | join(",");

# Sums over a pass, per packet of it. Processor time and switches are of the measured pass, what is counted is of another.
def share($packets): if . == null or ($packets // 0) == 0 then null else . / $packets end;
def shares($packets): if . == null or ($packets // 0) == 0 then null else map_values(. / $packets) end;

def directions: {tx: ["tx"], udp_tx: ["tx"], rx: ["rx"], udp_rx: ["rx"], ping: ["tx", "rx"], udp_rr: ["tx", "rx"], tcp_rr: ["tx", "rx"]};

# How many turns of the serving loop a packet had. A round trip has one packet under way, so one each; transmitting, every
# turn begins with a kick; receiving, QEMU ends every turn with a read too many, and no packet has more than one turn.
def turns: (directions[.workload] // []) as $d
  | if ($d | length) == 2 then 1
    elif $d == ["tx"] then .kicks
    elif $d == ["rx"] and .server == "userspace" and .calls_by.main.read != null then [[.calls_by.main.read - 1, 0] | max, 1] | min
    else null end;

# What the model says of this cell, call by call: per packet when every packet has a turn of its own (alone), and with as
# many turns as there were (here).
def predicted:
  . as $c | $predictions[0] as $p | ($p.defaults + .knobs) as $knobs | (directions[.workload] // []) as $d
  | if .guest != "qemu" or ($d | length) == 0 or $p.servers[.server] == null then null
    else [$d[] | $p.servers[$c.server][.][] | select(.when // {} | to_entries | all($knobs[.key] == .value))]
      | group_by([.role, .call]) | map({role: .[0].role, call: .[0].call, why: (map(.why) | unique | join("; ")),
          alone: (map((.per_turn // 0) + (.per_packet // 0)) | add / ($d | length)),
          here: (if $c.turns == null then null else map((.per_turn // 0) * $c.turns + (.per_packet // 0)) | add / ($d | length) end)}) end;

map(select(.guest != "process"))
| group_by([.point, .rep]) | map(last) | group_by(.point)
| map(. as $reps | (map(.detail.threads // {} | keys) | add // [] | unique) as $roles
  | .[0] | {server, guest, workload, size, burst, queues, guests, sink, knobs, clock, accel, repetitions: ($reps | length)}
  | .name = ([.server, (.knobs | knob_text(true))] | map(select(. != "")) | join(","))
  | .setting = (.knobs | knob_text(false))
  | .packets = ($reps | map(.packets) | median) | .lost = ($reps | map(.lost) | max)
  | .rate = ($reps | map(if (.seconds // 0) > 0 then .packets / .seconds else null end) | median)
  | .spread = (.rate as $m | $reps | map(select((.seconds // 0) > 0) | .packets / .seconds) | if length > 1 and $m > 0 then (max - min) / $m else null end)
  | .lost_share = ($reps | map(if .lost == null or .packets + .lost == 0 then null else .lost / (.packets + .lost) end) | median)
  | .bits = ($reps | map(.detail.bits_per_second) | median)
  | .transactions = ($reps | map(.detail.transactions_per_second) | median)
  | .cost = ($reps | map(.cost_per_packet) | median)
  | .syscalls = ($reps | map(.syscalls_per_packet) | median)
  | .kicks = ($reps | map(.kicks_per_packet) | median) | .calls = ($reps | map(.calls_per_packet) | median)
  | .p50 = ($reps | map(.latency_p50) | median) | .p99 = ($reps | map(.latency_p99) | median) | .p999 = ($reps | map(.latency_p999) | median)
  | .calls_by = ([$roles[] as $r | {($r): ($reps | map(.detail.counted_packets as $n | .detail.threads[$r].syscalls | shares($n)) | median_by_name)}] | add)
  | .cpu = ([$roles[] as $r | {($r): ($reps | map(.packets as $n | .detail.threads[$r].cpu_ns | share($n)) | median)}] | add)
  | .switches = ([$roles[] as $r | {($r): ($reps | map(.packets as $n | .detail.threads[$r].switches | share($n)) | median)}] | add)
  | .exits = ($reps | map(.detail.counted_packets as $n | .detail.kvm_exits | shares($n)) | median_by_name)
  | .turns = turns | .predicted = predicted)
| sort_by([.guest, .setting, (.workload as $w | ["tx", "rx", "udp_tx", "udp_rx", "tcp_tx", "tcp_rx", "ping", "udp_rr", "tcp_rr", "echo"] | index($w)),
    .sink, .size, .burst, .queues, .guests, (.server | server_rank), .name])
