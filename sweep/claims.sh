# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Verdicts on published claims, from a run and those that stand beside it. Sourced by report.sh.

CLAIMS=$ROOT/configs/claims.json

# claims_judge DIR RUN_DIR...: all runs' cells against the claims, into $WORK/claims.json.
claims_judge()
{
	local dir name
	"$BENCH/plan" --defaults >"$WORK/defaults.json"
	: >"$WORK/claim-cells.json"
	: >"$WORK/claim-machines.json"
	for dir in "$@"; do
		name=$(jq -r '.experiment' "$dir/env.json")
		jq -n --arg name "$name" --arg machine "$(machine_of "$dir")" '{($name): $machine}' >>"$WORK/claim-machines.json"
		jq -cs -L "$ROOT/sweep" --arg run "$name" -f "$ROOT/sweep/claims-cells.jq" "$dir/points.jsonl" >>"$WORK/claim-cells.json" ||
			die 1 "report: $dir/points.jsonl: it cannot be read: see the line above"
	done
	jq -s 'add' "$WORK/claim-cells.json" |
		jq -L "$ROOT/sweep" --slurpfile claims "$CLAIMS" --slurpfile defaults "$WORK/defaults.json" -f "$ROOT/sweep/claims.jq" >"$WORK/claims.json" ||
		die 1 "report: $CLAIMS: it cannot be judged by: see the line above"
}

# claims_figures DIR: of every claim with a row along a number. What it was measured with is that of the runs the rows come from.
claims_figures()
{
	local dir=$1 id subtitle
	while read -r id; do
		subtitle=$(jq -r --arg id "$id" --slurpfile machines "$WORK/claim-machines.json" '($machines | add) as $machine | .[] | select(.id == $id)
			| [.judged[] | select(.trend).cases[] | select(.x | length > 2).cell.run] | unique | map($machine[.]) | unique | join("; ")' "$WORK/claims.json")
		jq -r -L "$ROOT/plots" -L "$ROOT/sweep" --arg id "$id" -f "$ROOT/plots/claims.jq" "$WORK/claims.json" >"$dir/figures/claim-$id.dat"
		if grep -q '^# panel' "$dir/figures/claim-$id.dat"; then
			draw "claim-$id" claims "$dir" "$subtitle" unit
		else
			rm -f -- "$dir/figures/claim-$id.dat"
		fi
	done < <(jq -r '.[] | select(any(.judged[]; .trend and .cases != [])) | .id' "$WORK/claims.json")
}

# claims_text PART DIR FIGURES: the table or the details, on stdout.
claims_text()
{
	{
		# shellcheck disable=SC2016 # jq's variables
		echo 'include "servers"; $env[0] as $env |'
		cat -- "$ROOT"/sweep/{format,claims-text}.jq
	} >"$WORK/claims-text.jq"
	jq -r -L "$ROOT/sweep" --slurpfile env "$2/env.json" --arg part "$1" --arg figures "$3" --arg run "${2#"$ROOT"/}" \
		--arg names "$(cd -- "$2/figures" && echo claim-*.svg)" -f "$WORK/claims-text.jq" "$WORK/claims.json"
}
