# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# TAP and readers of what the tools print, for the tests that run inside the lab VM. Sourced.

# shellcheck source=tests/trace/read.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/read.sh"

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # for the files that source this one
BUILD=${VHOSTLAB_BUILD:-$ROOT/build}
COUNT=${COUNT:-0}
BAD=0
declare -A SAID

# is NAME GOT WANTED
is()
{
	COUNT=$((COUNT + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $COUNT - $1"
	else
		BAD=1
		echo "not ok $COUNT - $1"
		printf "got '%s', want '%s'\n" "$2" "$3" | sed 's/^/#   /'
		[[ ! -s ${OUT:-}/stderr ]] || sed 's/^/#   stderr: /' "$OUT/stderr"
	fi
}

# true NAME EXPRESSION: an arithmetic condition holds
holds()
{
	is "$1 ($2)" "$(($2))" 1
}

finish()
{
	echo "1..$COUNT"
	exit "$BAD"
}

# trace TOOL [WORKLOAD...]: runs it through the one door; leaves CODE, and its files in $OUT.
trace()
{
	local path value
	OUT=$(mktemp -d /tmp/trace.XXXXXX)
	CODE=0
	VHOSTLAB_INNER=1 "$ROOT/run.sh" trace "$1" --host --clock "$VHOSTLAB_CLOCK" --out "$OUT" ${2:+-- "${@:2}"} \
		</dev/null >"$OUT/stdout" 2>"$OUT/stderr" || CODE=$?
	is "${*//$'\n'/ }: exit code" "$CODE" 0
	SAID=()
	if [[ $(head -c 1 "$OUT/workload.out" 2>/dev/null) == '{' ]]; then
		while read -r path value; do
			SAID[$path]=$value
		done < <(jq -sr '(if length == 1 then .[0] else . end) | paths(scalars) as $p | "\($p | map(tostring) | join(".")) \(getpath($p))"' "$OUT/workload.out")
	fi
}

# refused TOOL TEXT: it cannot run, says so in one line with that text, and ends with 77.
refused()
{
	OUT=$(mktemp -d /tmp/trace.XXXXXX)
	CODE=0
	VHOSTLAB_INNER=1 "$ROOT/run.sh" trace "$1" --host --clock "$VHOSTLAB_CLOCK" --out "$OUT" </dev/null >"$OUT/stdout" 2>"$OUT/stderr" || CODE=$?
	is "$1, $2: exit code, lines" "$CODE, $(wc -l <"$OUT/stderr")" '77, 1'
	is "$1, $2: is said" "$(grep -c "^vhostlab: .*$2" "$OUT/stderr" || true)" 1
}

# json PATH: of the bench's result under the tool, its names joined by dots
json()
{
	echo "${SAID[$1]:-none}"
}

# module QUEUE COUNTER...: what the module counted of the bench's device, out of debugfs; several are added up
module()
{
	local queue=$1 name sum=0
	shift
	for name; do
		sum=$((sum + $(json "detail.module.$queue.$name")))
	done
	echo "$sum"
}

# both COUNTER...: the same of both queues
both()
{
	echo $(($(module rx "$@") + $(module tx "$@")))
}
