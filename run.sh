#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The one door of vhostlab: finds the sub-command in cmd/. `./run.sh help` names all of them.
set -Eeuo pipefail

# shellcheck source=cmd/common.sh
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/cmd/common.sh"

usage()
{
	local file
	echo 'usage: ./run.sh COMMAND [ARGUMENT...]'
	echo
	printf '  %-9s %s\n' '' 'Without a command: sweep configs/quick.conf --report'
	for file in "$ROOT"/cmd/*; do
		[[ ! -x $file ]] || printf '  %-9s %s\n' "${file##*/}" "$(purpose "$file")"
	done
	echo
	echo 'Every command answers --help and --version.'
	echo 'Exit codes: 0 done, 1 failed, 2 wrong use, 77 cannot run here (the reason is printed).'
}

[[ $# -gt 0 ]] || set -- sweep "$ROOT/configs/quick.conf" --report
case $1 in
help | --help | -h)
	emit "$(named "$(usage)")"
	exit
	;;
--version)
	version
	exit
	;;
esac
[[ $1 != */* && $1 != .* && -x $ROOT/cmd/$1 ]] || {
	named "$(usage)" >&2
	echo >&2
	die 2 "run.sh: $1: there is no such sub-command: choose one of the above"
}
exec "$ROOT/cmd/$1" "${@:2}"
