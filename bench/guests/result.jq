# SPDX-License-Identifier: GPL-2.0-only
# One object of the result contract from what the two passes over the guests gave.
($measured[0]) as $m | ($counted[0]) as $c
| def per($n; $of): if $n != null and $of > 0 then $n / $of else null end;
  def sum_of(f): map(f // 0) | add;
  def percentile($sorted; $p): $sorted[([($sorted | length) * $p | ceil, 1] | max) - 1];
  # Several guests: what is usual among them.
  def median: sort | .[(length / 2 | floor)];
  def latency($p; $key):
    [$each[].latency | values | if type == "array" then percentile(sort; $p) else .[$key] end] | if length > 0 then median else null end;
  def serving: {userspace: ["main", "other"], vhostuser: ["server"]}[$server] // ["worker"];
  # Nobody counted is not nothing counted.
  def calls_of($roles): [$c.threads[$roles[]] | values] | if length > 0 then [.[].syscalls[]] | add // 0 else null end;
  # Frames one side handed over and the other did not get, at rest, while the measured pass lasted.
  def gone: [$each[]
    | (.after.guest.out - .before.guest.out) - (.after.tap.out - .before.tap.out)
      + (.after.guest.out_dropped - .before.guest.out_dropped)
      + (.after.tap.in - .before.tap.in) - (.after.guest.in - .before.guest.in)
    | [., 0] | max] | add;
  ($m.taps | map(.in_dropped) | add) as $dropped
| (if $direction == "in" then "in" else "out" end) as $way
| [$each[].sent | values] as $sent
| [$each[].lost | values] as $lost
# A tool knows what did not reach its far end in the whole pass; the window has its share of that.
| (if ($sent | length) > 0 and ($sent | add) > 0 then
     ($sent | add) as $s | ($lost | add) as $l
     | (if $s > $l then ($m.packets * $l / ($s - $l) | round) else $l end)
   else $dropped + gone end) as $lost_here
| ({ping: 0, udp_rr: 0, tcp_rr: 0, tcp_tx: 66, tcp_rx: 66}[$workload] // 42) as $headers
| ($workload | test("^(ping|udp_rr|tcp_rr)$")) as $rr
| {packets: $m.packets, lost: $lost_here, corrupt: null, seconds: $m.seconds,
   cost_per_packet: per($m.cpu_ns; $m.packets),
   syscalls_per_packet: per(calls_of(serving); $c.packets),
   kicks_per_packet: (if $c.kicks == null then null else per($c.kicks; $c.packets) end),
   calls_per_packet: (if $c.msis == null then null else per($c.msis; $c.packets) end),
   latency_p50: latency(0.5; "p50"), latency_p99: latency(0.99; "p99"), latency_p999: latency(0.999; "p999"),
   detail: ({
     bits_per_second: (if $rr then null else
       ($m.taps | map((.[$way + "_bytes"] - .[$way] * $headers) * 8) | add) / $m.seconds end),
     transactions_per_second: (if $rr then $m.packets / 2 / $m.seconds else null end),
     threads: ($m.threads | with_entries(.key as $role | .value += {syscalls: $c.threads[$role].syscalls})),
     counted_packets: $c.packets, counted_seconds: $c.seconds,
     kvm_exits: $c.kvm_exits,
     main_syscalls_per_packet: per(calls_of(["main", "other"]); $c.packets),
     tap_dropped: $dropped,
     run: {sent: ($sent | add), lost: ($lost | add)},
     packets_each: [$m.taps[] | if $direction == "both" then .in + .out else .[$way] end]
   } + ([$each[].more] | add))}
