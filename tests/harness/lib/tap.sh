# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# TAP for shell tests: run a command, then say what its exit code and output must be.
# Sourced by the .t files; makes a scratch folder $TMP and removes it at the end.

set -Euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.." && pwd -P)
BUILD=${VHOSTLAB_BUILD:-$ROOT/build}
# shellcheck disable=SC2034 # for the tests
BENCH=$BUILD/bench
TMP=$(mktemp -d "${TMPDIR:-/tmp}/vhostlab-test.XXXXXX")
# No test depends on what the caller's shell happens to export.
unset VHOSTLAB_POINT VHOSTLAB_INNER VHOSTLAB_TAINTED FAKE FAKE_SERVER FAKE_DRIFT FAKE_COUNT
COUNT=0
FAILED=0

at_end()
{
	local code=$?
	rm -rf -- "$TMP"
	[[ $COUNT -gt 0 && $code -eq 0 ]] || exit 1
}
trap at_end EXIT

build_tools()
{
	local part
	mkdir -p "$BUILD"
	for part in sweep stats bench/probe; do
		flock "$BUILD/.make.lock" make -s -C "$ROOT/$part" BUILD="$BUILD" >&2 || {
			echo "Bail out! $part does not build"
			exit 1
		}
	done
}

# run COMMAND...: its exit code in $CODE, its output in $OUT (both streams) and $TEXT (stdout).
run()
{
	CODE=0
	"$@" >"$TMP/stdout" 2>"$TMP/stderr" </dev/null || CODE=$?
	TEXT=$(cat "$TMP/stdout")
	OUT=$TEXT$'\n'$(cat "$TMP/stderr")
}

# result NAME OK DIAGNOSIS
result()
{
	COUNT=$((COUNT + 1))
	if [[ $2 == 1 ]]; then
		echo "ok $COUNT - $1"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $COUNT - $1"
		echo "#   ${3//$'\n'/$'\n'#   }"
	fi
}

# code NAME WANTED: the last run ended with that exit code.
code()
{
	result "$1: exit code $2" $((CODE == $2 ? 1 : 0)) "exit code $CODE, output: $OUT"
}

# says NAME TEXT: the last run's output has that text.
says()
{
	local found=0
	[[ $OUT != *"$2"* ]] || found=1
	result "$1: says '$2'" $found "output: $OUT"
}

silent_about()
{
	local found=0
	[[ $OUT == *"$2"* ]] || found=1
	result "$1: does not say '$2'" $found "output: $OUT"
}

# is NAME GOT WANTED
is()
{
	local same=0
	[[ $2 != "$3" ]] || same=1
	result "$1" $same "got '$2', want '$3'"
}

skip()
{
	COUNT=$((COUNT + 1))
	echo "ok $COUNT - $1 # SKIP $2"
}

done_testing()
{
	echo "1..$COUNT"
	[[ $FAILED -eq 0 ]] || exit 1
	exit 0
}
