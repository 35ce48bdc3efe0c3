#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Points that fail, hang, crash, talk nonsense, are skipped or hurt the kernel: each gets the right verdict,
# the others are measured all the same, and nothing is left running. A fake point program plays the parts.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/three.conf" <<'EOC'
[sweep]
clock = wall
control = no
timeout = 2
[x]
server = userspace, intree, vhostlab
workload = tx
packets = 100
EOC
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point VHOSTLAB_TAINTED=$TMP/tainted

# sweep NAME MODE SERVER: one run whose points of SERVER do MODE
sweep()
{
	echo 0 >"$TMP/tainted"
	run env FAKE="$2" FAKE_SERVER="$3" "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/$1"
	verdicts=$(jq -r '.verdict' "$TMP/$1/verdicts.jsonl" | tr '\n' ' ')
	kept=$(jq -r .server "$TMP/$1/points.jsonl" | sort | tr '\n' ' ')
}

sweep good '' none
code 'all well' 0
is 'all well: three points' "$kept" 'intree userspace vhostlab '
is 'all well: fields of the contract' "$(jq -c 'keys' "$TMP/good/points.jsonl" | sort -u)" \
	'["above_floor_per_packet","accel","burst","calls_per_packet","clock","corrupt","cost_per_packet","detail","experiment","guest","guests","kicks_per_packet","knobs","latency_p50","latency_p99","latency_p999","lost","packets","point","queues","release","rep","seconds","server","sink","size","syscalls_per_packet","workload"]'
is 'all well: environment' "$(jq -c '[has("kernel", "cmdline", "mitigations", "cpu", "accel", "clock", "qemu", "qemu_args", "module", "git", "sysctls")] | all' "$TMP/good/env.json")" true
says 'all well: progress' '[3/3] elapsed 0:0'
says 'all well: progress' 'remaining 0:00'

for mode in 'fail failed lost its tap' 'crash failed signal 11' 'garbage malformed not one JSON object' 'missing malformed no usable lost'; do
	read -r fake verdict text <<<"$mode"
	sweep "$fake" "$fake" intree
	code "$fake" 1
	is "$fake: verdict" "$verdicts" "$verdict "
	is "$fake: the others are kept" "$kept" 'userspace vhostlab '
	says "$fake" "$text"
	says "$fake" "2 of 3 measurements kept"
	says "$fake" "--resume --out $TMP/$fake"
done

for fake in hang deaf; do
	SECONDS=0
	sweep "$fake" "$fake" userspace
	code "$fake" 1
	is "$fake: verdict" "$verdicts" 'hung '
	is "$fake: the others are kept" "$kept" 'intree vhostlab '
	is "$fake: ended in time" "$((SECONDS < 60))" 1
done

# A process that leaves the group of its point is found all the same: it holds this file open.
exec {probe}>"$TMP/probe"
flock "$probe"
exec {probe}>&-
cat >"$TMP/leaver" <<EOC
#!/bin/bash
exec {held}>"$TMP/probe"
flock "\$held"
setsid sleep 1000 &
exec "$VHOSTLAB_POINT" "\$@"
EOC
chmod +x "$TMP/leaver"
run env VHOSTLAB_POINT="$TMP/leaver" "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/leaver.out"
code 'orphans' 0
is 'orphans: none survives its point' "$(flock -n "$TMP/probe" echo free || echo held)" free

sweep skip skip vhostlab
code 'a server that cannot run here' 0
is 'skip: verdict' "$verdicts" 'skipped '
is 'skip: the others are kept' "$kept" 'intree userspace '
says 'skip' 'no such server on this machine'
says 'skip' '1 of 3 measurements were skipped'
says 'skip: with a number' 'sweep: 1 measurement skipped (vhostlab): fake-point: no such server on this machine'
sweep skipped skip ''
code 'nothing can run here' 77
is 'nothing can run here: no point' "$kept" ''
is 'nothing can run here: a verdict each' "$verdicts" 'skipped skipped skipped '
is 'nothing can run here: the reason is said once' "$(grep -c 'no such server' "$TMP/stderr")" 1
result 'nothing can run here: of how many it holds' \
	"$(grep -cE 'sweep: 3 measurements skipped \((userspace|intree|vhostlab)(, (userspace|intree|vhostlab)){2}\): ' "$TMP/stderr")" "$OUT"
# Two reasons, each of its server.
cat >"$TMP/two" <<EOC
#!/bin/bash
[[ \$2 != intree ]] || { echo 'vhostlab: /dev/vhost-net: it is not there' >&2; exit 77; }
FAKE=skip FAKE_SERVER=vhostlab exec "$VHOSTLAB_POINT" "\$@"
EOC
chmod +x "$TMP/two"
run env VHOSTLAB_POINT="$TMP/two" "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/two.out"
code 'two reasons' 0
is 'two reasons: each once' "$(grep 'skipped (' "$TMP/stderr" | sort)" "$(printf '%s\n' \
	'vhostlab: sweep: 1 measurement skipped (intree): /dev/vhost-net: it is not there' \
	'vhostlab: sweep: 1 measurement skipped (vhostlab): fake-point: no such server on this machine')"

# The order of the servers of one cell is known, so it is known what an oops in the first one prevents.
victim=$("$BENCH/plan" --schedule "$TMP/three.conf" | jq -r .server | sed -n 2p)
sweep oops oops "$victim"
code 'oops' 1
is 'oops: verdict' "$verdicts" 'oops '
is 'oops: only what was measured before it is kept' "$(wc -w <<<"$kept")" 1
silent_about 'oops' '[3/3]'
says 'oops' 'the kernel reported a fault'

run env VHOSTLAB_POINT="$TMP/nowhere" "$ROOT/run.sh" sweep "$TMP/three.conf" --host --out "$TMP/nowhere.out"
code 'no point program' 1
says 'no point program' 'No such file or directory'
is 'no point program: it is said once' "$(grep -c 'No such file or directory' "$TMP/stderr")" 1
done_testing
