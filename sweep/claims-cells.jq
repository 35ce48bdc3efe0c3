# SPDX-License-Identifier: GPL-2.0-only
# The cells of a run as the claims look at them. Input: the lines of points.jsonl, slurped; $run: a name for the run. Of every
# metric the median of the repetitions and the interval lo to hi it lies in; null where none measured it.

# How many of $n repetitions lie outside on either side of an interval that holds the median with a chance of 95 %, whatever the
# distribution: each is above or below it like a coin. With fewer than six, even all of them are too few; then it is all of them.
def outside($n):
  def tails: . as $k | reduce range(0; $k + 1) as $i ({c: 1, sum: 0}; .sum += .c | .c *= ($n - $i) / ($i + 1)) | .sum / pow(2; $n) * 2;
  last(0, (range(1; $n / 2) | select(tails <= 0.05)));

def summary:
  map(select(. != null)) | sort | length as $n
  | if $n == 0 then null else
      outside($n) as $k
      | {n: $n, lo: .[$k], hi: .[-1 - $k], median: (if $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end)} end;

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
