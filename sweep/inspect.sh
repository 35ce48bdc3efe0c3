# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./run.sh list, compare and shell. Sourced by run.sh.

cmd_list()
{
	local config dir
	[[ $# -eq 0 ]] || die 2 "list: $1: it takes no argument: remove it"
	build_tools
	echo "configurations (./run.sh sweep CONFIG):"
	for config in "$ROOT"/configs/*.conf; do
		printf '  %-24s %s (%s measurements)\n' "${config#"$ROOT"/}" \
			"$("$BENCH/plan" --get question "$config")" "$("$BENCH/plan" --get steps "$config")"
	done
	echo "what a configuration may vary:"
	"$BENCH/plan" --vocabulary
	echo "trace tools (./run.sh trace TOOL):"
	trace_tools
	echo "runs (./run.sh report DIR, ./run.sh compare DIR_A DIR_B):"
	for dir in "$RESULTS"/*/; do
		[[ -f ${dir}points.jsonl ]] || continue
		printf '  %-32s %s measurements, %s\n' "results/$(basename "$dir")" "$(whole_lines "${dir}points.jsonl")" \
			"$(jq -r '"\(.clock) clock, \(.accel), Linux \(.kernel)"' "${dir}env.json" 2>/dev/null || echo 'no env.json')"
	done
}

cmd_compare()
{
	local options=() dirs=() difference
	while [[ $# -gt 0 ]]; do
		case $1 in
		--within | --fail-over | --level | --metric) need_value "$1" $# && options+=("$1" "$2") && shift 2 ;;
		--json) options+=("$1") && shift ;;
		-*) die 2 "compare: $1: there is no such option: see \`./run.sh help\`" ;;
		*) dirs+=("$1") && shift ;;
		esac
	done
	[[ ${#dirs[@]} -eq 2 ]] || die 2 "compare: ${#dirs[@]} folders given: name two of results/"
	build_tools
	if [[ -f ${dirs[0]}/env.json && -f ${dirs[1]}/env.json ]]; then
		difference=$(jq -rn --slurpfile a "${dirs[0]}/env.json" --slurpfile b "${dirs[1]}/env.json" \
			'[$a[0] | to_entries[] | select(.key != "date" and .value != $b[0][.key]) | .key] | join(", ")')
		[[ -z $difference ]] || note "compare: the two runs differ in: $difference"
	fi
	"$BENCH/compare" "${options[@]}" "${dirs[@]}" || exit $?
}

cmd_shell()
{
	local clock=wall kernel=default options=()
	while [[ $# -gt 0 ]]; do
		case $1 in
		--clock) need_value "$1" $# && clock=$2 && shift 2 ;;
		--kernel) need_value "$1" $# && kernel=$2 && shift 2 ;;
		--) shift && break ;;
		*) die 2 "shell: $1: write ./run.sh shell [--clock insn|wall] [--kernel K] [-- COMMAND [ARG...]]" ;;
		esac
	done
	[[ $clock == insn || $clock == wall ]] || die 2 "--clock: $clock is not known; allowed: insn, wall"
	! in_lab || die 77 "shell: this is the lab VM already: run the command itself"
	if [[ -t 0 ]]; then ensure_packages; else ensure_packages --yes; fi
	build_all "$kernel"
	if [[ $# -eq 0 ]]; then
		[[ -t 0 ]] || die 2 "shell: there is no terminal for a shell: add -- COMMAND"
		options=(--tty)
		set -- bash -i
	fi
	exec "$ROOT/lab/run" --clock "$clock" --kernel "$kernel" "${options[@]}" -- "$@"
}
