# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the lab's scripts share: paths, and how a failure is reported. Sourced, never run.

LAB=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(dirname -- "$LAB")
# shellcheck disable=SC2034 # for the scripts that source this file
BUILD=$(readlink -m -- "${VHOSTLAB_BUILD:-$ROOT/build}")

# Programs such as depmod and modprobe live in sbin, which an ordinary user's PATH leaves out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# die CODE WHAT: WHERE: WHAT TO DO
die()
{
	local code=$1
	shift
	printf 'vhostlab: %s\n' "$*" >&2
	exit "$code"
}

# note TEXT: a line of progress on stderr; none with --quiet.
note()
{
	[[ ${QUIET:-0} == 1 ]] || printf 'vhostlab: %s\n' "$*" >&2
}

# build_dir DIR: makes a directory of the build tree, or prints in one line why it cannot.
build_dir()
{
	# shellcheck disable=SC2015 # either failing is the same trouble
	mkdir -p -- "$1" 2>/dev/null && [[ -w $1 ]] ||
		die 1 "lab: $1: cannot write there: make the tree writable for you, or set VHOSTLAB_BUILD to another directory"
}

# need PROGRAM PACKAGE: ends with 77 if a tool is missing, and names its package.
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die 77 "lab: $1 is not installed: run ./run.sh setup (package $2)"
}
