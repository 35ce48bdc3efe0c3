#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tracepoints that are off cost no more than 0.2 % of the instructions of a packet, against a module built
# without them; and the measurement would see it, because counting the events does cost.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools

tools=$(cd "$ROOT/trace" && printf '%s\n' *.bt | sed 's/\.bt$//' | LC_ALL=C sort)
known=$("$BENCH/plan" --vocabulary | sed -n 's/^ *knob\.trace *//p' | sed 's/ (.*//' | tr -d ' ' | tr ',' '\n' |
	grep -vx -e off -e out -e count -e record -e events -e profile -e functions | LC_ALL=C sort)
is 'knob trace knows every tool of trace/, and no other' "$known" "$tools"
used=$("$ROOT/run.sh" sweep "$ROOT/configs/overhead.conf" --dry-run | sed -n 's/.*--knob trace=//p' | LC_ALL=C sort -u | grep -vx -e out -e count -e record)
is 'configs/overhead.conf measures every tool' "$used" "$tools"

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'overhead' 'this is the lab VM: a sweep boots one from outside'
	done_testing
fi
run "$ROOT/run.sh" sweep "$ROOT/configs/overhead.conf" --only 'server=vhostlab,knob.trace=out|off|count' --out "$TMP/run"
if [[ $CODE -eq 77 ]]; then
	skip 'overhead' "the lab VM cannot run here: ${OUT##*$'\n'}"
	done_testing
fi
code 'sweep' 0

# cost WORKLOAD TRACE: the median
cost()
{
	"$BENCH/stats" --json "$TMP/run" | jq --arg w "$1" --arg t "$2" \
		'.[] | select(.workload == $w and (.knobs.trace // "off") == $t) | .cost_per_packet.median'
}
for workload in tx rx; do
	out=$(cost $workload out) off=$(cost $workload off) count=$(cost $workload count)
	echo "# $workload, instructions per packet: without tracepoints $out, with them $off, counting $count"
	# Not a share: that would grow each time the rest gets cheaper.
	is "$workload: tracepoints that are off cost no more than 10 instructions a packet" "$(jq -n "$out > 0 and $off <= $out + 10")" true
	is "$workload: counting is seen to cost" "$(jq -n "$count > $out * 1.05")" true
done
release=$("$ROOT/lab/kernel" release)
is 'the two builds are different modules' "$(cmp -s "$BUILD/kmod/$release/no-trace/vhostlab_net.ko" "$BUILD/kmod/$release/vhostlab_net.ko" && echo same || echo different)" different
run "$ROOT/run.sh" report "$TMP/run"
code 'report' 0
is 'the table has a row for each' "$(grep -c '^| vhostlab | [tr]x | 64 | \(out\|off\|count\) |' "$TMP/run/RESULTS.md")" 6
done_testing
