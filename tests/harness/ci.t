#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The recipe for a continuous integration: it measures two revisions of a repository and fails on a regression.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

# A repository of its own, whose tools are those that are built here.
tree=$TMP/tree
git init -q "$tree"
(cd "$ROOT" && git ls-files -z -co --exclude-standard -- ':!results' | xargs -0 tar -cf - --ignore-failed-read) | tar -xf - -C "$tree"
git -C "$tree" config user.name test
git -C "$tree" config user.email test@localhost
printf '%s\n' '[sweep]' 'clock = wall' 'repetitions = 8' '[x]' 'server = intree, vhostlab' 'workload = tx, rr' \
	'packets = 100' >"$tree/configs/few.conf"
git -C "$tree" add -A
git -C "$tree" commit -q -m 'tests: a configuration'
export VHOSTLAB_BUILD=$TMP/build
mkdir "$VHOSTLAB_BUILD"
cp -r "$BENCH" "$VHOSTLAB_BUILD/"
# What the checkout costs more than the revision.
cat >"$TMP/point" <<EOC
#!/bin/bash
[[ \$VHOSTLAB_RAW != */head/* ]] || export FAKE_DRIFT=\$(<"$TMP/drift")
exec "$ROOT/tests/harness/lib/fake-point" "\$@"
EOC
chmod +x "$TMP/point"
export VHOSTLAB_POINT=$TMP/point
regression() { run "$tree/doc/ci/regression" HEAD --config configs/few.conf "$@" -- --host; }

echo 0.05 >"$TMP/drift"
regression --limit 2%
code 'dearer by more than the limit' 1
says 'dearer by more than the limit' '* worse'
regression --limit 10%
code 'dearer by less than the limit' 0
echo 0 >"$TMP/drift"
regression
code 'as before' 0
is 'both runs are kept' "$(cat "$VHOSTLAB_BUILD"/ci/{base,head}/points.jsonl | wc -l)" 64
is 'the other checkout is removed' "$(git -C "$tree" worktree list | wc -l) $(find "$VHOSTLAB_BUILD/ci" -mindepth 1 -maxdepth 1 | wc -l)" '1 2'
run env FAKE=fail "$tree/doc/ci/regression" HEAD --config configs/few.conf -- --host
code 'a sweep that fails' 1
says 'a sweep that fails' 'regression: the sweep of base ended with 1'

wrong()
{
	run "$tree/doc/ci/regression" "${@:3}"
	code "$1" 2
	is "$1: one line that says '$2'" "$(wc -l <"$TMP/stderr") $(grep -cF -- "$2" "$TMP/stderr")" '1 1'
}
wrong 'no revision' 'against which revision?'
wrong 'two revisions' 'one revision at a time' HEAD HEAD
wrong 'a revision that is not there' 'this repository has no such revision' none
wrong 'a configuration that is not there' 'revision HEAD has no such file' HEAD --config configs/none.conf
wrong 'an option that is not there' 'there is no such option' --fast
is 'the workflow calls it with a revision' "$(grep -c 'run: doc/ci/regression "origin/' "$ROOT/doc/ci/github.yml")" 1
if python3 -c 'import yaml' 2>/dev/null; then
	is 'the workflow is YAML' "$(python3 -c 'import sys, yaml; print(*yaml.safe_load(open(sys.argv[1]))["jobs"])' "$ROOT/doc/ci/github.yml")" \
		instructions-per-packet
else
	skip 'the workflow is YAML' 'python3-yaml is not installed'
fi
done_testing
