#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# lab/run --profile: counts of instructions are exact, do not change the clock, and are refused by the
# bench when they are not the clock's: with a plugin that counts some blocks twice.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools
for part in bench lab/plugin tests/lab; do
	flock "$BUILD/.make.lock" make -s -C "$ROOT/$part" BUILD="$BUILD" >&2 || {
		echo "Bail out! $part does not build"
		exit 1
	}
done
run "$ROOT/lab/run" --profile -- true
code '--profile on the wall clock' 2
says '--profile on the wall clock' 'add --clock insn'
if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'plugin' 'this is the lab VM: lab/run boots one from outside'
	done_testing
fi
point=("$BENCH/point" --server vhostlab --workload tx --size 64 --burst 64 --sink stack --clock insn --packets 16384)
run "$ROOT/lab/run" --quiet --clock insn -- "${point[@]}"
if [[ $CODE -eq 77 ]]; then
	skip 'plugin' "the lab VM cannot run here: ${OUT##*$'\n'}"
	done_testing
fi
code 'a point without the plugin' 0
without=$(jq .cost_per_packet <<<"$TEXT")
run "$ROOT/lab/run" --quiet --clock insn --profile -- "${point[@]}"
code 'the same with it' 0
is 'it costs as much, within 0.1 %' \
	"$(jq -n --argjson a "$without" --argjson b "$(jq .cost_per_packet <<<"$TEXT")" '($b / $a - 1 | fabs) <= 0.001')" true

# Blocks that begin at some addresses count twice: about 1 % of all.
mkdir -p "$TMP/build/lab/plugin" "$TMP/wrong"
for file in "$BUILD"/*; do
	[[ ${file##*/} == lab ]] || ln -s "$file" "$TMP/build/"
done
sed 's/runs->began++;/runs->began += 1 + !(address \& 0x7e);/' "$ROOT/lab/plugin/counts.c" >"$TMP/wrong/counts.c"
is 'one line of it is wrong' "$(diff "$ROOT/lab/plugin/counts.c" "$TMP/wrong/counts.c" | grep -c '^>')" 1
gcc -std=gnu11 -O2 -fPIC -shared -fvisibility=hidden -iquote "$ROOT/bench" -iquote "$ROOT/lab/plugin" \
	-o "$TMP/build/lab/plugin/counts.so" "$TMP/wrong/counts.c"
run env "VHOSTLAB_BUILD=$TMP/build" "$ROOT/lab/run" --quiet --clock insn --profile -- "${point[@]}" --functions /tmp/counts
code 'a wrong count' 1
says 'a wrong count' "functions: the counts are not the clock's"

run "$ROOT/lab/run" --quiet --clock insn --profile -- "$ROOT/tests/lab/plugin-in-lab"
code 'the tests in the lab' 0
sed 's/^/# /' "$TMP/stdout"
done_testing
