# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a session and a point share: messages, where a guest's things are, a guest's private port. Sourced, never run.

# shellcheck source=bench/vm/port.sh
source "${BASH_SOURCE[0]%/*}/port.sh"

# die CODE WHAT: WHERE: WHAT TO DO
die()
{
	local code=$1
	shift
	printf 'vhostlab: %s\n' "$*" >&2
	exit "$code"
}

# limit_of MS: seconds that a measured pass lasts at most, or just as long when a time is asked for
limit_of()
{
	if [[ -z $1 ]]; then
		echo "$LIMIT"
	else
		printf '%d.%03d\n' $(($1 / 1000)) $(($1 % 1000))
	fi
}

# whole_seconds SECONDS: not fewer
whole_seconds()
{
	if [[ $1 == *.* ]]; then echo $((${1%.*} + 1)); else echo "$1"; fi
}

# A guest's number is part of all its addresses.
guest_ip()
{
	echo "10.77.$1.2"
}
host_ip()
{
	echo "10.77.$1.1"
}
# An address that is not in use: what is sent there is dropped without an answer.
unused_ip()
{
	echo "10.77.$1.9"
}
guest_mac()
{
	printf '02:00:00:00:02:%02x' "$1"
}
host_mac()
{
	printf '02:00:00:00:01:%02x' "$1"
}
