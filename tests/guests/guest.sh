# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Guests for the tests, in the lab VM: starts a QEMU whose virtio-net is served
# by the device under test, gives the guest commands through its private port,
# and QEMU commands through QMP. Sourced after lib.sh.
#
# What a test may set before guests_start():
qemu=(qemu-system-x86_64)
machine=q35		# -machine, with its options
memory=256		# -m, with its options
append=			# more words for the guest's command line
nic=			# more properties of the virtio-net devices

# shellcheck source=bench/vm/port.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../bench/vm/port.sh"

# The guest that guest_runs() talks to; a test changes it when the guest moves.
guest=
# What belongs to guest NAME is in $work/NAME: console, out (what QEMU printed), pipes.
work=$(mktemp -d)
# 75 once something failed that lies below the module and the guest: see machine_fell()
fell=0
declare -A qemu_pid=() qmp_in=() qmp_out=() qmp_rest=()

# A test that stops in the middle says where.
trap 'note "stopped at lines $LINENO ${BASH_LINENO[*]}: $BASH_COMMAND" >&2' ERR

# guests_init DEVICE RELEASE KERNEL_DIR [PROGRAM...]: programs go into the guest
guests_init()
{
	local here release=$2
	here=$(dirname "${BASH_SOURCE[0]}")
	device=$1 kernel=$3
	shift 3
	modprobe tun
	[[ $device != /dev/vhost-net ]] || modprobe vhost_net
	modprobe kvm-amd 2>/dev/null || modprobe kvm-intel 2>/dev/null || true
	accel=tcg cpu=max
	if [[ -w /dev/kvm ]]; then
		accel=kvm cpu=host
	fi
	image=$kernel/vmlinux
	[[ -r $image ]] || image=$kernel/vmlinuz
	"$here/../../bench/vm/initramfs" "$release" "$kernel" "$work/initrd" "$@"
}

# Is this the module under test, which has counters, or the in-tree one?
ours()
{
	[[ $device != /dev/vhost-net ]]
}

# guest_mac INDEX: address of a guest's interface
guest_mac()
{
	printf '02:00:00:00:00:%02x' $((0x77 + $1))
}

# make_tap NAME: up, and silent of its own accord
make_tap()
{
	ip tuntap add "$1" mode tap vnet_hdr
	sysctl -q -w "net.ipv6.conf.$1.disable_ipv6=1"
	ip link set "$1" up
}

# guest_start NAME TAP[,TAP...] [QEMU-ARGUMENT...]: with an interface for each
# tap; becomes the guest guest_runs() talks to
guest_start()
{
	local name=$1 taps=() tap in out served devices=() nics=() folder=$work/$1
	IFS=, read -r -a taps <<<"$2"
	shift 2
	mkdir "$folder"
	mkfifo "$folder/port".{in,out} "$folder/qmp".{in,out}
	# Open for both ways, a pipe never ends and never blocks on opening.
	exec {in}<>"$folder/qmp.in" {out}<>"$folder/qmp.out"
	qmp_in[$name]=$in qmp_out[$name]=$out
	# The shell opens the device; QEMU only gets the number.
	for tap in "${taps[@]}"; do
		exec {served}<>"$device"
		devices+=("$served")
		nics+=(-netdev "tap,id=$tap,ifname=$tap,script=no,downscript=no,vhost=on,vhostfd=$served"
			-device "virtio-net-pci,netdev=$tap,mac=$(guest_mac $((${#devices[@]} - 1)))$nic")
	done
	"${qemu[@]}" -nodefaults -no-user-config -display none -no-reboot \
		-machine "$machine" -accel "$accel" -cpu "$cpu" -smp 1 -m "$memory" \
		-kernel "$image" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 $append" \
		-serial "file:$folder/console" \
		-chardev "pipe,id=qmp,path=$folder/qmp" -mon chardev=qmp,mode=control \
		"${nics[@]}" -device virtio-serial-pci \
		-chardev "pipe,id=port,path=$folder/port" -device virtserialport,chardev=port \
		"$@" >"$folder/out" 2>&1 &
	qemu_pid[$name]=$!
	# QEMU alone has the devices open: they end with it.
	for served in "${devices[@]}"; do
		exec {served}>&-
	done
	: >"$folder/events"
	guest=$name
	# No command is taken before this one.
	qmp "$name" qmp_capabilities
}

# running NAME: does its QEMU live?
running()
{
	kill -0 "${qemu_pid[$1]:-}" 2>/dev/null
}

# guest_gone NAME SECONDS: waits for QEMU to end; its exit code, 124 if it does not
guest_gone()
{
	local name=$1 status=0 i
	for ((i = 0; i < 10 * $2; i++)); do
		running "$name" || break
		sleep 0.1
	done
	! running "$name" || return 124
	wait "${qemu_pid[$name]}" || status=$?
	unset "qemu_pid[$name]"
	return "$status"
}

# Ends every guest there still is. For the trap.
guests_stop()
{
	local name
	[[ ! -e $work/fell ]] || fell=75
	for name in "${!qemu_pid[@]}"; do
		kill -KILL "${qemu_pid[$name]}" 2>/dev/null || true
		wait "${qemu_pid[$name]}" 2>/dev/null || true
	done
	rm -rf "$work"
}

# The trap's last: a test during which the machine below crashed ends with 75, which subtest() knows.
guests_verdict()
{
	((fell == 0)) || exit "$fell"
}

# guest_boot NAME TAP[,TAP...] [QEMU-ARGUMENT...]: starts it and waits until it takes
# commands; says what it and QEMU printed when it does not.
guest_boot()
{
	guest_start "$@" || true
	! guest_ready "$work/$1" "${qemu_pid[$1]}" 180 || return 0
	guest_silent "$1"
	return 1
}

# guest_runs COMMAND: a single line, in the guest; its output to stdout, its exit code
guest_runs()
{
	local status=0
	in_guest "$work/$guest" "$1" || status=$?
	((status != 255)) || guest_silent "$guest" >&2
	return "$status"
}

# guest_silent NAME: says what can be known of a guest that does not answer, or
# whose QEMU does not: where its processor is, twice, where QEMU's threads are,
# the output of guest, kernel and module
guest_silent()
{
	local name=$1 answer='' line patience=5 ours=0 i
	if running "$name"; then
		for i in 1 2; do
			qmp "$name" human-monitor-command '{"command-line": "info registers"}' || break
			note "$(printf '%b' "$answer" | tr -d '\r' | grep -E 'RIP|RAX|RSP' | tr '\n' ' ')"
		done
		# Silence is never the machine's doing: a wake-up that the device lost looks the same.
		where_is "$name"
		ours=1
	else
		while qmp_line "$name" 1; do
			echo "$line" >>"$work/$name/events"
		done
		# A guest that was reset ends its QEMU (-no-reboot); anything else that does is for us to explain.
		grep -q '"SHUTDOWN".*"guest-reset"' "$work/$name/events" || ours=1
		note "QEMU $name has ended"
	fi
	tail -n 3 "$work/$name/events" | sed 's/^/# event: /'
	sed 's/^/# qemu: /' "$work/$name/out"
	tail -n 40 "$work/$name/console" 2>/dev/null | sed 's/^/# guest: /' || true
	dmesg | tail -n 8 | sed 's/^/# kernel: /'
	grep -sH ' [1-9]' /sys/kernel/debug/vhostlab/*/[rt]x | sed 's/^/# /' || true
	((ours)) || machine_fell "$name"
}

# where_is NAME: what each of QEMU's threads waits for in the kernel
where_is()
{
	local task stack
	for task in "/proc/${qemu_pid[$1]}/task"/*; do
		stack=$(sed 's/^[^ ]* //' "$task/stack" | tr '\n' ' ')
		note "$(<"$task/comm") $(sed -n 's/^State:[[:space:]]*//p' "$task/status"): $stack"
	done
}

# machine_fell NAME: the emulated machine does not always survive a virtual one
# inside, with whatever device (lab/run). That is what it was when KVM reset a
# guest (reported by its QEMU at its end) whose kernel printed nothing, and our
# module found no rule broken. One that hangs is a failure, always.
machine_fell()
{
	! grep -qsE 'panic|BUG|Oops|Call Trace|reboot:' "$work/$1/console" || return 0
	! grep -qs '^error_.* [1-9]' /sys/kernel/debug/vhostlab/*/[rt]x || return 0
	note "the machine below fell"
	: >"$work/fell"
}

# qmp_line NAME SECONDS: what QEMU says next is in $line. When time is out in
# the middle of a line, the first half is kept for the next call.
qmp_line()
{
	local part status=0
	IFS= read -r -t "$2" part <&"${qmp_out[$1]}" || status=$?
	qmp_rest[$1]=${qmp_rest[$1]:-}$part
	((status == 0)) || return 1
	line=${qmp_rest[$1]%$'\r'}
	qmp_rest[$1]=
}

# qmp NAME COMMAND [ARGUMENTS]: what QEMU returns is in $answer (no process is
# started for it: some ask in a hurry); events are kept for qmp_event()
qmp()
{
	local name=$1 arguments=${3:-} line
	printf '{"execute": "%s", "arguments": %s}\n' "$2" "${arguments:-"{}"}" >&"${qmp_in[$name]}"
	while qmp_line "$name" "${patience:-60}"; do
		case $line in
		'{"return"'*)
			answer=${line#'{"return": '}
			answer=${answer%'}'}
			return
			;;
		'{"error"'*)
			note "QEMU $name, $2: $line"
			return 1
			;;
		*'"event":'*) echo "$line" >>"$work/$name/events" ;;
		esac
	done
	note "QEMU $name, $2: no answer"
	# It is guest_silent() that asks with less patience.
	[[ -n ${patience:-} ]] || guest_silent "$name"
	return 1
}

# qmp_event NAME CONDITION SECONDS: waits for an event that jq finds CONDITION
# true of; the first, which may have come already, is in $answer.
qmp_event()
{
	local name=$1 line end=$((SECONDS + $3))
	while :; do
		answer=$(jq -c "select($2)" "$work/$name/events" | head -n 1)
		[[ -z $answer ]] || return 0
		((SECONDS < end)) || return 1
		! qmp_line "$name" 1 || echo "$line" >>"$work/$name/events"
	done
}

# pings COUNT ADDRESS: five a second; all must be answered
pings()
{
	busybox ping -c "$1" -i 0.2 -w 30 "$2" >"$work/ping" 2>&1 || true
	note "$(tail -n 2 "$work/ping" | tr '\n' ' ')"
	grep -q "^$1 packets transmitted, $1 packets received, 0% packet loss" "$work/ping"
}

# check_silence NAME: one test: QEMU printed nothing about what the module does. If
# it did, the rules that our module found broken explain it.
check_silence()
{
	local complaints broken
	broken=$(grep -sH '^error_.* [1-9]' /sys/kernel/debug/vhostlab/*/[rt]x | tr '\n' ' ' || true)
	[[ -z $broken ]] || note "$broken"
	complaints=$(grep -ci 'vhost\|vring\|virtio' "$work/$1/out" || true)
	head -n 5 "$work/$1/out" | sed 's/^/# qemu: /'
	check "QEMU $1 had nothing to say about vhost or its rings" test "$complaints" -eq 0
}
