#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Statistics against other programs: medians by datamash, p values by counting out every assignment in Perl, percentiles
# of merged histograms from the values themselves. The formulas alone are in tests/bench/stats_test.c.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
synthetic=$ROOT/tests/harness/lib/synthetic

for reps in 1 2 5 8 31; do
	"$synthetic" seed="$reps" reps="$reps" lost=3 >"$TMP/points.jsonl"
	is "median, smallest and largest of $reps are those of datamash" \
		"$("$BENCH/stats" --csv "$TMP/points.jsonl" |
			awk -F, '$12 == "cost_per_packet" { printf "%s %d %.6f %.6f %.6f\n", $4, $13, $14, $15, $16 }' | sort)" \
		"$(jq -r '[.size, .cost_per_packet] | @tsv' "$TMP/points.jsonl" | datamash --sort --group 1 count 2 median 2 min 2 max 2 |
			awk '{ printf "%s %d %.6f %.6f %.6f\n", $1, $2, $3, $4, $5 }' | sort)"
done
is 'an interval holds its median and lies in the range' \
	"$("$BENCH/stats" --json "$TMP/points.jsonl" | jq 'map(.cost_per_packet | .min <= .low and .low <= .median and .median <= .high and .high <= .max and .low < .high) | all')" true
is 'the same interval every time' "$("$BENCH/stats" "$TMP/points.jsonl" | md5sum)" "$("$BENCH/stats" "$TMP/points.jsonl" | md5sum)"
is 'one repetition has no interval' \
	"$("$synthetic" reps=1 >"$TMP/one.jsonl"; "$BENCH/stats" --json "$TMP/one.jsonl" | jq -c 'map(.cost_per_packet | [.low, .high]) | unique')" '[[null,null]]'
is 'the loss stands beside every figure' \
	"$("$BENCH/stats" --csv "$TMP/points.jsonl" | awk -F, 'NR > 1 { print $4, $NF }' | sort -u | head -n 3 | tr '\n' ' ')" '60 0.03 61 0 62 0 '

# Mann and Whitney's test, every assignment counted: few values, many of them equal.
cat >"$TMP/pairs" <<'EOC'
use strict;
use warnings;
my ($seed, $dir) = @ARGV;
srand($seed);

# p of all ways to choose the ranks of b, by recursion.
sub p_of
{
	my ($a, $b) = @_;
	my @all = (@$a, @$b);
	my @rank = map { my $x = $_; (grep { $_ < $x } @all) + ((grep { $_ == $x } @all) + 1) / 2 } @all;
	my $mean = @$b * (@all + 1) / 2;
	my $seen = 0;
	$seen += $rank[$_] for scalar(@$a) .. $#all;
	my ($ways, $beyond) = (0, 0);
	my $choose;
	$choose = sub {
		my ($from, $left, $sum) = @_;
		if (!$left) {
			$ways++;
			$beyond++ if abs($sum - $mean) >= abs($seen - $mean) - 1e-9;
			return;
		}
		$choose->($_ + 1, $left - 1, $sum + $rank[$_]) for $from .. @all - $left;
	};
	$choose->(0, scalar(@$b), 0);
	return $beyond / $ways;
}

for my $pair (1 .. 40) {
	my @side = ([], []);
	my $range = $pair % 2 ? 6 : 1000;
	for my $s (0, 1) {
		push @{$side[$s]}, 100 + int(rand $range) + $s * int(rand $range) for 1 .. 2 + int(rand 6);
		open my $out, '>', "$dir/$pair.$s.jsonl" or die;
		my $rep = 0;
		printf $out '{"point":"x","rep":%d,"server":"vhostlab","guest":"process","workload":"tx","size":64,"burst":1,'
			. '"queues":1,"guests":1,"sink":"stack","knobs":{},"clock":"wall","accel":"kvm","packets":1,"lost":0,'
			. '"cost_per_packet":%d}' . "\n", ++$rep, $_ for @{$side[$s]};
		close $out;
	}
	printf "%.9f\n", p_of(@side);
}
EOC
perl "$TMP/pairs" 7 "$TMP" >"$TMP/counted"
for ((i = 1; i <= 40; i++)); do
	"$BENCH/compare" --json "$TMP/$i.0.jsonl" "$TMP/$i.1.jsonl" | jq -r '.rows[0].p_single'
done | awk '{ printf "%.9f\n", $1 }' >"$TMP/computed"
is 'p of 40 pairs of samples, as counted out' "$(paste "$TMP/counted" "$TMP/computed" | awk '$1 != $2 { print NR, $1, $2 }')" ''
is 'the 40 are of all kinds' "$(awk '$1 < 0.05 { low++ } $1 > 0.3 { high++ } END { print (low > 2 && high > 2) }' "$TMP/counted")" 1

# The floor below a cell is that of the same work, traced in the same way.
# point SERVER SIZE COST TRACE
point()
{
	jq -cn --arg server "$1" --argjson size "$2" --argjson cost "$3" --arg trace "$4" '{$server, guest: "process", workload: "rx", $size, burst: 1,
		sink: "stack", knobs: (if $trace == "off" then {} else {$trace} end), clock: "insn", accel: "tcg", cost_per_packet: $cost}'
}
{
	point floor 64 100 off && point floor 64 300 off && point floor 64 900 functions && point floor 1500 7 off
	point vhostlab 64 1000 off && point vhostlab 64 2000 functions && point vhostlab 64 1500 stages
	point intree 1500 1000 off && point intree 60 1000 off
} >"$TMP/floors"
"$BENCH/floor" "$TMP/floors"
is 'cost above the floor of the same cell, traced alike' \
	"$(jq -sc 'map(select(.server != "floor") | .above_floor_per_packet)' "$TMP/floors")" '[800,1100,null,993,null]'

# Histograms of three repetitions of different length, merged; their values are known.
awk -v dir="$TMP" 'BEGIN {
	srand(3)
	for (rep = 1; rep <= 3; rep++) {
		split("", count)
		n = 0
		for (i = 0; i < 300 * rep; i++) {
			v = int(20 * exp(8 * rand()))
			print v >(dir "/values")
			w = 1
			while (v >= 64 * w) w *= 2
			from = v - v % w
			count[from]++
			width[from] = w
			n++
		}
		text = ""
		for (from in count)
			text = text sprintf("%s[%d,%d,%d]", text == "" ? "" : ",", from, from + width[from], count[from])
		printf "{\"point\":\"h\",\"rep\":%d,\"server\":\"vhostlab\",\"guest\":\"process\",\"workload\":\"rr\",\"size\":64,\"burst\":1,\"queues\":1,\"guests\":1,", rep
		printf "\"sink\":\"stack\",\"knobs\":{},\"clock\":\"wall\",\"accel\":\"kvm\",\"packets\":%d,\"lost\":0,\"detail\":{\"latency_histogram\":[%s]}}\n", n, text
	}
}' >"$TMP/histograms.jsonl"
"$BENCH/stats" --json "$TMP/histograms.jsonl" | jq '.[0].latency_merged' >"$TMP/merged"
is 'a merged histogram has all values' "$(jq .count "$TMP/merged")" 1800
sort -n "$TMP/values" >"$TMP/sorted"
for q in 50:p50 99:p99 99.9:p999; do
	# The value that a share q of 1800 is at or below.
	want=$(awk -v q="${q%:*}" 'NR >= 1800 * q / 100 { print; exit }' "$TMP/sorted")
	is "${q#*:} of the merged histogram is that of the values, within a 32nd" \
		"$(jq --argjson want "$want" --arg q "${q#*:}" '.[$q] / $want - 1 | fabs <= 1 / 32' "$TMP/merged")" true
done
is 'the median is that of datamash, within a 32nd' \
	"$(jq --argjson want "$(datamash median 1 <"$TMP/values")" '.p50 / $want - 1 | fabs <= 1 / 32' "$TMP/merged")" true
sed 's/\[64,66,/[64,67,/' "$TMP/histograms.jsonl" >"$TMP/crooked.jsonl"
run "$BENCH/stats" "$TMP/crooked.jsonl"
code 'a bucket off the common grid' 1
says 'a bucket off the common grid' 'latency_histogram has a bucket'
done_testing
