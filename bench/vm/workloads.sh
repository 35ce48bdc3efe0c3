# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The workloads of QEMU guests. Each has start_, stop_ and result_: start GUEST FILES SECONDS begins it for some time
# longer than that and returns at once; stop GUEST FILES ends it; result GUEST FILES prints one JSON object:
#
#   latency    round trips in ns, all or a few percentiles of them, or null
#   sent, lost of the whole pass, at its far end, or null where the taps know better
#   more       what else the tool printed
#
# FILES is the beginning of file names; FILES.out is the tool's output. Clients run on our side of the tap, servers in the
# guest, so the tools' clocks and results are ours. Sourced by point, whose variables it uses.
# shellcheck disable=SC2154

# What is offered in frames per second where the sender does not wait for the receiver. The packet
# generator spins when less than 0.1 ms is left until its next frame; on one processor the guest's
# own work on a frame comes off that time, and on the instruction clock each turn would count.
# It has no common measure with the timer ticks of both kernels, so that a window holds all phases of
# frames and ticks, whichever it began with.
rate=3777
# Headers: Ethernet 14, IPv4 20, UDP or ICMP 8, TCP with time stamps 32.
UDP_HEADERS=42
TCP_HEADERS=66

workload_names()
{
	declare -F | sed -n 's/^declare -f start_//p' | tr '\n' ' '
}

# The frames that count, as the guest sees them.
direction_of()
{
	case $1 in
	tx | udp_tx | tcp_tx) echo out ;;
	rx | udp_rx | tcp_rx) echo in ;;
	*) echo both ;;
	esac
}

# tell NUMBER COMMAND: in the guest. The state of one that no longer answers is printed, since it cannot be asked later.
tell()
{
	local code=0 folder=$session/guest-$1 state=ended
	in_guest "$folder" "$2" || code=$?
	if [[ $code -eq 255 ]]; then
		! kill -0 "$(<"$folder/pid")" 2>/dev/null || state=runs
		echo "vhostlab: guest $1: it does not answer, its QEMU $state; the last output of both:" >&2
		tail -n 10 -- "$folder/console" "$folder/out" >&2 || true
	fi
	return "$code"
}

# Counters of the guest and of its tap, at rest.
guest_counters()
{
	local guest tap
	# shellcheck disable=SC2016 # for the guest's shell
	guest=$(tell "$1" 'cd /sys/class/net/eth0/statistics && echo $(cat rx_packets tx_packets rx_dropped tx_dropped)')
	# shellcheck disable=SC2016 # for awk
	tap=$(in_net awk -v tap="tap$1:" '$1 == tap { print $3, $11, $5, $13 }' /proc/net/dev)
	# shellcheck disable=SC2086 # words
	jq -n -c --args '$ARGS.positional | map(tonumber) |
		{guest: {in: .[0], out: .[1], in_dropped: .[2], out_dropped: .[3]},
		 tap: {out: .[4], in: .[5], out_dropped: .[6], in_dropped: .[7]}}' $guest $tap
}

# on_host FILES COMMAND...: a client of ours in the background
on_host()
{
	local files=$1
	shift
	# Not through a function: the process we know must be the client itself, which a signal is to reach.
	nsenter --target "$net" --net -- "$@" >"$files.out" 2>"$files.err" &
	jobs+=("$!")
	echo "$!" >"$files.pid"
}

# end_host FILES: ends it as Ctrl-C would, so that it says what it measured
end_host()
{
	local pid
	pid=$(<"$1.pid")
	kill -INT "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# serve NUMBER PORT COMMAND: a server in the guest, ready when it has its port
serve()
{
	local port
	port=$(printf ':%04X ' "$2")
	tell "$1" "$3 >/tmp/server 2>&1 & until cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp 2>/dev/null | grep -q '$port' || ! kill -0 \$!; do usleep 20000; done; kill -0 \$! || cat /tmp/server"
}

# end_guest NUMBER NAME: the guest's server of that name
end_guest()
{
	tell "$1" "killall $2; while pidof $2 >/dev/null; do usleep 20000; done" >/dev/null || true
}

# ping answers itself; -A has the next request follow an answer at once.
start_ping()
{
	on_host "$2" ping -A -n -w $((4 * $3)) -s $((size - UDP_HEADERS)) "$(guest_ip "$1")"
}
stop_ping()
{
	end_host "$2"
}
result_ping()
{
	# One that was under way at the end is not lost: a gap in the numbers is.
	sed -n 's/^.*icmp_seq=\([0-9]*\) .*time=\([0-9.]*\) ms.*/\1 \2/p' "$2.out" |
		jq -n -R -c '[inputs | split(" ") | map(tonumber)] | .[(length / 6 | floor):] as $late |
			{latency: ($late | map(.[1] * 1e6)), sent: .[-1][0], lost: (.[-1][0] - length), more: {}}'
}

# start_trips NUMBER FILES PROTOCOL PAYLOAD: one message under way. Those of the warm-up are not
# timed, those of as many frames as the pass has are.
start_trips()
{
	local number=$1 files=$2 protocol=$3 payload=$4
	serve "$number" 11111 "trips answer $protocol 11111" >"$files.out"
	on_host "$files" "$build/bench/trips" ask "$protocol" "$(guest_ip "$number")" 11111 "$payload" $((warm / 2)) $((frames / 2))
}
stop_trips()
{
	end_host "$2"
	end_guest "$1" trips
}
result_trips()
{
	jq -c 'select(.latency | length > 0) + {more: {}}' "$2.out" | grep . ||
		die 1 "workload $workload: trips timed nothing: $(tail -n 2 "$2.err" | tr '\n' ' ')"
}
start_udp_rr()
{
	start_trips "$1" "$2" udp $((size - UDP_HEADERS))
}
stop_udp_rr()
{
	stop_trips "$@"
}
result_udp_rr()
{
	result_trips "$@"
}
start_tcp_rr()
{
	start_trips "$1" "$2" tcp $((size - TCP_HEADERS))
}
stop_tcp_rr()
{
	stop_trips "$@"
}
result_tcp_rr()
{
	result_trips "$@"
}

# start_iperf NUMBER FILES SECONDS OPTION...
start_iperf()
{
	local number=$1 files=$2 seconds=$3
	shift 3
	serve "$number" 5201 'iperf3 -s -1' >"$files.out"
	on_host "$files" iperf3 -J -c "$(guest_ip "$number")" -t $((4 * seconds)) -P "$queues" "$@"
}
stop_iperf()
{
	end_host "$2"
	end_guest "$1" iperf3
}
result_iperf()
{
	jq -c '{latency: null, sent: .end.sum.packets, lost: .end.sum.lost_packets,
		more: ({retransmits: .end.sum_sent.retransmits, sent_per_second: (.end.sum | if .seconds and .packets then .packets / .seconds else null end)}
			| with_entries(select(.value != null)))}' "$2.out" ||
		die 1 "workload $workload: iperf3 gave no result: $(tail -n 2 "$2.err" | tr '\n' ' ')"
}
start_tcp_tx()
{
	start_iperf "$1" "$2" "$3" -R
}
stop_tcp_tx()
{
	stop_iperf "$@"
}
result_tcp_tx()
{
	result_iperf "$@"
}
start_tcp_rx()
{
	start_iperf "$1" "$2" "$3"
}
stop_tcp_rx()
{
	stop_iperf "$@"
}
result_tcp_rx()
{
	result_iperf "$@"
}
# With several streams each gets its share of the rate.
start_udp_tx()
{
	start_udp_rx "$@" -R
}
stop_udp_tx()
{
	stop_iperf "$@"
}
result_udp_tx()
{
	result_iperf "$@"
}
start_udp_rx()
{
	local payload=$((size - UDP_HEADERS))
	start_iperf "$1" "$2" "$3" -u -l "$payload" -b $((rate * payload * 8 / queues)) "${@:4}"
}
stop_udp_rx()
{
	stop_iperf "$@"
}
result_udp_rx()
{
	result_iperf "$@"
}

# pktgen_options DEVICE NUMBER DESTINATION-IP DESTINATION-MAC: one per line, for a device of the packet generator
pktgen_options()
{
	printf '%s\n' 'count 0' 'clone_skb 0' "pkt_size $size" "dst $3" "dst_mac $4" 'udp_dst_min 9' 'udp_dst_max 9'
}

# In the guest: a thread a processor, each on its own queue.
start_tx()
{
	local number=$1 queue command option
	command='[ -d /proc/net/pktgen ] || insmod /pktgen/*.ko'
	for ((queue = 0; queue < queues; queue++)); do
		command+="; echo rem_device_all >/proc/net/pktgen/kpktgend_$queue; echo add_device eth0@$queue >/proc/net/pktgen/kpktgend_$queue"
		while read -r option; do
			command+="; echo '$option' >/proc/net/pktgen/eth0@$queue"
		done < <(pktgen_options eth0 "$number" "$(unused_ip "$number")" "$(host_mac "$number")"
			printf '%s\n' "queue_map_min $queue" "queue_map_max $queue")
	done
	tell "$number" "$command" >"$2.err"
	tell "$number" 'echo start >/proc/net/pktgen/pgctrl & echo started' >"$2.out"
}
stop_tx()
{
	tell "$1" 'echo stop >/proc/net/pktgen/pgctrl; wait; cat /proc/net/pktgen/eth0@*' >"$2.out"
}
result_tx()
{
	echo '{"latency":null,"sent":null,"lost":null,"more":{}}'
}

# On our side: the tap of each guest, at a rate; one start for all of them, with the last.
start_rx()
{
	local number=$1 option device=tap$1
	[[ $number -gt 1 ]] || in_net sh -c 'echo rem_device_all >/proc/net/pktgen/kpktgend_0'
	in_net sh -c "echo add_device $device >/proc/net/pktgen/kpktgend_0"
	while read -r option; do
		in_net sh -c "echo '$option' >/proc/net/pktgen/$device"
	done < <(pktgen_options "$device" "$number" "$(unused_ip "$number")" "$(guest_mac "$number")"
		printf '%s\n' "ratep $rate" "queue_map_min 0" "queue_map_max $((queues - 1))")
	[[ $number -lt $guests ]] || on_host "$2" sh -c 'echo start >/proc/net/pktgen/pgctrl'
}
stop_rx()
{
	[[ -s $2.pid ]] || return 0
	in_net sh -c 'echo stop >/proc/net/pktgen/pgctrl'
	wait "$(<"$2.pid")" 2>/dev/null || true
}
result_rx()
{
	jq -n -c --argjson rate "$rate" '{latency: null, sent: null, lost: null, more: {offered_per_second: $rate}}'
}
