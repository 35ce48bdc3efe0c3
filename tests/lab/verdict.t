#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What lab/run makes of commands and kernels that succeed, fail, are skipped, warn, oops, panic, lock up, hang, vanish or are
# interrupted: each must end with the right exit code and the right line. Every case boots a VM of its own.
set -Eeuo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.."
ROOT=$PWD
BUILD=${VHOSTLAB_BUILD:-$ROOT/build}
PATH=$PATH:/usr/sbin:/sbin

if [[ -n ${VHOSTLAB_LAB:-} ]]; then
	echo "1..0 # SKIP this is the lab VM: lab/run boots one from outside"
	exit 0
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
bad=0

# ok RESULT NAME: one TAP line; on failure the last run's output
ok()
{
	count=$((count + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		bad=1
		{ echo "exit code $code"; tail -n 20 "$tmp/out" "$tmp/err"; } | sed 's/^/# /'
	fi
}

# lab ARG...: one run; leaves code, $tmp/out, $tmp/err. One CPU, where two are not the point: it boots sooner.
cpus=(--cpus 1)
lab()
{
	code=0
	lab/run --no-module --quiet "${cpus[@]}" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
}

# check NAME CODE [PATTERN]: exit code, and an extended pattern that one line of stderr must match
check()
{
	local result=0
	[[ $code == "$2" ]] || result=1
	[[ -z ${3:-} ]] || grep -qE -- "$3" "$tmp/err" || result=1
	ok "$result" "$1"
}

truth()
{
	local result=0
	"${@:2}" || result=1
	ok "$result" "$1"
}

# ---- wrong use, without a boot ----
lab --clock moon -- true
check "an unknown clock is wrong use" 2 '^vhostlab: lab/run: --clock is insn or wall'
lab
check "no command is wrong use" 2 '^vhostlab: lab/run: no command'
lab --frobnicate -- true
check "an unknown option is wrong use" 2 'unknown option --frobnicate'
lab --timeout soon -- true
check "a time-out that is no number is wrong use" 2 "--timeout wants a whole number, not 'soon'"
lab --clock insn --cpus 2 -- true
check "two CPUs on the instruction clock are wrong use" 2 'the instruction clock has one CPU'
lab --kernel 2.4 -- true
check "an unknown kernel is wrong use" 2 "unknown kernel '2.4'"
lab --rw /proc/nowhere -- true
check "a share that cannot be made fails before the boot" 1 '^vhostlab: lab/run: --rw /proc/nowhere: cannot create it'
mkdir "$tmp/bare"
for tool in bash dirname readlink; do ln -s "$(command -v "$tool")" "$tmp/bare/$tool"; done
code=0
# The sourced library appends sbin; QEMU is in none of these, unless this system links bin to sbin.
PATH=$tmp/bare lab/run --no-module -- true >"$tmp/out" 2>"$tmp/err" || code=$?
check "without QEMU it cannot run here and names the package" 77 'qemu-system-x86_64 is not installed.*package qemu-system-x86'

# ---- commands ----
share=$tmp/share,with\ space
cpus=()
# shellcheck disable=SC2016 # expanded in the VM
lab --rw "$share" -- bash -c 'echo to-out; echo to-err >&2; echo again >/dev/stderr
	test "$(id -u)" = 0 && test "$PWD" = "$1" && test "$VHOSTLAB_LAB $VHOSTLAB_CLOCK" = "1 wall" || exit 9
	echo written >"$2/file" && ! touch /usr/bin/x "$1/x" 2>/dev/null && touch /tmp/x /run/x /var/tmp/x /root/x || exit 10
	for m in /sys/kernel/debug /sys/kernel/tracing /sys/fs/bpf /sys/fs/cgroup /dev/pts; do
		mountpoint -q $m || { echo "$m is not mounted"; exit 11; }
	done
	ip -o link show lo | grep -q UP || exit 12
	modprobe -a tun vhost_net macvtap veth pktgen bridge sch_ingress act_mirred cls_matchall dummy kvm-amd || exit 13
	test -c /dev/vhost-net && test -c /dev/net/tun || exit 14
	exit 42' job "$ROOT" "$share"
check "the command's exit code comes through; machine, mounts and modules are as promised" 42
truth "stdout is separate" test "$(cat "$tmp/out")" = to-out
truth "stderr is separate" test "$(cat "$tmp/err")" = $'to-err\nagain'
truth "a file written to a share is on the host" test "$(cat "$share/file" 2>/dev/null)" = written

cpus=(--cpus 1)
# shellcheck disable=SC2016
lab --clock insn -- bash -c 'test "$VHOSTLAB_CLOCK $VHOSTLAB_ACCEL $(nproc)" = "insn tcg 1" || exit 9
	test "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)" = tsc || exit 10
	sleep 1000; echo "a burst without a line end" | tr -d "\n"; (sleep 3000 &) ; exit 77'
check "a skipped command (77) stays one, on the instruction clock" 77
truth "its output arrived whole" test "$(cat "$tmp/out")" = "a burst without a line end"

lab -- bash -c 'seq 200000; exit 1'
check "a failed command is a failure" 1
truth "a large output arrives whole and in order" cmp -s "$tmp/out" <(seq 200000)

# Longer in all than the limit, but never as long without output.
# shellcheck disable=SC2016 # expanded in the VM
lab --timeout 12 -- bash -c 'for i in {1..5}; do sleep 4; echo "$i"; done'
check "a slow command that goes on saying something is not ended" 0

# descendants PID: it and everything below it
descendants()
{
	local child
	echo "$1"
	for child in $(ps -o pid= --ppid "$1"); do
		descendants "$child"
	done
}

for signal in INT:130 TERM:143; do
	code=0
	: >"$tmp/out"
	# A shell starts its background jobs with SIGINT ignored; env puts that right.
	mkdir -p "$tmp/scratch"
	TMPDIR=$tmp/scratch env --default-signal=INT lab/run --no-module --quiet --cpus 1 -- bash -c 'echo first; sleep 100' \
		>"$tmp/out" 2>"$tmp/err" </dev/null &
	job=$!
	for _ in {1..150}; do
		[[ -s $tmp/out ]] && break
		sleep 0.1
	done
	truth "output arrives while the command runs" test "$(cat "$tmp/out")" = first
	family=$(descendants "$job")
	names=$(for pid in $family; do cat "/proc/$pid/comm"; done 2>/dev/null)
	kill -"${signal%:*}" "$job"
	wait "$job" || code=$?
	check "a run interrupted by SIG${signal%:*} says so" "${signal#*:}"
	left=$(for pid in $family; do [[ ! -d /proc/$pid ]] || echo "$pid"; done)
	truth "its QEMU was there and has ended" test "$(grep -c qemu <<<"$names")/$left" = 1/
	truth "so are its scratch files" test -z "$(ls -A "$tmp/scratch")"
done

# ---- kernels that go wrong ----
release=$(lab/kernel --quiet release)
mkdir -p "$BUILD/tests/lab/crash"
cp tests/lab/crash/Kbuild tests/lab/crash/crash.c "$BUILD/tests/lab/crash/"
code=0
make -s -C "$(lab/kernel --quiet headers)" M="$BUILD/tests/lab/crash" modules >"$tmp/out" 2>"$tmp/err" || code=$?
check "the crashing module builds for $release" 0
ko=$BUILD/tests/lab/crash/crash.ko

lab -- bash -c "insmod $ko how=warn; dmesg -C; echo survived"
check "a WARNING fails a command that succeeded, even with the log cleared" 1 '^vhostlab: lab: trouble in the kernel \(the command itself ended with 0\)'
truth "the command itself had gone on" grep -q survived "$tmp/out"
lab -- insmod "$ko" how=warn
check "the WARNING is named and the log shown" 1 'trouble in the kernel.*WARNING: CPU'
truth "the end of the kernel log is there" grep -q 'the crash module was asked to warn' "$tmp/err"
lab -- insmod "$ko" how=oops
check "an oops" 1 '^vhostlab: lab: the kernel died: (BUG: kernel NULL pointer|BUG: unable to handle)'
lab -- bash -c 'echo c >/proc/sysrq-trigger'
check "a panic" 1 '^vhostlab: lab: the kernel died: .*sysrq triggered crash'
lab --timeout 60 -- bash -c "echo 2 >/proc/sys/kernel/watchdog_thresh; insmod $ko how=lockup"
check "a kernel that spins" 1 '^vhostlab: lab: the kernel died: .*soft lockup'
lab --timeout 60 -- bash -c "echo 2 >/proc/sys/kernel/hung_task_timeout_secs; insmod $ko how=hung"
check "a task that hangs" 1 '^vhostlab: lab: trouble in the kernel.*blocked for more than'
lab --clock insn --timeout 9 -- insmod "$ko" how=dead
check "a machine that is dead" 1 '^vhostlab: lab: time-out: no verdict after 9 s'
lab -- reboot -f
check "a silent power-off" 1 '^vhostlab: lab: silent power-off'
lab --nested -- insmod "$ko" how=triple
check "a triple fault with a virtual machine inside may be tried again" 75 '^vhostlab: lab: silent power-off: triple fault.*try again'
lab -- insmod "$ko" how=triple
check "a triple fault without one may not" 1 '^vhostlab: lab: silent power-off'
# A restart that was asked for ends in a triple fault, too, and a hang in nothing.
lab --nested -- reboot -f
check "a silent power-off with a virtual machine inside is a failure" 1 '^vhostlab: lab: silent power-off'
lab --nested --timeout 12 -- sleep 1000
check "so is silence" 1 '^vhostlab: lab: time-out: no verdict after 12 s without output'

# ---- without root ----
if [[ $(id -u) != 0 ]]; then
	echo "ok $((count += 1)) - runs without root # SKIP every case above did"
elif ! setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$BUILD/lab/accel.json" -a -x "$ROOT"; then
	echo "ok $((count += 1)) - runs without root # SKIP the tree is not readable for another user"
else
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups lab/run --no-module --cpus 1 --accel tcg -- id -u \
		>"$tmp/out" 2>"$tmp/err" || code=$?
	check "runs without root" 0
fi
echo "1..$count"
exit $bad
