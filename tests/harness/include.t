#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A configuration made of others; the estimate of a sweep; every configuration in the tree can be planned.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/a.conf" <<'EOC'
[sweep]
packets = 111
repetitions = 2
timeout = 7
[defaults]
server = intree
knob.event_idx = 0
[one]
workload = tx
burst = 1, 2
EOC
cat >"$TMP/b.conf" <<'EOC'
[sweep]
timeout = 9
[two]
server = userspace
workload = tx
burst = 1
packets = 222
[the same again]
server = intree
workload = tx
burst = 1
knob.event_idx = 0
packets = 111
repetitions = 3
EOC
cat >"$TMP/both.conf" <<'EOC'
[sweep]
timeout = 1
include = a.conf, b.conf
EOC
points=$("$BENCH/plan" "$TMP/both.conf")
is 'the points of both, what both ask for once' "$(jq -r '"\(.server)\(.burst)\(.knobs | tostring)\(.packets)"' <<<"$points" | sort | tr '\n' ' ')" \
	'intree1{"event_idx":0}111 intree2{"event_idx":0}111 userspace1{}222 '
is 'a point has the same name as in its own file' "$(jq -r .point <<<"$points" | sort)" \
	"$({ "$BENCH/plan" "$TMP/a.conf" && "$BENCH/plan" "$TMP/b.conf"; } | jq -r .point | sort -u)"
is 'repetitions: each its own, the more of two' \
	"$("$BENCH/plan" --schedule "$TMP/both.conf" | jq -r .point | grep -cFf <(jq -r .point <<<"$points"))" 6
is 'timeout: the largest' "$("$BENCH/plan" --get timeout "$TMP/both.conf")" 9
is 'the experiment is the one that was asked for' "$(jq -r .experiment <<<"$points" | sort -u)" both

# refused NAME SAYS < CONFIG
refused()
{
	cat >"$TMP/bad.conf"
	run "$BENCH/plan" "$TMP/bad.conf"
	code "$1" 2
	says "$1" "$TMP/bad.conf:2: include $2"
}
refused 'no such file' 'no.conf: it is not usable' <<<$'[sweep]\ninclude = no.conf'
refused 'another folder' '../a.conf: name a file in the same folder' <<<$'[sweep]\ninclude = ../a.conf'
refused 'an include in an include' 'both.conf: it includes others itself' <<<$'[sweep]\ninclude = both.conf'
refused 'another clock' 'a.conf: it asks for another clock or kernel' <<<$'[sweep]\ninclude = a.conf\nclock = wall'
refused 'beside defaults' 'a.conf: it stands beside [defaults]' <<<$'[sweep]\ninclude = a.conf\n[defaults]\nserver = intree'

export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point
run "$ROOT/run.sh" sweep "$TMP/both.conf" --host --clock wall --out "$TMP/run"
code 'a sweep of it' 0
is 'the run holds all of its configuration' "$(cd "$TMP/run" && echo *.conf)" 'a.conf b.conf both.conf'
# Cut off in the middle of a line and resumed, it gives the same report, but for the times of the two runs.
if command -v gnuplot >/dev/null && command -v pandoc >/dev/null; then
	mkdir "$TMP/cut" && cp "$TMP"/run/*.conf "$TMP/run/env.json" "$TMP/cut/"
	head -n 3 "$TMP/run/points.jsonl" | head -c -20 >"$TMP/cut/points.jsonl"
	run "$ROOT/run.sh" sweep "$TMP/both.conf" --host --clock wall --out "$TMP/cut" --resume
	code 'resumed' 0
	page() { "$ROOT/run.sh" report "$TMP/$1" 2>/dev/null && sed "s|$TMP/$1|RUN|g" "$TMP/$1/RESULTS.md"; }
	page run >"$TMP/unbroken.md" && page cut >"$TMP/resumed.md"
	result 'the report has verdicts' "$(grep -c '^## Published claims$' "$TMP/unbroken.md")" "$(head -n 20 "$TMP/unbroken.md")"
	is 'an interrupted sweep resumed gives the report of an unbroken one' "$(diff "$TMP/unbroken.md" "$TMP/resumed.md")" ''
else
	skip 'the report of a resumed run' 'gnuplot or pandoc is not installed'
fi
sed -i 's/burst = 1, 2/burst = 1, 4/' "$TMP/a.conf"
run "$ROOT/run.sh" sweep "$TMP/both.conf" --host --clock wall --out "$TMP/run" --resume
code 'resumed with another included file' 2
says 'resumed with another included file' "$TMP/a.conf: it is not the configuration this run began with"
unset VHOSTLAB_POINT

# The estimate grows with what is asked for.
seconds() { "$BENCH/progress" --left <("$BENCH/plan" --pace "${1:-$TMP/long.conf}"); }
printf '[x]\nserver = intree\nworkload = tx\npackets = 65536\n' >"$TMP/long.conf" && short=$(seconds)
sed -i 's/65536/655360/' "$TMP/long.conf" && long=$(seconds)
is 'more packets take longer' $((long > short)) 1
sed -i '1i [sweep]\nrepetitions = 3' "$TMP/long.conf"
is 'three repetitions take longer than two' $(($(seconds) > 2 * long - 30)) 1
run "$ROOT/run.sh" sweep "$TMP/long.conf" --dry-run
says '--dry-run tells points, measurements and time' ' measurements, about '

for config in "$ROOT"/configs/*.conf; do
	run "$BENCH/plan" --get question "$config"
	code "configs/${config##*/} can be planned" 0
	result "configs/${config##*/} asks a question" $((${#TEXT} > 10)) "'$TEXT'"
	header=$(sed -n '/^\[sweep\]/q; /^# /p' "$config" | wc -l)
	result "configs/${config##*/} begins with what to expect" $((header > 2)) "$header lines of comment before [sweep]"
done
is 'paper.conf ends within an hour' $(($(seconds "$ROOT/configs/paper.conf") < 3600)) 1
done_testing
