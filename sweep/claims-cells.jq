# SPDX-License-Identifier: GPL-2.0-only
# The cells of a run as the claims look at them. Input: the lines of points.jsonl, slurped; $run: a name for the run. Of every
# metric the median of the repetitions and the interval lo to hi it lies in; null where none measured it.

include "median";

# Of repetitions, with the value of each by its number.
def summary(value):
  map(select(value != null)) | (map(value) | median_interval) as $m
  | if $m == null then null else $m + {by: (map({(.rep | tostring): value}) | add)} end;

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
    m: ((plain | map(. as $k | {($k): ($reps | summary(.[$k]))}) | add)
      + ($reps | map({rep} + derived) | . as $all | .[0] | del(.rep) | keys | map(. as $k | {($k): ($all | summary(.[$k]))}) | add))})
