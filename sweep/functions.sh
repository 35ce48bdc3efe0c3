# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The section about functions: samples of a window (knob trace=functions, DIR/raw/*.functions) as a profile by function.
# Sourced by report.sh; a run without such files has none.

# functions_text DIR: on stdout
functions_text()
{
	local file key
	: >"$WORK/functions.jsonl"
	for file in "$1"/raw/*.functions; do
		[[ -s $file ]] || continue
		key=${file##*/}
		key=${key%.functions}
		jq -c -s --arg point "${key%-*}" --argjson rep "${key##*-}" '{point: $point, rep: $rep, samples: .}' "$file" >>"$WORK/functions.jsonl" ||
			die 1 "report: $file: it is damaged: measure again"
	done
	[[ -s $WORK/functions.jsonl ]] || return 0
	{
		# shellcheck disable=SC2016 # jq's variables
		echo '$env[0] as $env |'
		cat -- "$ROOT"/sweep/{format,median,functions}.jq
	} >"$WORK/functions.jq"
	jq -s -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --slurpfile profiles "$WORK/functions.jsonl" --arg run "${1#"$ROOT"/}" \
		-f "$WORK/functions.jq" "$1/points.jsonl"
}
