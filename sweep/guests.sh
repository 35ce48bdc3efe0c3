# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Figures and sections of real guests (guest = qemu, dpdk). Sourced by report.sh; a run without them has none.

GUEST_FIGURES=(guests-syscalls guests-exits guests-rate guests-latency guests-cpu guests-scaling)

# guest_figures DIR: leaves $WORK/guests.json for guests_text.
guest_figures()
{
	local dir=$1 name subtitle
	jq -s -L "$ROOT/sweep" --slurpfile predictions "$ROOT/sweep/predictions.json" -f "$ROOT/sweep/guest-cells.jq" "$dir/points.jsonl" >"$WORK/guests.json"
	subtitle=$(machine_of "$dir")
	for name in "${GUEST_FIGURES[@]}"; do
		jq -r -L "$ROOT/plots" -L "$ROOT/sweep" --arg colours "$(server_colours)" -f "$ROOT/plots/$name.jq" "$WORK/guests.json" >"$dir/figures/$name.dat"
		if grep -q '^# panel' "$dir/figures/$name.dat"; then
			draw "$name" "$name" "$dir" "$subtitle" ns
		else
			rm -f -- "$dir/figures/$name.dat"
		fi
	done
}

# guests_text DIR FIGURES: the sections of RESULTS.md about real guests, on stdout; nothing when there is none.
guests_text()
{
	[[ $(jq length "$WORK/guests.json") -gt 0 ]] || return 0
	{
		# shellcheck disable=SC2016 # jq's variables
		printf '%s\n' 'include "servers"; $env[0] as $env | $predictions[0] as $predictions | ($names | split(" ")) as $have |'
		cat -- "$ROOT"/sweep/{format,guest-words,guest-summary,prediction,guests}.jq
	} >"$WORK/guests.jq"
	jq -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --slurpfile predictions "$ROOT/sweep/predictions.json" --arg figures "$2" \
		--arg run "${1#"$ROOT"/}" --arg names "$(cd -- "$1/figures" && echo *.svg)" -f "$WORK/guests.jq" "$WORK/guests.json"
}
