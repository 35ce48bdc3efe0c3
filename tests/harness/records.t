#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Results on their way out of the lab VM, and read back: what is damaged, cut off, repeated or missing ends a sweep with 1 and
# a line that says where.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

out=$TMP/out
mkdir "$out"
printf 'all of it\0\n' >"$TMP/file"
VHOSTLAB_RECORDS=$TMP/stream
export VHOSTLAB_RECORDS
: >"$TMP/stream"
run "$BENCH/records" send "$TMP/file" env.json "$TMP/file" raw/a-1.trace.gz
code 'files are sent' 0
# hash TEXT: FNV-1a, as the records have it
hash()
{
	local h=0xcbf29ce484222325 i
	for ((i = 0; i < ${#1}; i++)); do
		printf -v c %d "'${1:i:1}"
		((h = (h ^ c) * 0x100000001b3))
	done
	printf '%016x\n' "$h"
}
# line NAME TEXT: a record
line()
{
	printf 'record append %d %s\n%s%s\n' "${#2}" "$1" "$2" "$(hash "$2")"
}
keep()
{
	run bash -c "'$BENCH/records' keep '$out' <'$1'"
}
{
	cat "$TMP/stream"
	line points.jsonl '{"point":"a","rep":1}'
	line control.jsonl '{"point":"c","rep":1}'
	line verdicts.jsonl '{"point":"b","rep":1,"verdict":"hung"}'
} >"$TMP/good"
keep "$TMP/good"
code 'a good stream' 0
is 'files arrive whole' "$(cmp "$TMP/file" "$out/env.json" && cmp "$TMP/file" "$out/raw/a-1.trace.gz" && echo same)" same
is 'lines arrive' "$(cat "$out"/{points,control,verdicts}.jsonl | wc -l)" 3
keep <(tail -n +1 "$TMP/good" | head -c -30)
code 'the same measurement again' 1
says 'the same measurement again' 'stands there already'
line points.jsonl '{"point":"a","rep":2}' | head -c -4 >"$TMP/cut"
keep "$TMP/cut"
code 'cut off in a record' 0
is 'cut off: it is as if it had never begun' "$(wc -l <"$out/points.jsonl")" 1
line points.jsonl '{"point":"a","rep":2}' | sed 's/"rep":2/"rep":3/' >"$TMP/changed"
keep "$TMP/changed"
code 'changed on the way' 1
says 'changed on the way' 'a line is not the one that was sent'
for name in ../x .hidden raw/../../x /etc/x other.jsonl; do
	line "$name" '{"point":"a","rep":2}' >"$TMP/name"
	keep "$TMP/name"
	code "a record for $name" 1
done
printf 'rubbish\n' >"$TMP/rubbish"
keep "$TMP/rubbish"
code 'rubbish' 1
is 'nothing of these was stored' "$(wc -l <"$out/points.jsonl")" 1

# damaged NAME SAYS: the points file as it is now
damaged()
{
	run "$BENCH/verify" "$out"
	code "$1" 1
	says "$1" "points.jsonl:2: $2"
}
good='{"point":"a","rep":1}'
printf '%s\n%s\n' "$good" "$good" >"$out/points.jsonl"
damaged 'a repeated line' 'a measurement that stands there already'
printf '%s\n{"point":"b","re{"point":"c","rep":1}\n' "$good" >"$out/points.jsonl"
damaged 'a torn line' 'not one JSON object on a line'
printf '%s\n\0\0\0\0%s\n' "$good" "$good" >"$out/points.jsonl"
damaged 'NUL bytes' 'NUL bytes in a line'
printf '%s\n%s' "$good" '{"point":"b","rep":1}' >"$out/points.jsonl"
damaged 'half a line' 'half a line at the end'
run "$BENCH/verify" --cut "$out"
code 'half a line may be resumed' 0

# A whole sweep over files that are damaged while it runs.
cat >"$TMP/s.conf" <<'EOC'
[sweep]
clock = wall
control = no
[x]
server = userspace, intree, vhostlab
workload = tx
packets = 100
EOC
cat >"$TMP/point" <<EOC
#!/bin/bash
[[ \$* != *"--server \$VICTIM "* ]] || eval "\$DAMAGE"
exec "$ROOT/tests/harness/lib/fake-point" "\$@"
EOC
chmod +x "$TMP/point"
VICTIM=$("$BENCH/plan" --schedule "$TMP/s.conf" | jq -r .server | tail -n 1)
export VHOSTLAB_POINT=$TMP/point VICTIM DAMAGE points=$TMP/run/points.jsonl
# spoiled NAME SAYS DAMAGE
spoiled()
{
	rm -rf "$TMP/run"
	DAMAGE=$3
	run "$ROOT/run.sh" sweep "$TMP/s.conf" --host --out "$TMP/run"
	code "$1" 1
	says "$1" "$2"
	says "$1" 'are damaged or not complete'
}
# shellcheck disable=SC2016 # evaluated by the point
{
	spoiled 'a repeated line ends the sweep' 'stands there already' 'head -n 1 "$points" >>"$points"'
	spoiled 'a missing line ends the sweep' '1 measurements are missing' 'text=$(tail -n +2 "$points"); echo "$text" >"$points"'
	spoiled 'NUL bytes end the sweep' 'NUL bytes' 'printf "\0\0\n" >>"$points"'
}
run "$ROOT/run.sh" sweep "$TMP/s.conf" --host --out "$TMP/run" --resume
code 'a damaged run is not resumed' 1
says 'a damaged run is not resumed' 'its results are damaged'
done_testing
