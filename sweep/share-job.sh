#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sweep/share-job.sh ROOT DIR [K]: measures share K of the run that `./run.sh submit` prepared in DIR,
# or goes on with it. A task of a Slurm job array knows its number; there this file is a copy in
# Slurm's own folder, so it is told where the tree is.
set -Eeuo pipefail

root=$1 dir=$2 share=${3:-${SLURM_ARRAY_TASK_ID:-}}
[[ -n $share && -s $dir/submit.json ]] || {
	echo "vhostlab: share: $dir: which share? run it by ./run.sh submit, or as doc/clusters.md shows" >&2
	exit 2
}
out=$dir/shares/$share
mapfile -t options < <(jq -r '.options[], .host[]?' "$dir/submit.json")
config=$dir/$(jq -r .config "$dir/submit.json") shares=$(jq -r .shares "$dir/submit.json")
if [[ -s $out/points.jsonl || -s $out/control.jsonl ]]; then
	options+=(--resume)
else
	# It ended before its first measurement: it is bound to no machine.
	rm -f -- "$out"/env*.json
fi
exec "$root/run.sh" sweep "$config" "${options[@]}" --share "$share/$shares" --out "$out"
