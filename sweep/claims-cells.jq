# SPDX-License-Identifier: GPL-2.0-only
# The cells of a run as the claims look at them. Input: the lines of points.jsonl, slurped; $run: a name for the run. Of every
# metric the median, the smallest and the largest of the repetitions; null where none measured it.

def summary:
  map(select(. != null)) | sort | length as $n
  | if $n == 0 then null else
      {n: $n, min: .[0], max: .[-1], median: (if $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end)} end;

def plain: ["cost_per_packet", "above_floor_per_packet", "syscalls_per_packet", "kicks_per_packet", "calls_per_packet",
  "latency_p50", "latency_p99", "latency_p999"];

# What is not in the contract by itself but follows from it.
def derived:
  {rate: (if (.seconds // 0) > 0 then .packets / .seconds else null end),
   lost_share: (if .lost == null or .packets + .lost == 0 then null else .lost / (.packets + .lost) end),
   bits_per_second: .detail.bits_per_second, transactions_per_second: .detail.transactions_per_second};

group_by([.point, .rep]) | map(last)
| group_by([.server, .guest, .workload, .size, .burst, .queues, .guests, .sink, .knobs, .clock])
| map(. as $reps | .[0] | {$run, server, guest, workload, size, burst, queues, guests, sink, knobs, clock,
    m: ((plain | map(. as $k | {($k): ($reps | map(.[$k]) | summary)}) | add)
      + ($reps | map(derived) | . as $all | .[0] | keys | map(. as $k | {($k): ($all | map(.[$k]) | summary)}) | add))})
