#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sweep in the real lab VM: a point that makes the kernel warn is an oops, one that hangs idle or busy is hung,
# and Ctrl-C in the middle leaves no machine behind and keeps what is finished.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# The VM has its own /tmp; what it reads must lie in the tree.
mkdir -p "$BUILD/tests"
PARTS=$(mktemp -d "$BUILD/tests/harness.XXXXXX")
trap 'rm -rf -- "$PARTS"; at_end' EXIT
cat >"$TMP/three.conf" <<'EOC'
[sweep]
control = no
clock = insn
timeout = 2
[x]
server = userspace, intree, vhostlab
workload = tx
packets = 100
EOC
victim=$("$BENCH/plan" --schedule "$TMP/three.conf" | jq -r .server | sed -n 2p)

# part NAME: a point program that does what stdin says instead of measuring $victim
part()
{
	{
		printf '#!/bin/bash\nif [[ $* == *"--server %s "* ]]; then\n' "$victim"
		cat
		printf 'fi\nexec "%s/tests/harness/lib/fake-point" "$@"\n' "$ROOT"
	} >"$PARTS/$1"
	chmod +x "$PARTS/$1"
}
# The module of the lab's own tests that breaks the kernel in the way it is asked for.
cp "$ROOT"/tests/lab/crash/{Kbuild,crash.c} "$PARTS/"
make -s -C "$("$ROOT/lab/kernel" --quiet headers)" M="$PARTS" modules >"$TMP/build" 2>&1 || sed 's/^/# /' "$TMP/build"
part warn <<<"insmod '$PARTS/crash.ko' how=warn"
part oops <<<"insmod '$PARTS/crash.ko' how=oops"
part idle <<<'sleep 1000000'
part busy <<<'while :; do :; done'

# sweep NAME: verdicts of one sweep with that part
sweep()
{
	run env VHOSTLAB_POINT="$PARTS/$1" timeout 300 "$ROOT/run.sh" sweep "$TMP/three.conf" --out "$TMP/$1"
	verdicts=$(jq -r '.verdict' "$TMP/$1/verdicts.jsonl" 2>/dev/null | tr '\n' ' ')
	kept=$(wc -l <"$TMP/$1/points.jsonl")
}

sweep idle
if [[ $CODE -eq 77 ]]; then
	skip 'lab' "$(tail -n 1 "$TMP/stderr")"
	done_testing
fi
code 'idle' 1
is 'idle: verdict' "$verdicts" 'hung '
is 'idle: the others are kept' "$kept" 2
sweep busy
code 'busy' 1
is 'busy: verdict' "$verdicts" 'hung '
is 'busy: the others are kept' "$kept" 2
sweep warn
code 'warn' 1
is 'warn: verdict' "$verdicts" 'oops '
is 'warn: what was measured before is kept' "$kept" 1
says 'warn' 'the kernel reported a fault'
# An oops takes the machine with it.
sweep oops
code 'oops' 1
is 'oops: what was measured before is kept' "$kept" 1
says 'oops' "it ended during this point: $victim tx"
says 'oops' '1 of 3 measurements kept'

part slow <<<'while :; do :; done'
VHOSTLAB_POINT=$PARTS/slow env --default-signal=INT "$ROOT/run.sh" sweep "$TMP/three.conf" --out "$TMP/cut" >"$TMP/stdout" 2>"$TMP/stderr" </dev/null &
pid=$!
for ((i = 0; i < 600; i++)); do
	[[ ! -s $TMP/cut/points.jsonl ]] || break
	sleep 0.1
done
kill -INT "$pid"
# shellcheck disable=SC2034 # tap.sh reads them
CODE=0
# shellcheck disable=SC2034
wait "$pid" || CODE=$?
# shellcheck disable=SC2034
OUT=$(cat "$TMP/stderr")
code 'Ctrl-C' 130
says 'Ctrl-C' 'interrupted, 1 of 3 measurements kept: resume with'
is 'Ctrl-C: no machine is left' "$(pgrep -fc "qemu-system.*$TMP/cut" || true)" 0
done_testing
