# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of lab/ share, and cmd/common.sh with them: paths, messages, --help and --version. Sourced, never run.

LAB=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
ROOT=$(dirname -- "$LAB")
# A package says where the rest goes: debian/installed.sh.
# shellcheck source=debian/installed.sh
[[ ! -r $ROOT/installed.sh ]] || source "$ROOT/installed.sh"
# 1 after --quiet, whatever the caller's environment has.
QUIET=0
# shellcheck disable=SC2034 # for the scripts that source this file
BUILD=$(readlink -m -- "${VHOSTLAB_BUILD:-$ROOT/build}")

# Programs such as depmod and modprobe live in sbin, which an ordinary user's PATH leaves out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# named TEXT: with the name by which the command was installed
named()
{
	printf '%s' "${1//.\/run.sh/${VHOSTLAB_COMMAND:-./run.sh}}"
}

# die CODE WHAT: WHERE: WHAT TO DO
die()
{
	local code=$1
	shift
	printf 'vhostlab: %s\n' "$(named "$*")" >&2
	exit "$code"
}

# note TEXT: a line of progress on stderr; none with --quiet.
note()
{
	[[ $QUIET == 1 ]] || printf 'vhostlab: %s\n' "$(named "$*")" >&2
}

# emit TEXT [CODE]: to standard output. A reader that has seen enough closes the pipe, which is no error: the command ends with
# CODE (0) then.
emit()
{
	local code=0 error
	{ error=$({ printf '%s\n' "$1" >&3; } 2>&1); } 3>&1 || code=$?
	# 141 is SIGPIPE; where the caller ignores that signal, the message tells.
	[[ $code -ne 141 && $error != *'Broken pipe' ]] || exit "${2:-0}"
	[[ $code -eq 0 ]] || die 1 "standard output: it cannot be written: free space there"
}

# Which vhostlab this is: the module's version, and the revision where the tree is a git checkout of its own.
version()
{
	local number revision=''
	number=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$ROOT/kmod/dkms.conf")
	[[ ! -e $ROOT/.git ]] || revision=$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null) || revision=''
	emit "vhostlab $number${revision:+ ($revision)}"
}

# The head of a script's own file, from its "# usage: " on.
help_text()
{
	emit "$(named "$(sed -n '/^# usage: /,/^[^#]/ { /^[^#]/d; s/^# \{0,1\}//p }' "$0")")"
}

# about_us --help|--version: the answer, and the end
about_us()
{
	if [[ $1 == --version ]]; then version; else help_text; fi
	exit
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
