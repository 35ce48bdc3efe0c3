#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The published reference run is that of this tree: eight cells of it, transmit, receive and round trips of 64 bytes with vhostlab
# and in-tree, cost within 0.5 % of what is published when they are measured again, once. Windows, kernel and scheduling policy
# are those of the published points. Where the archive has a newer build of that kernel (6.1.0-57 for 6.1.0-56), vhost_net tells
# whether the kernel has moved these cells: it is no part of this tree. VHOSTLAB_REFERENCE: another run to compare with.
# shellcheck source=tests/harness/lib/tap.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../harness/lib/tap.sh"
build_tools
reference=${VHOSTLAB_REFERENCE:-$ROOT/results/reference}
limit=0.5%

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	skip 'the reference is that of this tree' 'this is the lab VM: lab/run boots one from outside'
	done_testing
fi

# cells FILE: the points of these cells, each with the policy it was measured under: the only one was SCHED_BATCH before points
# named it. What is the same on both sides is left out.
cells()
{
	jq -c 'select(.guest == "process" and .size == 64 and .sink == "stack" and (.server == "vhostlab" or .server == "intree")
		and ([.workload, .burst] | . == ["tx", 1] or . == ["tx", 64] or . == ["rx", 64] or . == ["rr", 1])
		and (.knobs | keys - ["policy"] == []))
		| .knobs.policy = (.detail.policy // .knobs.policy // "batch") | del(.above_floor_per_packet)' "$1"
}
mkdir "$TMP/published" "$TMP/now"
cells "$reference/points.jsonl" >"$TMP/published/points.jsonl"
is 'the reference has the cells' "$(jq -r '"\(.server) \(.workload) \(.burst)"' "$TMP/published/points.jsonl" | sort -u | wc -l)" 8
kernel=$(jq -r .kernel "$reference/env.json")
release=$("$ROOT/lab/kernel" --quiet release) || release=none
series=$(sed -E 's/^([0-9]+\.[0-9]+).*/\1/' <<<"$kernel")
if [[ $release != "$series".* ]]; then
	skip 'the reference is that of this tree' "it was measured on Linux $kernel, the lab has $release: renew it with ./run.sh reference"
	done_testing
fi

# The same windows and policies, once.
{
	printf '[sweep]\nclock = insn\nkernel = default\nrepetitions = 1\ncontrol = no\ntimeout = 60\n'
	jq -rs 'unique_by([.workload, .burst, .packets, .knobs.policy]) | to_entries[] | .value as $p |
		"[\(.key)]\nserver = intree, vhostlab\nsink = stack\nsize = 64\nworkload = \($p.workload)\nburst = \($p.burst)\npackets = \($p.packets)\nknob.policy = \($p.knobs.policy)"' \
		"$TMP/published/points.jsonl"
} >"$TMP/spot.conf"
SECONDS=0
run "$ROOT/run.sh" sweep "$TMP/spot.conf" --out "$TMP/run"
if [[ $CODE -eq 77 ]]; then
	skip 'the reference is that of this tree' "$(tail -n 1 "$TMP/stderr")"
	done_testing
fi
code 'the cells are measured' 0
echo "# $SECONDS s, with the boot"
cells "$TMP/run/points.jsonl" >"$TMP/now/points.jsonl"
if [[ $release != "$kernel" ]]; then
	mkdir "$TMP/intree" "$TMP/intree-now"
	jq -c 'select(.server == "intree")' "$TMP/published/points.jsonl" >"$TMP/intree/points.jsonl"
	jq -c 'select(.server == "intree")' "$TMP/now/points.jsonl" >"$TMP/intree-now/points.jsonl"
	run "$BENCH/compare" --all --within "$limit" --metric cost_per_packet "$TMP/intree" "$TMP/intree-now"
	if [[ $CODE -ne 0 ]]; then
		skip 'the reference is that of this tree' \
			"measured on Linux $kernel, and on $release vhost_net itself costs something else: renew it with ./run.sh reference"
		done_testing
	fi
fi

# moved DIR: how many medians are beyond the limit, and all of them as comments
moved()
{
	run "$BENCH/compare" --all --within "$limit" --metric cost_per_packet "$TMP/published" "$1"
	sed 's/^/# /' "$TMP/stdout"
	result "$2" $((CODE == $3 ? 1 : 0)) "exit code $CODE: ${4:-}"
}
jq -c 'if .server == "vhostlab" and .workload == "rr" then .cost_per_packet *= 1.02 else . end' "$TMP/now/points.jsonl" >"$TMP/changed.jsonl"
moved "$TMP/now" "the reference is that of this tree: no cell moved by more than $limit" 0 "kmod/ or bench/ has changed what is published (results/reference, revision $(jq -r '.git.revision[:12]' "$reference/env.json")).
If that is not meant: ./run.sh sweep configs/quick.conf, then ./run.sh compare results/reference DIR, or git bisect (doc/comparing.md).
If it is: commit the change, measure all published runs again with ./run.sh reference, commit what it publishes."
mkdir "$TMP/changed" && mv "$TMP/changed.jsonl" "$TMP/changed/points.jsonl"
run "$BENCH/compare" --within "$limit" --metric cost_per_packet "$TMP/published" "$TMP/changed"
code 'a cell that is 2 % off is seen' 1
done_testing
