# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Figures and sections about several userspace guests, threading models, and cost against ring, regions and the like. Sourced
# by report.sh; a run without such cells has none.

SCALING_FIGURES=(threads-cost threads-latency threads-fairness scaling scaling-log)

# scaling_figures DIR: leaves $WORK/scaling.json for scaling_text.
scaling_figures()
{
	local dir=$1 name subtitle unit=instructions
	subtitle=$(machine_of "$dir")
	[[ $subtitle == instruction* ]] || unit='ns of CPU'
	jq -s -f "$ROOT/sweep/scaling-cells.jq" "$dir/points.jsonl" >"$WORK/scaling.json"
	for name in "${SCALING_FIGURES[@]}"; do
		jq -r -L "$ROOT/plots" -L "$ROOT/sweep" -f "$ROOT/plots/$name.jq" "$WORK/scaling.json" >"$dir/figures/$name.dat"
		if grep -q '^# panel' "$dir/figures/$name.dat"; then
			draw "$name" "$name" "$dir" "$subtitle" "$unit"
		else
			rm -f -- "$dir/figures/$name.dat"
		fi
	done
}

# scaling_text DIR FIGURES: the sections of RESULTS.md about all this, on stdout; nothing when there is none.
scaling_text()
{
	local name have=
	for name in "${SCALING_FIGURES[@]}"; do
		[[ ! -f $1/figures/$name.dat ]] || have+=" $name"
	done
	[[ -n $have ]] || return 0
	{
		# shellcheck disable=SC2016 # jq's variables
		printf '%s\n' 'include "servers"; $env[0] as $env | ($names | split(" ")) as $have |'
		cat -- "$ROOT"/sweep/{format,scaling}.jq
	} >"$WORK/scaling.jq"
	jq -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --arg figures "$2" --arg run "${1#"$ROOT"/}" --arg names "$have" \
		-f "$WORK/scaling.jq" "$WORK/scaling.json"
}
