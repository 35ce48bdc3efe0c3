# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Figures of the inside: stages, timelines, round trips, flame graphs, all from the raw files of a run (DIR/raw, and the
# histograms in points.jsonl). Sourced by report.sh; a run without such files has none of them.

# NAME COLOUR, a line a server, from the one place where they stand.
server_colours()
{
	sed -n 's/^servers = //p; s/^array colour.*= \[\(.*\)\]$/\1/p' "$ROOT/plots/style.gp" | tr -d '",' | datamash -W transpose --output-delimiter ' '
}

# draw NAME SCRIPT DIR SUBTITLE UNIT: one data file as SVG and PNG. What it needs for that is written into it.
draw()
{
	local name=$1 script=$2 dir=$3
	{ printf '# script %s\n# subtitle %s\n# unit %s\n' "$script" "$4" "$5" && cat -- "$dir/figures/$name.dat"; } >"$WORK/data"
	mv -- "$WORK/data" "$dir/figures/$name.dat"
	"$ROOT/plots/draw" "$dir/figures/$name.dat" 2>"$WORK/gnuplot" ||
		{ cat -- "$WORK/gnuplot" >&2 && die 1 "report: $name: it cannot be drawn: see the lines above"; }
}

# Records of events: the stages of all, and a timeline of one burst each way.
stage_figures()
{
	local dir=$1 subtitle=$2 unit=$3 file key trace best_tx=0 best_rx=0 burst
	: >"$WORK/stages.jsonl"
	for file in "$dir"/raw/*.trace.gz; do
		[[ -r $file ]] || continue
		key=${file##*/}
		key=${key%.trace.gz}
		trace=$WORK/$key.trace
		gzip -dc -- "$file" >"$trace" || die 1 "report: $file: it is damaged: measure again"
		# It says itself what is wrong with a record; the others are still good.
		"$BENCH/stages" "$trace" >"$WORK/one.json" || continue
		jq -c --arg point "${key%-*}" --argjson rep "${key##*-}" --arg trace "$trace" \
			'. + {point: $point, rep: $rep, trace: $trace}' "$WORK/one.json" >>"$WORK/stages.jsonl"
	done
	jq -s --slurpfile points "$dir/points.jsonl" -f "$ROOT/sweep/untraced.jq" "$WORK/stages.jsonl" >"$WORK/stages.json"
	[[ $(jq length "$WORK/stages.json") -gt 0 ]] || return 0
	jq -r -L "$ROOT/plots" -L "$ROOT/sweep" --arg colours "$(server_colours)" -f "$ROOT/plots/stages.jq" "$WORK/stages.json" >"$dir/figures/stages.dat"
	draw stages stages "$dir" "$subtitle" "$unit"

	# The largest burst whose single frames can still be told apart.
	while IFS=$'\t' read -r key burst trace; do
		if [[ $key == tx && $burst -gt $best_tx ]]; then
			best_tx=$burst
		elif [[ $key == rx && $burst -gt $best_rx ]]; then
			best_rx=$burst
		else
			continue
		fi
		"$BENCH/stages" --burst 8 "$trace" | awk -v workload="$key" -v burst="$burst" -f "$ROOT/plots/timeline.awk" \
			>"$dir/figures/timeline-$key.dat" || die 1 "report: $trace: no timeline: see the lines above"
	done < <(jq -r '.[] | select(.server == "vhostlab" and .burst <= 16) | [.workload, .burst, .trace] | @tsv' "$WORK/stages.json")
	for key in tx rx; do
		[[ ! -f $dir/figures/timeline-$key.dat ]] || draw "timeline-$key" timeline "$dir" "$subtitle" "$unit"
	done
}

flame_figures()
{
	local dir=$1 subtitle=$2 file key server workload burst
	for file in "$dir"/raw/*.stacks.gz; do
		[[ -r $file ]] || continue
		key=${file##*/}
		key=${key%.stacks.gz}
		read -r server workload burst < <(jq -r --arg point "${key%-*}" --argjson rep "${key##*-}" \
			'select(.point == $point and .rep == $rep) | "\(.server) \(.workload) \(.burst)"' "$dir/points.jsonl" | tail -n 1) ||
			continue
		gzip -dc -- "$file" >"$WORK/stacks" || die 1 "report: $file: it is damaged: measure again"
		"$BENCH/flame" --title "Where $server spends its time: $workload, burst $burst ($subtitle)" \
			--colour "$(server_colours | sed -n "s/^$server //p")" "$WORK/stacks" >"$dir/figures/flame-$server-$workload-$burst.svg" || exit 1
	done
}

# What a figure says about the run below its title.
machine_of()
{
	jq -r '"\({insn: "instruction clock", wall: "wall clock"}[.clock]), \(.accel), Linux \(.kernel)"
		+ if .clock == "wall" and .accel == "tcg" then ": emulated time, only ratios count" else "" end' "$1/env.json"
}

# inside_figures DIR: needs $WORK/cells.json, leaves $WORK/inside.json for inside_text.
inside_figures()
{
	local dir=$1 subtitle unit=instructions
	subtitle=$(machine_of "$dir")
	[[ $subtitle == instruction* ]] || unit=ns
	echo '[]' >"$WORK/stages.json"
	stage_figures "$dir" "$subtitle" "$unit"
	flame_figures "$dir" "$subtitle"
	jq -rs -L "$ROOT/plots" -L "$ROOT/sweep" -f "$ROOT/plots/latency.jq" "$dir/points.jsonl" >"$dir/figures/latency.dat"
	if grep -q '^# panel' "$dir/figures/latency.dat"; then
		draw latency latency "$dir" "$subtitle" "$unit"
	else
		rm -f -- "$dir/figures/latency.dat"
	fi
	jq -n --slurpfile stages "$WORK/stages.json" --slurpfile cells "$WORK/cells.json" \
		--arg figures "$(cd -- "$dir/figures" && printf '%s\n' *.svg)" \
		'{stages: $stages[0], cells: $cells[0], figures: ($figures | split("\n") | map(select(. != "")))}' >"$WORK/inside.json"
}

# inside_text DIR FIGURES: the sections of RESULTS.md about all this, on stdout; nothing when there is none.
inside_text()
{
	{
		# shellcheck disable=SC2016 # jq's variables
		echo 'include "servers"; $env[0] as $env | .figures as $have |'
		cat -- "$ROOT/sweep/format.jq" "$ROOT/sweep/inside.jq"
	} >"$WORK/inside.jq"
	jq -r -L "$ROOT/sweep" --slurpfile env "$1/env.json" --arg figures "$2" --arg run "${1#"$ROOT"/}" -f "$WORK/inside.jq" "$WORK/inside.json"
}

# companion_text DIR FIGURES: the same from the folder of another run, with its figures. In a shell of its own.
companion_text()
{
	WORK=$WORK/${1##*/}
	mkdir -p -- "$WORK" "$1/figures"
	"$BENCH/stats" --json "$1/points.jsonl" >"$WORK/cells.json" || exit $?
	inside_figures "$1"
	scaling_figures "$1"
	guest_figures "$1"
	if [[ -f $1/../figures/latency.svg ]]; then
		# The run it stands beside shows its round trips itself.
		jq '.figures -= ["latency.svg"]' "$WORK/inside.json" >"$WORK/new" && mv -- "$WORK/new" "$WORK/inside.json"
	fi
	ablation_figure "$1" "$(machine_of "$1")" "$(unit_of "$1")"
	sections "$1" "$2"
}

# unit_of DIR: of costs
unit_of()
{
	if [[ $(jq -r .clock "$1/env.json") == insn ]]; then
		echo instructions
	else
		echo 'ns of CPU'
	fi
}
