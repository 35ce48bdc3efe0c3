#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sweep in the lab writes the same whole results on every kernel: each measurement once, raw files and environment as they
# were sent. Appended to over 9p, 70 measurements became 119 lines on Linux 6.12. And idle time, which costs are without: where
# the kernel has /proc/timer_list, the module's debugfs file says the same.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'sweeps on each kernel' 'this is the lab VM: lab/run boots one from outside'
	done_testing
fi
# Below the tree: the lab VM has a /tmp of its own.
mkdir -p "$BUILD/tests"
PARTS=$(mktemp -d "$BUILD/tests/kernels.XXXXXX")
trap 'rm -rf -- "$PARTS"; at_end' EXIT
# The fake point, which leaves raw data as well: more than a port takes at once.
cat >"$PARTS/point" <<EOC
#!/bin/bash
mkdir -p "\${VHOSTLAB_RAW%/*}"
seq 20000 >"\$VHOSTLAB_RAW.numbers"
idle()
{
	local name value
	while read -r name _ value _; do
		[[ \$name != .idle_sleeptime ]] || printf '%s ' "\$value"
	done </proc/timer_list
}
# The newest kernels have the list without these sums, or none.
if [[ -r /proc/timer_list && -n \$(idle) ]]; then
	# The list before and after: a moment at which both are the same is one at which all three have to be. Only what the
	# shell itself reads: it does not sleep for that.
	before=\$(idle)
	read -r module </sys/kernel/debug/vhostlab/idle
	echo "\$before \$module \$(idle)" >"\$VHOSTLAB_RAW.idle"
fi
exec "$ROOT/tests/harness/lib/fake-point" "\$@"
EOC
chmod +x "$PARTS/point"
export VHOSTLAB_POINT=$PARTS/point
seq 20000 >"$TMP/numbers"

# sweeps KERNEL
sweeps()
{
	printf '%s\n' '[sweep]' "kernel = $1" 'repetitions = 8' '[x]' 'server = userspace, intree, vhostlab' \
		'workload = tx, rx' 'packets = 100' >"$TMP/k.conf"
	local out=$TMP/run-$1
	if ! "$ROOT/lab/kernel" --quiet --kernel "$1" release >/dev/null 2>"$TMP/none"; then
		skip "Linux $1" "$(tail -n 1 "$TMP/none")"
		return
	fi
	run "$ROOT/run.sh" sweep "$TMP/k.conf" --out "$out"
	if [[ $CODE -eq 77 ]]; then
		skip "Linux $1" "$(tail -n 1 "$TMP/stderr")"
		return
	fi
	code "Linux $1" 0
	says "Linux $1" 'done, 56 of 56 measurements'
	is "Linux $1: every measurement once" \
		"$(cat "$out"/{points,control}.jsonl | jq -r '"\(.point) \(.rep)"' | sort | uniq -c | awk '$1 == 1' | wc -l)" 56
	is "Linux $1: a line each" "$(cat "$out"/{points,control}.jsonl | wc -l)" 56
	is "Linux $1: whole raw files" "$(find "$out/raw" -name '*.numbers' -exec cmp {} "$TMP/numbers" \; -print | wc -l)" 56
	# To the microsecond, as the module has it.
	if compgen -G "$out/raw/*.idle" >/dev/null; then
		is "Linux $1: idle time, the module's and that of /proc/timer_list" \
			"$(cat "$out"/raw/*.idle | awk '$1 == $3 { n++; if (int($1 / 1000) * 1000 != $2) print } END { print (n > 9 ? "equal" : n + 0) }')" equal
	else
		skip "Linux $1: idle time" 'its /proc/timer_list does not say it, or is not there'
	fi
	is "Linux $1: its environment" "$(jq -r .clock "$out/env.json")" insn
	head -n 20 "$out/points.jsonl" | head -c -9 >"$TMP/part" && cp "$TMP/part" "$out/points.jsonl"
	run "$ROOT/run.sh" sweep "$TMP/k.conf" --out "$out" --resume
	code "Linux $1: cut off and resumed" 0
	is "Linux $1: resumed, every measurement once" \
		"$(cat "$out"/{points,control}.jsonl | jq -r '"\(.point) \(.rep)"' | sort -u | wc -l) $(cat "$out"/{points,control}.jsonl | wc -l)" '56 56'
}
sweeps 6.1
sweeps 6.12
sweeps 7.3
done_testing
