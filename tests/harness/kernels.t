#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sweep on several kernels writes the same whole results on each: every measurement once, raw files and environment as they
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
	local name value sum=''
	while read -r name _ value _; do
		[[ \$name != .idle_sleeptime && \$name != .iowait_sleeptime ]] || sum=\$((\${sum:-0} + value / 1000))
	done </proc/timer_list
	echo "\$sum"
}
# In whole microseconds, as the module has each of the two. The newest kernels have the list without these sums, or none.
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

# Those that can be had here: one sweep measures on all of them, each booted in turn.
kernels=()
for kernel in 6.1 6.12 7.3; do
	if "$ROOT/kmod/build" "$kernel" >/dev/null 2>"$TMP/none"; then
		kernels+=("$kernel")
	else
		skip "Linux $kernel" "$(tail -n 1 "$TMP/none")"
	fi
done
printf '%s\n' '[sweep]' "kernel = $(IFS=,; echo "${kernels[*]}")" 'repetitions = 8' '[x]' \
	'server = userspace, intree, vhostlab' 'workload = tx, rx' 'packets = 100' >"$TMP/k.conf"
out=$TMP/run
steps=$("$BENCH/plan" --get steps "$TMP/k.conf")

# measured [KERNEL]: "POINT REP KERNEL" of all lines, or of those of one kernel
measured()
{
	cat "$out"/{points,control}.jsonl | jq -r --arg one "${1:-}" \
		'select($one == "" or .kernel == $one) | "\(.point) \(.rep) \(.kernel) \(.release)"' | sort
}

run "$ROOT/run.sh" sweep "$TMP/k.conf" --out "$out"
code 'a sweep on all kernels' 0
says 'a sweep on all kernels' "done, $steps of $steps measurements"
is 'every measurement once' "$(measured | uniq -u | wc -l)" "$steps"
is 'whole raw files' "$(find "$out/raw" -name '*.numbers' -exec cmp {} "$TMP/numbers" \; -print | wc -l)" "$steps"
for kernel in "${kernels[@]}"; do
	release=$(jq -r .kernel "$out/env-$kernel.json")
	is "Linux $kernel: its points, as the plan has them" "$(measured "$kernel" | cut -d' ' -f 1,2)" \
		"$("$BENCH/plan" --schedule --part "$kernel" "$TMP/k.conf" | jq -r '"\(.point) \(.rep)"' | sort)"
	is "Linux $kernel: each names the release that measured it" "$(measured "$kernel" | cut -d' ' -f 3- | uniq)" "$kernel $release"
	is "Linux $kernel: its environment" "$(jq -r '"\(.clock) \(.kernel)"' "$out/env-$kernel.json" | cut -d. -f 1,2)" "insn $kernel"
	is "Linux $kernel: a module of its own" "$(jq -r .module.sha256 "$out"/env-*.json | sort | uniq -u | wc -l)" "${#kernels[@]}"
	mapfile -t idle < <(measured "$kernel" | while read -r point rep _; do
		[[ ! -r $out/raw/$point-$rep.idle ]] || cat "$out/raw/$point-$rep.idle"
	done)
	if [[ ${#idle[@]} -gt 0 ]]; then
		is "Linux $kernel: idle time, the module's and that of /proc/timer_list" \
			"$(printf '%s\n' "${idle[@]}" | awk '$1 == $3 { n++; if ($1 * 1000 != $2) print } END { print (n > 9 ? "equal" : n + 0) }')" equal
	else
		skip "Linux $kernel: idle time" 'its /proc/timer_list does not say it, or is not there'
	fi
done
is 'the environment of the first one is that of the run' "$(cmp "$out/env.json" "$out/env-${kernels[0]}.json" 2>&1)" ''

# Cut off within the second kernel's part: the first one's is complete, and is not booted again.
first=$(jq -r --arg one "${kernels[0]}" 'select(.kernel == $one) | 1' "$out/points.jsonl" | wc -l)
head -n $((first + 5)) "$out/points.jsonl" | head -c -9 >"$TMP/part" && cp "$TMP/part" "$out/points.jsonl"
if [[ ${#kernels[@]} -gt 1 ]]; then
	run "$ROOT/run.sh" sweep "$TMP/k.conf" --out "$out" --resume
	code 'cut off and resumed' 0
	is 'resumed: only the kernels that are not complete' "$(sed -n 's/^vhostlab: sweep: kernel //p' "$TMP/stderr")" \
		"$(printf '%s\n' "${kernels[@]:1}")"
	is 'resumed, every measurement once' "$(measured | uniq -u | wc -l) $(measured | wc -l)" "$steps $steps"
else
	skip 'cut off and resumed' 'there is one kernel only'
fi
done_testing
