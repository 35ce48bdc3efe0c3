# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./run.sh report: figures, RESULTS.md and one self-contained page from a results folder.
# Sourced by run.sh. Reads points.jsonl, env.json, verdicts.jsonl and raw/, nothing else.

# shellcheck source=sweep/figures.sh
source "$ROOT/sweep/figures.sh"
# shellcheck source=sweep/guests.sh
source "$ROOT/sweep/guests.sh"
# shellcheck source=sweep/ablation.sh
source "$ROOT/sweep/ablation.sh"
# shellcheck source=sweep/claims.sh
source "$ROOT/sweep/claims.sh"
# shellcheck source=sweep/scaling.sh
source "$ROOT/sweep/scaling.sh"
# shellcheck source=sweep/functions.sh
source "$ROOT/sweep/functions.sh"

FIGURES=(syscalls cost-size cost-burst round-trip notifications)

cmd_report()
{
	local dir='' publish=0 tool
	while [[ $# -gt 0 ]]; do
		case $1 in
		--publish) publish=1 ;;
		-*) die 2 "report: $1: there is no such option: see \`./run.sh help\`" ;;
		*)
			[[ -z $dir ]] || die 2 "report: $1: one folder at a time: remove it"
			dir=$1
			;;
		esac
		shift
	done
	[[ -n $dir ]] || dir=$(newest_run)
	[[ -n $dir ]] || die 2 "report: results/: there is no run yet: begin with ./run.sh sweep configs/quick.conf"
	[[ -d $dir ]] || die 2 "report: $dir: there is no such folder: name a folder of results/"
	for tool in jq gnuplot pandoc; do
		command -v "$tool" >/dev/null || die 77 "report: $tool is not installed: run ./run.sh setup"
	done
	build_tools
	dir=$(cd -- "$dir" && pwd -P)
	[[ -s $dir/points.jsonl && -s $dir/env.json ]] || die 2 "report: $dir: it has no points.jsonl and env.json: sweep into it first"
	if [[ $publish == 1 && $dir != "$RESULTS/reference" ]]; then
		publish_run "$dir"
		dir=$PUBLISHED
	fi
	make_report "$dir"
	if [[ $dir == "$RESULTS/reference/"* && -s $RESULTS/reference/points.jsonl ]]; then
		dir=$RESULTS/reference
		make_report "$dir"
	fi
	note "report: ${dir#"$ROOT"/}/RESULTS.md, ${dir#"$ROOT"/}/report.html, ${dir#"$ROOT"/}/figures"
	if [[ $dir == "$RESULTS/reference" ]]; then
		make_text "$dir" results/reference/figures >"$ROOT/RESULTS.md"
		note "report: RESULTS.md"
	fi
}

# Experiments about the inside of the servers, with many guests, and with real ones: they stand beside the reference's own run, in folders
# of it, and its RESULTS.md has their sections.
COMPANIONS=(paper busy-poll-wall producer stages overhead threads threads-wall scaling guests ablation ablation-wall profile)

# The run becomes the reference, or a part of it: its measurements are copied to $PUBLISHED, everything else is made from them.
publish_run()
{
	local from=$1 to=$RESULTS/reference name keep=()
	for name in "${COMPANIONS[@]}"; do
		[[ $(jq -r .experiment "$from/env.json") != "$name" ]] || to+=/$name
		keep+=(! -name "$name")
	done
	PUBLISHED=$to
	mkdir -p -- "$to"
	find "$to" -mindepth 1 -maxdepth 1 "${keep[@]}" -exec rm -rf -- {} +
	cp -- "$from/env.json" "$to/"
	# Half of a run is the module's counters, and nearly all of them are 0: one that is not there is.
	jq -c 'if .detail.module then .detail.module |= walk(if type == "object" then with_entries(select(.value != 0)) else . end) else . end' \
		"$from/points.jsonl" >"$to/points.jsonl" || die 1 "report: $from/points.jsonl: it is damaged: measure again"
	cp -- "$from"/*.conf "$to/"
	[[ ! -d $from/raw ]] || cp -r -- "$from/raw" "$to/"
	[[ ! -s $from/control.jsonl ]] || cp -- "$from/control.jsonl" "$to/"
	[[ ! -s $from/verdicts.jsonl ]] || cp -- "$from/verdicts.jsonl" "$to/"
}

# sections DIR FIGURES: what a run has beside the tables all have, on stdout; ends at the first that fails.
sections()
{
	inside_text "$@" && scaling_text "$@" && guests_text "$@" && ablation_text "$@" && direction_text "$1" && functions_text "$1"
}

# make_text DIR FIGURES: RESULTS.md on stdout, figures named by that prefix.
make_text()
{
	local dir=$1 failed=$1/verdicts.jsonl run=${1#"$ROOT"/} name measured=("$1/points.jsonl")
	[[ ! -f $dir/control.jsonl ]] || measured+=("$dir/control.jsonl")
	[[ -f $failed ]] || failed=/dev/null
	# What failed first and was measured later is not missing.
	jq -n --slurpfile failed "$failed" --slurpfile points <(cat -- "${measured[@]}") \
		'($points | map({("\(.point)/\(.rep)"): true}) | add) as $have
		 | $failed | unique_by([.point, .rep]) | map(select($have["\(.point)/\(.rep)"] | not))' >"$WORK/failed.json"
	sections "$dir" "$2" >"$WORK/inside.md" || exit $?
	for name in "${COMPANIONS[@]}"; do
		[[ ! -s $dir/$name/points.jsonl ]] ||
			(companion_text "$dir/$name" "${2%figures}$name/figures") >>"$WORK/inside.md" || exit $?
	done
	[[ ! -s $dir/control.jsonl ]] ||
		"$BENCH/stats" --control "$dir" | jq -r --arg form section -f "$ROOT/sweep/control.jq" >>"$WORK/inside.md"
	claims_text table "$dir" "$2" >"$WORK/claims-table.md"
	claims_text details "$dir" "$2" >>"$WORK/inside.md"
	jq -r -L "$ROOT/sweep" --rawfile inside "$WORK/inside.md" --rawfile claims "$WORK/claims-table.md" --slurpfile env "$dir/env.json" --slurpfile failed "$WORK/failed.json" \
		--arg figures "$2" --arg run "$run" -f "$WORK/report.jq" "$WORK/cells.json"
}

make_report()
{
	local dir=$1 name clock unit subtitle dat runs
	WORK=$(mktemp -d)
	# shellcheck disable=SC2064 # the folder's name now, not at the end
	trap "rm -rf -- '$WORK'" EXIT
	# jq cannot hand $env to an included file, so the two are one program.
	{
		# shellcheck disable=SC2016 # jq's variables
		echo 'include "servers"; $env[0] as $env | $failed[0] as $failed |'
		cat -- "$ROOT/sweep/format.jq" "$ROOT/sweep/report.jq"
	} >"$WORK/report.jq"
	"$BENCH/stats" --json "$dir/points.jsonl" >"$WORK/cells.json" || exit $?
	clock=$(jq -r 'map("\(.clock) \(.accel)") | unique | join(", ")' "$WORK/cells.json")
	[[ $clock != *,* ]] || die 1 "report: $dir/points.jsonl: it mixes clocks or accelerators ($clock): report on one run at a time"
	unit=instructions
	[[ $clock == insn* ]] || unit='ns of CPU'
	subtitle=$(machine_of "$dir")
	subtitle+=$(jq -r '[.[].repetitions] | ", median of \(max) repetitions"' "$WORK/cells.json")

	rm -rf -- "$dir/figures"
	mkdir -p -- "$dir/figures" || die 1 "report: $dir: it cannot be written: free some space or copy the run elsewhere"
	for name in "${FIGURES[@]}"; do
		dat=$dir/figures/$name.dat
		jq -r -L "$ROOT/plots" -L "$ROOT/sweep" -f "$ROOT/plots/$name.jq" "$WORK/cells.json" >"$dat"
		[[ -n $(tr -d '[:space:]' <"$dat") ]] || {
			rm -f -- "$dat"
			note "report: no figure $name: this run has no cell for it"
			continue
		}
		draw "$name" "$name" "$dir" "$subtitle" "$unit"
	done
	inside_figures "$dir"
	scaling_figures "$dir"
	guest_figures "$dir"
	ablation_figure "$dir" "$subtitle" "$unit"
	runs=("$dir")
	for name in "${COMPANIONS[@]}"; do
		[[ ! -s $dir/$name/points.jsonl ]] || runs+=("$dir/$name")
	done
	claims_judge "${runs[@]}"
	claims_figures "$dir"
	make_text "$dir" figures >"$dir/RESULTS.md"
	(cd -- "$dir" && pandoc --self-contained --standalone --from gfm --to html5 --toc --toc-depth 2 --css "$ROOT/plots/report.css" \
		--metadata pagetitle="vhostlab: ${dir##*/}" --output report.html RESULTS.md) ||
		die 1 "report: $dir/report.html: pandoc failed: see the lines above"
}
