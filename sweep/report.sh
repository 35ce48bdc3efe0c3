# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# ./run.sh report: figures, RESULTS.md and one self-contained page from a results folder, by report/. Sourced by run.sh.

cmd_report()
{
	local dir='' options=()
	while [[ $# -gt 0 ]]; do
		case $1 in
		--publish | --help) options+=("$1") ;;
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
	build_tools
	report_program "${options[@]}" "$dir" || exit $?
}
