#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `git bisect run` finds the commit that made a cell more expensive, in a repository whose measurements are made up: among commits
# that cannot be measured, lack a cell, or differ by less than the limit.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=nobody GIT_AUTHOR_EMAIL=nobody@example.org GIT_COMMITTER_NAME=nobody GIT_COMMITTER_EMAIL=nobody@example.org
repo=$TMP/repo
git init -q "$repo"

# A suite of one command: sweep CONFIG --out DIR [...]. What it measures stands in the file settings.
cat >"$repo/run.sh" <<EOC
#!/bin/bash
set -eu
[[ \$1 == sweep && \$3 == --out && \$5 == --only ]]
source ./settings
[[ \$broken == 0 ]] || { echo "it does not build" >&2; exit 1; }
cp "\$2" "\$4/"
"$ROOT/tests/harness/lib/synthetic" clock=insn reps=2 cells="\$cells" cell=2 seed="\$seed" shift="\$shift_by" >"\$4/points.jsonl"
mkdir -p "\$4/raw"
slow=\$(awk "BEGIN { print int(100000 + 1000000 * \$shift_by) }")
printf '{"server":"vhostlab","workload":"tx","sink":"stack","size":62,"burst":64,"knobs":{},"kernel":"6.1.0","packets":1000,"clock":%s,"counted":%s}\n{"side":"server","function":"steady","object":"kernel","instructions":50000}\n{"side":"server","function":"slow","object":"vhostlab_net","instructions":%s}\n' \
	"\$((slow + 50000))" "\$((slow + 50000))" "\$slow" >"\$4/raw/x-1.functions"
EOC
chmod +x "$repo/run.sh"

# commit NUMBER SHIFT BROKEN CELLS
commit()
{
	printf 'seed=%s shift_by=%s broken=%s cells=%s\n' "$@" >"$repo/settings"
	git -C "$repo" add .
	git -C "$repo" commit -q -m "number $1"
	git -C "$repo" tag "n$1"
}
commit 1 0 0 6
commit 2 0.0003 0 6
commit 3 0 0 6
commit 4 0.004 0 6
commit 5 0.004 1 6
commit 6 0.004 1 6
commit 7 0.004 0 6
commit 8 0.012 0 6
commit 9 0.012 0 5
commit 10 0.012 1 6
commit 11 0.011 0 6
commit 12 0.012 0 6
bisect=("$ROOT/run.sh" bisect --base "$TMP/good" -- --only size=62)
touch "$TMP/x.conf"
mkdir "$TMP/good"
cd "$repo" || exit 1
git checkout -q n1
./run.sh sweep "$TMP/x.conf" --out "$TMP/good" --only size=62

# step REVISION: what the bisection would learn of it
step()
{
	git checkout -q "$1"
	run "${bisect[@]}"
}
git checkout -q n2
run "$ROOT/run.sh" bisect --base "$TMP/good" --metric lost -- --only size=62
code 'no loss in either is good' 0
step n4
code 'a change within the limit is good' 0
says 'a change within the limit is said' 'tx stack 62 x 64 vhostlab: cost_per_packet'
step n8
code 'a change beyond it is bad' 1
step n5
code 'a revision that cannot be built is skipped' 125
step n9
code 'a revision that lacks a cell is skipped' 125
git checkout -q n12
run "$ROOT/run.sh" bisect --base "$TMP/good" --fail-over 2% -- --only size=62
code 'a larger limit' 0
run "$ROOT/run.sh" bisect --base "$TMP/nowhere"
code 'no base ends the bisection' 128
run "$ROOT/run.sh" bisect --base "$TMP/good" --fail-over much
code 'nonsense ends the bisection' 128
run "$ROOT/run.sh" bisect --colour
code 'an unknown option ends the bisection' 128
is 'one line says why' "$(wc -l <"$TMP/stderr")" 1
(cd "$ROOT" && "$ROOT/run.sh" bisect --base "$TMP/good") >"$TMP/stdout" 2>&1
is 'not in the checkout it belongs to' "$? $(grep -c 'use one of another checkout' "$TMP/stdout")" '128 1'

git bisect start n12 n1 >/dev/null 2>&1
run git bisect run "${bisect[@]}"
code 'git bisect run' 0
is 'it finds the commit' "$(git rev-parse refs/bisect/bad)" "$(git rev-parse n8)"
says 'it says so' 'is the first bad commit'
short=$(git rev-parse --short n8)
says 'the last step explains it by function' "bisect: $short, by function: from $TMP/good/bisect/$(git rev-parse --short n7) to"
says 'the function that became slower' '+8.00'
silent_about 'one that did not' steady
is 'no other step does' "$(grep -c 'by function' <<<"$OUT")" 1
# With nothing to find in the limit, all are good up to the one called bad by hand.
git bisect reset >/dev/null 2>&1
git bisect start n12 n1 >/dev/null 2>&1
run git bisect run "$ROOT/run.sh" bisect --base "$TMP/good" --fail-over 5% -- --only size=62
is 'under a larger limit another is blamed: the one called bad by hand' "$(git rev-parse refs/bisect/bad)" "$(git rev-parse n12)"
done_testing
