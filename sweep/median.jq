# SPDX-License-Identifier: GPL-2.0-only
# A median, what is known of it, and the coin that both rest on.

# Of an array of numbers, nulls left out; null if there are none.
def median: map(select(. != null)) | sort | if length == 0 then null else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end;

# Of $n fair coins, the chance of $k heads or more.
def tail($n; $k):
  reduce range(0; $n + 1) as $i ({c: 1, sum: 0}; (if $i >= $k then .sum += .c else . end) | .c = .c * ($n - $i) / ($i + 1)) | .sum / pow(2; $n);

# How many of $n repetitions lie outside on either side of an interval that holds the median with a chance of 95 %, whatever the
# distribution: each is above or below it like a coin. With fewer than six, even all of them are too few; then it is all of them.
# The same interval as order_interval() in stats, for what only jq has put together.
def outside($n): last(0, (range(1; $n / 2) | select(2 * tail($n; $n - .) <= 0.05)));

# Of an array of numbers, null if it is empty.
def median_interval:
  sort | length as $n | if $n == 0 then null else outside($n) as $k | {n: $n, lo: .[$k], hi: .[-1 - $k], median: median} end;
