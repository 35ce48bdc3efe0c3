# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Figure and section of what each idea is worth, and of whether the wall clock agrees. Sourced by report.sh; a run without such
# cells has none.

# ablation_figure DIR SUBTITLE UNIT
ablation_figure()
{
	local dat=$1/figures/ablation.dat
	jq -r -L "$ROOT/plots" -L "$ROOT/sweep" -f "$ROOT/plots/ablation.jq" "$WORK/cells.json" >"$dat"
	if grep -q '^# panel' "$dat"; then
		draw ablation ablation "$@"
	else
		rm -f -- "$dat"
	fi
}

# ablation_text DIR FIGURES: on stdout
ablation_text()
{
	{
		# shellcheck disable=SC2016 # jq's variables
		echo 'include "servers"; include "ideas"; $env[0] as $env | ($names | split(" ")) as $have |'
		cat -- "$ROOT"/sweep/{format,ablation-text}.jq
	} >"$WORK/ablation.jq"
	jq -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --arg figures "$2" --arg run "${1#"$ROOT"/}" \
		--arg names "$(cd -- "$1/figures" && echo *.svg)" -f "$WORK/ablation.jq" "$WORK/cells.json"
}

# direction_text DIR: on stdout. The instructions are those of the companion run on that clock, where there is one.
direction_text()
{
	local counted=$1/../ablation/points.jsonl
	[[ -s $counted ]] || counted=/dev/null
	{
		# shellcheck disable=SC2016 # jq's variables
		echo 'include "ideas"; include "median"; $env[0] as $env |'
		cat -- "$ROOT"/sweep/{format,direction}.jq
	} >"$WORK/direction.jq"
	jq -s -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --slurpfile insn "$counted" --arg run "${1#"$ROOT"/}" \
		-f "$WORK/direction.jq" "$1/points.jsonl"
}
