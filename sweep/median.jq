# SPDX-License-Identifier: GPL-2.0-only
# A median and what is known of it.

# How many of $n repetitions lie outside on either side of an interval that holds the median with a chance of 95 %, whatever the
# distribution: each is above or below it like a coin. With fewer than six, even all of them are too few; then it is all of them.
def outside($n):
  def tails: . as $k | reduce range(0; $k + 1) as $i ({c: 1, sum: 0}; .sum += .c | .c *= ($n - $i) / ($i + 1)) | .sum / pow(2; $n) * 2;
  last(0, (range(1; $n / 2) | select(tails <= 0.05)));

# Of an array of numbers, null if it is empty.
def median_interval:
  sort | length as $n
  | if $n == 0 then null else
      outside($n) as $k
      | {n: $n, lo: .[$k], hi: .[-1 - $k], median: (if $n % 2 == 1 then .[($n - 1) / 2] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end)} end;
