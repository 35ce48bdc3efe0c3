#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The shares of a sweep on many machines: together they are the whole, in its order, and what is compared is in one of them,
# whatever the configuration.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# schedule_of CONFIG OPTION...: "point rep" of each step
schedule_of()
{
	"$BENCH/plan" --schedule "${@:2}" "$1" | jq -r '"\(.point) \(.rep)"'
}

cat >"$TMP/two.conf" <<'EOC'
[sweep]
clock = wall
kernel = 6.1, 6.12
repetitions = 3
[x]
server = userspace, intree, vhostlab, floor
workload = tx, rx
size = 64, 256, 1500
packets = 100
[y]
server = intree, vhostlab
workload = tx
size = 64
knob.indirect = 0, 1
repetitions = 5
packets = 100
EOC
for config in two.conf quick.conf guests.conf guests-wall.conf overhead.conf scaling.conf; do
	path=$ROOT/configs/$config
	[[ -e $path ]] || path=$TMP/$config
	: >"$TMP/all" && : >"$TMP/cells"
	ordered=1
	schedule_of "$path" >"$TMP/order"
	for k in 1 2 3; do
		schedule_of "$path" --share $k/3 >"$TMP/share"
		grep -Fxf "$TMP/share" "$TMP/order" | cmp -s - "$TMP/share" || ordered=0
		cat "$TMP/share" >>"$TMP/all"
		# Servers without a knob share a cell when all else is equal; kernels are compared, too.
		"$BENCH/plan" --schedule --share $k/3 "$path" |
			jq -c --argjson k $k 'select(.knobs == {}) | [$k, .guest, .workload, .size, .burst, .queues, .guests, .sink, .packets]' |
			sort -u >>"$TMP/cells"
	done
	is "$config: three shares are the whole, each measurement once" "$(sort "$TMP/all" | md5sum)" "$(sort "$TMP/order" | md5sum)"
	is "$config: each in the order of the whole" $ordered 1
	is "$config: a cell is in one share" "$(jq -c '.[1:]' "$TMP/cells" | sort | uniq -d)" ''
done
for kernel in 6.1 6.12; do
	is "a share of one kernel, $kernel" "$(schedule_of "$TMP/two.conf" --share 2/3 --part $kernel | sort)" \
		"$(comm -12 <(schedule_of "$TMP/two.conf" --share 2/3 | sort) <(schedule_of "$TMP/two.conf" --part $kernel | sort))"
done
# Whatever its knobs: all are compared with the one floor.
is 'what is compared with a floor is in its share' "$(for k in 1 2 3; do
	"$BENCH/plan" --schedule --share $k/3 "$TMP/two.conf" | jq -r --argjson k $k 'select(.workload == "tx" and .size == 64) | $k'
done | sort -u | wc -l)" 1
run "$BENCH/plan" --share 60/60 "$TMP/two.conf"
code 'a share that has no point' 2
says 'a share that has no point' 'ask for fewer'

# The machine is named, and on the wall clock the share stays there.
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run env SLURMD_NODENAME=here "$ROOT/run.sh" sweep "$TMP/two.conf" --kernel default --host --share 2/3 --only size=64 \
	--out "$TMP/one"
code 'a share' 0
is 'a share: the machine is in every point' "$(jq -r .node "$TMP/one/points.jsonl" | sort -u)" here
is 'a share: what it is of the whole, and the machine' "$(jq -c '[.share, .node]' "$TMP/one/env.json")" '["2/3","here"]'
run env SLURMD_NODENAME=there "$ROOT/run.sh" sweep "$TMP/two.conf" --kernel default --host --share 2/3 --only size=64 \
	--resume --out "$TMP/one"
code 'a share on another machine' 2
says 'a share on another machine' 'measured with another node, here'
run env SLURMD_NODENAME=here "$ROOT/run.sh" sweep "$TMP/two.conf" --kernel default --host --share 1/3 --only size=64 \
	--resume --out "$TMP/one"
code 'another share in its folder' 2
says 'another share in its folder' 'measured with another share'
done_testing
