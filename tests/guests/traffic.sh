# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Traffic between a guest (10.77.0.2) and the lab VM (10.77.0.1), both ways,
# every byte checked: a program at either end. Sourced after guest.sh.
stream=	# stream.c, built; a test sets it and takes the program into the guest

# What each end printed, by the name of the stream.
declare -A far_pid=() answers=()

# far_end NAME ARGUMENT...: our end of a stream, in the background
far_end()
{
	local name=$1
	shift
	# shellcheck disable=SC2154 # work is guest.sh's
	"$stream" "$@" >"$work/$name" &
	far_pid[$name]=$!
}

# in_background NAME ARGUMENT...: the guest's end of a stream, likewise
in_background()
{
	local name=$1
	shift
	guest_runs "stream $* >/tmp/$name 2>&1 & echo \$! >/tmp/$name.pid"
}

# ended NAME: ends the guest's end
ended()
{
	local status=0
	answers[$1]=$(guest_runs "kill \$(cat /tmp/$1.pid) 2>/dev/null; wait \$(cat /tmp/$1.pid); cat /tmp/$1") || status=$?
	if ((status != 0)) || ! says "${answers[$1]}" 'type == "object"'; then
		note "the guest's end of $1 could not be ended: exit code $status, answer: ${answers[$1]//$'\n'/ | }"
		return 1
	fi
}

# far_ended NAME: ends our end
far_ended()
{
	kill "${far_pid[$1]}" 2>/dev/null || true
	wait "${far_pid[$1]}" || true
	unset "far_pid[$1]"
	answers[$1]=$(<"$work/$1")
}

streams_start()
{
	in_background tcp_in receive tcp 0.0.0.0 7001
	in_background udp_in receive udp 0.0.0.0 7002
	far_end tcp_out receive tcp 10.77.0.1 7003
	far_end udp_out receive udp 10.77.0.1 7004
	far_end tcp_in_sent send tcp 10.77.0.2 7001 --size 16384 --rate 20
	far_end udp_in_sent send udp 10.77.0.2 7002 --rate 100
	in_background tcp_out_sent send tcp 10.77.0.1 7003 --size 16384 --rate 20
	in_background udp_out_sent send udp 10.77.0.1 7004 --rate 100
}

# streams_end: ends all; what they printed is in $all, one JSON object
streams_end()
{
	local name
	far_ended udp_in_sent
	far_ended tcp_in_sent
	ended udp_out_sent
	ended tcp_out_sent
	# What was on its way has arrived when the answers to these have.
	pings 3 10.77.0.2 || true
	ended udp_in
	ended tcp_in
	far_ended udp_out
	far_ended tcp_out
	all=$(for name in tcp_in tcp_out udp_in udp_out; do
		jq -c "{$name: .}" <<<"${answers[$name]}"
		jq -c "{${name}_sent: .}" <<<"${answers[${name}_sent]}"
	done | jq -c -s add)
}

# For the trap.
streams_stop()
{
	[[ ${#far_pid[@]} -eq 0 ]] || kill -KILL "${far_pid[@]}" 2>/dev/null || true
}

# says JSON CONDITION
says()
{
	jq -e "$2" <<<"$1" >"$work/verdict"
}

# check_streams: four tests of $all. Datagrams into the guest may be lost here,
# as long as their receiver knows which.
check_streams()
{
	check "TCP into the guest: all $(jq .tcp_in_sent.bytes <<<"$all") bytes arrived unchanged" \
		says "$all" '.tcp_in.bytes == .tcp_in_sent.bytes and .tcp_in.corrupt == 0 and .tcp_in.bytes > 0'
	check "TCP out of the guest: all $(jq .tcp_out_sent.bytes <<<"$all") bytes arrived unchanged" \
		says "$all" '.tcp_out.bytes == .tcp_out_sent.bytes and .tcp_out.corrupt == 0 and .tcp_out.bytes > 0'
	# What the guest has sent is in its ring or delivered: nothing is lost.
	check "UDP out of the guest: all $(jq .udp_out_sent.sent <<<"$all") datagrams arrived once and unchanged" \
		says "$all" '.udp_out.received == .udp_out_sent.sent and .udp_out.corrupt == 0 and
			.udp_out.duplicates == 0 and .udp_out.received > 0'
	check "UDP into the guest: none of $(jq .udp_in_sent.sent <<<"$all") datagrams is corrupt or comes twice" \
		says "$all" '.udp_in.corrupt == 0 and .udp_in.duplicates == 0 and .udp_in.received > 0 and
			.udp_in.received + ([.udp_in.gaps[].count] | add // 0) == .udp_in_sent.sent'
}
