# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# TAP for the tests with real guests, which run as root in the lab VM.
count=0 failures=0

# ok CONDITION-EXIT-CODE TEXT
ok()
{
	count=$((count + 1))
	if (($1 == 0)); then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failures=$((failures + 1))
	fi
}

# check TEXT COMMAND...: ok when the command succeeds
check()
{
	local text=$1 status=0
	shift
	"$@" || status=$?
	ok "$status" "$text"
}

note()
{
	echo "# $*"
}

finish()
{
	echo "1..$count"
	((failures == 0))
}

# negotiated BIT: 1 or 0, of the newest open device of our module
negotiated()
{
	local files=(/sys/kernel/debug/vhostlab/*/features)
	echo $(($(<"${files[-1]}") >> $1 & 1))
}

# counter QUEUE NAME: the sum over all open devices
counter()
{
	{ cat /sys/kernel/debug/vhostlab/*/"$1" 2>/dev/null || true; } |
		awk -v name="$2" '$1 == name { sum += $2 } END { print sum + 0 }'
}
