# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What all sub-commands share: their arguments, the build, the newest run. Sourced, never run.

# Messages, --help and --version, and where things are.
# shellcheck source=lab/lib.sh
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../lab/lib.sh"

# shellcheck disable=SC2034 # for the files that source this one
BENCH=$BUILD/bench
RESULTS=$(readlink -m -- "${VHOSTLAB_RESULTS:-$ROOT/results}")
# Figures name degrees and microseconds; the C locale cannot.
export LC_ALL=C.UTF-8

# One line for an unexpected failure, instead of a silent end.
trap 'printf "vhostlab: %s: line %s: a command failed: see the lines above\n" "${BASH_SOURCE[0]##*/}" "$LINENO" >&2' ERR

# need_value OPTION COUNT [VALUE [BEFORE]]: an option at the end of the line has no value,
# and BEFORE says that it had one already.
need_value()
{
	[[ -z ${4:-} ]] || die 2 "$1: it is given twice: remove one"
	[[ $2 -ge 2 && -n ${3-x} ]] || die 2 "$1: it needs a value: see \`./run.sh ${0##*/} --help\`"
}

# arguments 'OPTION...' ARG...: ARGS is what a sub-command was given, an OPTION=VALUE of those named as two words. Answers
# --help and --version. What follows -- is another command's.
arguments()
{
	local valued=" $1 "
	ARGS=()
	shift
	while [[ $# -gt 0 && $1 != -- ]]; do
		case $1 in
		--help | -h | --version) about_us "$1" ;;
		--*=*)
			if [[ $valued == *" ${1%%=*} "* ]]; then
				ARGS+=("${1%%=*}" "${1#*=}")
			else
				ARGS+=("$1")
			fi
			;;
		*)
			ARGS+=("$1")
			# The value of an option is no option, whatever it looks like.
			if [[ $valued == *" $1 "* && $# -ge 2 ]]; then
				ARGS+=("$2") && shift
			fi
			;;
		esac
		shift
	done
	ARGS+=("$@")
}

# end_by_sigint: what Ctrl-C stopped ends by that signal, so that a shell's loop around it ends,
# too.
end_by_sigint()
{
	trap - INT EXIT
	kill -INT $$
	# Only where the caller has us ignore the signal.
	exit 130
}

# wait_for PID: its exit code. A signal that a trap of ours handles ends `wait` early, not the
# child.
wait_for()
{
	local pid=$1 code
	while :; do
		code=0
		wait "$pid" || code=$?
		kill -0 "$pid" 2>/dev/null || return "$code"
	done
}

# see_through PID: its exit code. An interruption of ours is passed on to it as SIGTERM, since a shell's background children
# ignore SIGINT; $INTERRUPTED names the signal, and is empty when there was none.
see_through()
{
	local child=$1 code=0
	INTERRUPTED=''
	trap 'INTERRUPTED=INT; kill -TERM "$child" 2>/dev/null || true' INT
	trap 'INTERRUPTED=${INTERRUPTED:-TERM}; kill -TERM "$child" 2>/dev/null || true' TERM HUP
	wait_for "$child" || code=$?
	trap - INT TERM HUP
	return "$code"
}

# purpose FILE: what a sub-command is for, in the one line that follows its usage
purpose()
{
	sed -n '/^# usage: /,$ { /^# usage: /d; /^#$/d; s/^# //p; q }' "$1"
}

# Inside the lab VM everything is built and the tree cannot be written.
in_lab()
{
	[[ ${VHOSTLAB_LAB:-} == 1 ]]
}

# Installs missing packages of the group run by name: the tests and the linters have groups of their
# own, which make check and make lint install. Fast and silent when nothing is missing.
ensure_packages()
{
	# What is installed from a package has come with what it needs.
	[[ ! -r $ROOT/installed.sh ]] || return 0
	! in_lab || return 0
	"$ROOT/lab/setup" "$@" run
}

# config_path NAME: that configuration, or the tree's own where the current directory has none of this
# name.
config_path()
{
	local path=$1
	[[ -e $path || $path == /* || ! -f $ROOT/$path ]] || path=$ROOT/$path
	printf '%s' "$path"
}

# known_clock NAME: ends the command where a sweep has no such clock; none is what CONFIG says.
known_clock()
{
	[[ -z $1 || $1 == insn || $1 == wall || $1 == native ]] ||
		die 2 "--clock: $1 is not known; allowed: insn, wall, native"
}

# build_part FOLDER [TARGET]: one command at a time builds, also where two trees have one folder for
# what they build. Who may not write there builds nothing.
build_part()
{
	local alone=()
	mkdir -p -- "$BUILD" || return
	[[ ! -w $BUILD ]] || alone=(flock "$BUILD/.make.lock")
	"${alone[@]}" make -s -C "$1" BUILD="$BUILD" "${@:2}" >&2
}

# The programs that plan and count: all that --dry-run, list, report and compare need.
build_tools()
{
	! in_lab || return 0
	local part
	for part in sweep stats bench/probe; do
		build_part "$ROOT/$part" ||
			die 1 "build: $part: it cannot be built: run ./run.sh setup, or see the lines above"
	done
}

# All programs.
build_programs()
{
	! in_lab || return 0
	build_part "$ROOT" programs ||
		die 1 "build: $ROOT: programs cannot be built: see the lines above"
}

# build_all KERNEL: all programs, and the module for that kernel.
build_all()
{
	! in_lab || return 0
	local code=0
	build_programs
	"$ROOT/kmod/build" "$1" >&2 || code=$?
	# A kernel, or its compiler, that cannot be had here has said so.
	[[ $code -ne 77 ]] || exit 77
	[[ $code -eq 0 ]] || die 1 "build: $ROOT: the module cannot be built: see the lines above"
}

# The folder of the newest run that has points, on stdout; nothing when there is none.
newest_run()
{
	local dir newest=
	for dir in "$RESULTS"/*/; do
		[[ -s ${dir}points.jsonl && ${dir%/} != */reference ]] || continue
		[[ -n $newest && ! ${dir}points.jsonl -nt ${newest}points.jsonl ]] || newest=$dir
	done
	printf '%s' "${newest%/}"
}

# report_program ARG...: report/, which asks the programs of stats/ and bench/ for every number. It takes the place of this
# shell, so that a signal for the command is one for it: call it last, or in a subshell.
report_program()
{
	python3 -c 'import jinja2' 2>/dev/null || die 77 "report: python3-jinja2 is not installed: run ./run.sh setup"
	export PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$ROOT VHOSTLAB_BUILD=$BUILD
	exec python3 -m report "$@"
}

# How many whole lines a file has: a half-written last one does not count.
whole_lines()
{
	if [[ -f $1 ]]; then
		wc -l <"$1"
	else
		echo 0
	fi
}

# Names and purposes of all trace tools, one a line.
trace_tools()
{
	local file name
	for file in "$ROOT"/trace/*.bt "$ROOT"/trace/*.perf "$ROOT"/trace/*.insn; do
		[[ -f $file ]] || continue
		name=${file##*/}
		printf '  %-22s %s\n' "${name%.*}" "$(sed -n "s/^[ #*]*${name//./\\.}: //p" "$file" | head -n 1)"
	done
}
