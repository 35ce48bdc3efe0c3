#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Interruption keeps what is finished and leaves nothing behind; a resumed run measures exactly the rest.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/many.conf" <<'EOC'
[sweep]
clock = wall
control = no
repetitions = 2
[x]
server = userspace, intree, vhostlab
workload = tx, rx
burst = 1, 64
packets = 100
EOC
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
points=$TMP/run/points.jsonl

# interrupt SIGNAL: starts a slow sweep and sends the signal when three points are there
interrupt()
{
	rm -rf "$TMP/run"
	# A child of a shell without job control would ignore SIGINT; env gives it back.
	FAKE=slow FAKE_COUNT=$TMP/count env --default-signal=INT "$ROOT/run.sh" sweep "$TMP/many.conf" --host --only 'size=64' --out "$TMP/run" \
		>"$TMP/stdout" 2>"$TMP/stderr" &
	local pid=$! i
	for ((i = 0; i < 200; i++)); do
		[[ ! -f $points || $(wc -l <"$points") -lt 3 ]] || break
		sleep 0.05
	done
	kill "-$1" "$pid"
	# shellcheck disable=SC2034 # tap.sh reads them
	CODE=0
	# shellcheck disable=SC2034
	wait "$pid" || CODE=$?
	# shellcheck disable=SC2034
	OUT=$(cat "$TMP/stdout" "$TMP/stderr")
}

for signal in INT TERM; do
	interrupt "$signal"
	kept=$(wc -l <"$points")
	code "SIG$signal" "$([[ $signal == INT ]] && echo 130 || echo 1)"
	says "SIG$signal" "interrupted, $kept of 24 measurements kept: resume with"
	says "SIG$signal: all it was asked for" "many.conf '--only' 'size=64' --host --resume --out"
	is "SIG$signal: finished points are kept" "$((kept >= 3 && kept < 24))" 1
	is "SIG$signal: every line is whole" "$(jq -c .point "$points" | wc -l)" "$kept"
	is "SIG$signal: the run's lock is free" "$(flock -n "$TMP/run/.lock" echo free || echo held)" free
done

# By the signal, not by a number that looks like it: only then does a loop of another shell end.
rm -rf "$TMP/loop"
cat >"$TMP/loop.sh" <<'EOC'
while "$1" sweep "$2" --host --out "$3/$((++turn))"; do
	:
done
echo "the loop went on after turn $turn"
EOC
FAKE=slow env --default-signal=INT setsid bash "$TMP/loop.sh" "$ROOT/run.sh" "$TMP/many.conf" "$TMP/loop" >"$TMP/loop.out" 2>&1 &
looping=$!
for ((i = 0; i < 400; i++)); do
	[[ ! -s $TMP/loop/1/points.jsonl ]] || break
	sleep 0.05
done
# setsid forks only where it leads a group already; a terminal sends Ctrl-C to the whole group
group=$(pgrep -f "bash $TMP/loop.sh" | head -n 1)
kill -INT -- "-$group"
loop_code=0
wait "$looping" || loop_code=$?
is 'Ctrl-C ends a loop of sweeps, by the signal' "$loop_code" 130
is 'the loop does not go on' "$(grep -c 'went on' "$TMP/loop.out")" 0
is 'the loop: finished points are kept' "$(jq -c .point "$TMP/loop/1/points.jsonl" | grep -c .)" \
	"$(wc -l <"$TMP/loop/1/points.jsonl")"
is 'the loop: nothing is left behind' "$(pgrep -fc "$TMP/loop" || true)" 0

# A crash in the middle of a line.
printf '{"point":"0123","rep":1,"server":"intr' >>"$points"
is 'half a line is not counted' "$("$BENCH/plan" --schedule --done "$points" "$TMP/many.conf" | wc -l)" $((24 - kept))
rm -f "$TMP/count"
FAKE_COUNT=$TMP/count run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'resume' 0
is 'resume measures the rest only' "$(wc -l <"$TMP/count")" $((24 - kept))
is 'every measurement is there once' "$(jq -r '"\(.point) \(.rep)"' "$points" | sort -u | wc -l) $(wc -l <"$points")" '24 24'
rm -f "$TMP/count"
FAKE_COUNT=$TMP/count run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'resume of a finished run' 0
is 'resume of a finished run measures nothing' "$([[ -e $TMP/count ]] && echo something || echo nothing)" nothing

before=$(md5sum <"$points")
run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --out "$TMP/run"
code 'an older run is not overwritten' 2
says 'an older run is not overwritten' 'add --resume'
sed 's/100/200/' "$TMP/many.conf" >"$TMP/sub.conf"
mkdir "$TMP/other" && cp "$TMP/sub.conf" "$TMP/other/many.conf"
run "$ROOT/run.sh" sweep "$TMP/other/many.conf" --host --resume --out "$TMP/run"
code 'resume with another configuration' 2
says 'resume with another configuration' 'not the configuration this run began with'
jq '.kernel = "5.0"' "$TMP/run/env.json" >"$TMP/env" && cp "$TMP/env" "$TMP/run/env.json"
run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'resume on another kernel' 2
says 'resume on another kernel' 'measured with another kernel'
is 'the points are untouched' "$(md5sum <"$points")" "$before"

# A run from the time when SCHED_BATCH was the default, and points did not name it.
jq -c 'del(.detail.policy)' "$points" >"$TMP/batch" && cp "$TMP/batch" "$points"
run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'resume of a run under another scheduling policy' 2
says 'resume of a run under another scheduling policy' 'under scheduling policy batch, which is other now'

jq -c ".detail.policy = \"other\"" "$TMP/batch" >"$points"
exec {lock}>"$TMP/run/.lock"
flock "$lock"
run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/run"
code 'two sweeps in one folder' 1
says 'two sweeps in one folder' 'another sweep is writing there'
done_testing
