#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The one door of vhostlab. `./run.sh help` says what it can do; each sub-command
# is one file in cmd/.
set -Eeuo pipefail

ROOT=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd -P)
# shellcheck source=cmd/common.sh
source "$ROOT/cmd/common.sh"

usage()
{
	cat <<-'TEXT'
	usage: ./run.sh                                 set up, build, sweep configs/quick.conf, report
	       ./run.sh setup [--yes]                   install what is missing by package name, build
	       ./run.sh sweep CONFIG [--clock insn|wall] [--host] [--out DIR] [--resume] [--only EXPR]
	                             [--dry-run] [--seed N]
	       ./run.sh report [DIR] [--publish]        figures, RESULTS.md and report.html of a run (default: newest)
	       ./run.sh compare DIR_A DIR_B [--fail-over P%] [--within P%] [--level P%] [--metric NAME,...] [--json]
	       ./run.sh trace TOOL [--clock insn|wall] [--host] [--out DIR] [--kernel K] [-- WORKLOAD]
	                                                a tool of trace/ over a command, or over a point with these options
	       ./run.sh list                            configurations, axes, knobs, trace tools, runs
	       ./run.sh shell [--clock insn|wall] [--kernel K] [-- COMMAND [ARG...]]
	                                                a shell or one command in the lab VM, module loaded
	EXPR is axis=value|value,...: only points for which all conditions hold.
	Exit codes: 0 done, 1 failed, 2 wrong use, 77 cannot run here (the reason is printed).
	TEXT
}

[[ $# -gt 0 ]] || set -- all
subcommand=$1
shift
case $subcommand in
all)
	source "$ROOT/cmd/sweep"
	source "$ROOT/cmd/report"
	cmd_sweep "$ROOT/configs/quick.conf"
	cmd_report "$RUN_DIR"
	;;
setup)
	cmd_setup "$@"
	;;
sweep)
	source "$ROOT/cmd/sweep"
	cmd_sweep "$@"
	;;
report)
	source "$ROOT/cmd/report"
	cmd_report "$@"
	;;
compare)
	source "$ROOT/cmd/list"
	cmd_compare "$@"
	;;
list)
	source "$ROOT/cmd/list"
	source "$ROOT/cmd/trace"
	cmd_list "$@"
	;;
shell)
	source "$ROOT/cmd/list"
	cmd_shell "$@"
	;;
trace)
	source "$ROOT/cmd/sweep"
	source "$ROOT/cmd/trace"
	cmd_trace "$@"
	;;
submit)
	die 77 "$subcommand: this sub-command is not built yet: use what \`./run.sh help\` names"
	;;
help | --help | -h)
	usage
	;;
*)
	usage >&2
	die 2 "run.sh: $subcommand: there is no such sub-command: choose one of the above"
	;;
esac
