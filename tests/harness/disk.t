#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A full disk and a place that cannot be written: one clear line, exit code 1, finished points kept.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib/tap.sh"
build_tools

cat >"$TMP/many.conf" <<'EOC'
[sweep]
clock = wall
control = no
repetitions = 40
[x]
server = userspace, intree, vhostlab
workload = tx
burst = 1, 64
packets = 100
EOC
export VHOSTLAB_POINT=$ROOT/tests/harness/lib/fake-point ROOT TMP
mkdir "$TMP/small"

# A mount namespace of its own: the small disk vanishes with it, also without root.
apart=(unshare --mount --propagation private)
[[ $EUID -eq 0 ]] || apart=(unshare --map-root-user --mount --propagation private)
if ! "${apart[@]}" mount -t tmpfs none "$TMP/small" 2>/dev/null; then
	skip 'full disk' 'no tmpfs can be mounted on this machine'
	skip 'read-only place' 'no tmpfs can be mounted on this machine'
	done_testing
fi

cat >"$TMP/full" <<'EOC'
set -e
mount -t tmpfs -o size=64k none "$TMP/small"
code=0
"$ROOT/run.sh" sweep "$TMP/many.conf" --host --out "$TMP/small/run" || code=$?
cp "$TMP/small/run/points.jsonl" "$TMP/full.jsonl"
mount -o remount,size=1m "$TMP/small"
again=0
"$ROOT/run.sh" sweep "$TMP/many.conf" --host --resume --out "$TMP/small/run" >&2 || again=$?
cp "$TMP/small/run/points.jsonl" "$TMP/resumed.jsonl"
echo "resumed: $again"
exit $code
EOC
run "${apart[@]}" bash "$TMP/full"
code 'full disk' 1
says 'full disk' 'No space left on device: free some space, then continue with --resume'
kept=$(wc -l <"$TMP/full.jsonl")
says 'full disk' "failed, $kept of 240 measurements kept"
is 'full disk: finished points are kept' "$((kept > 10 && kept < 240))" 1
is 'full disk: every line is whole' "$(jq -c .point "$TMP/full.jsonl" | wc -l) $(tail -c 1 "$TMP/full.jsonl" | wc -l)" "$kept 1"
says 'full disk: with more space the rest is measured' 'resumed: 0'
is 'full disk: every measurement is there once' "$(jq -r '"\(.point) \(.rep)"' "$TMP/resumed.jsonl" | sort -u | wc -l)" 240
is 'full disk: the first ones are the same' "$(head -n "$kept" "$TMP/resumed.jsonl" | md5sum)" "$(md5sum <"$TMP/full.jsonl")"

cat >"$TMP/readonly" <<'EOC'
mount -t tmpfs -o ro none "$TMP/small" && "$ROOT/run.sh" sweep "$TMP/many.conf" --host --out "$TMP/small/run"
EOC
run "${apart[@]}" bash "$TMP/readonly"
code 'read-only place' 1
says 'read-only place' 'cannot be created: choose a folder you may write'
is 'read-only place: one line' "$(wc -l <"$TMP/stderr")" 1

cat >"$TMP/readonly-run" <<'EOC'
mkdir "$TMP/small/run" && mount -t tmpfs -o ro none "$TMP/small/run" && "$ROOT/run.sh" sweep "$TMP/many.conf" --host --out "$TMP/small/run"
EOC
run "${apart[@]}" bash "$TMP/readonly-run"
code 'read-only folder' 1
says 'read-only folder' 'it cannot be written'
is 'read-only folder: one line' "$(wc -l <"$TMP/stderr")" 1

run "$ROOT/run.sh" sweep "$TMP/many.conf" --host --out "$TMP/many.conf/run"
code 'a file in the way' 1
says 'a file in the way' 'cannot be created'
done_testing
