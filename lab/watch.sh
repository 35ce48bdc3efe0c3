# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Ends a lab VM that makes no progress. Sourced by lab/run, whose variables it reads: dir timeout
# relays.
#
# Progress is a byte of output from the VM, of the command or of the kernel on its console. Time
# counts only while this machine lets QEMU run: the time that its threads wait for a processor is
# subtracted. So a run takes longer on a busy machine, but does not fail. A command that writes
# without end is ended after CHATTER times the limit.
CHATTER=20

# Bytes that the relays have passed on, in $heard; 0 where this kernel does not count them.
heard_bytes()
{
	local pid word number
	heard=0
	# shellcheck disable=SC2154 # of lab/run
	for pid in "${relays[@]}"; do
		[[ -r /proc/$pid/io ]] || continue
		while read -r word number; do
			[[ $word != rchar: ]] || heard=$((heard + number))
		done 2>/dev/null <"/proc/$pid/io" || true
	done
}

# The longest time that a thread of QEMU waited for a processor since the last call, in nanoseconds,
# in $starved.
starved_time()
{
	local task ran waited rest since
	starved=0
	for task in "/proc/$1/task"/*; do
		{ read -r ran waited rest <"$task/schedstat"; } 2>/dev/null || continue
		since=$((waited - ${waits[$task]:-0}))
		waits[$task]=$waited
		[[ $since -le $starved ]] || starved=$since
	done
	: "$ran" "$rest"
}

# watch PID: ends QEMU, and writes why to $dir/ended, when it is time.
watch()
{
	# shellcheck disable=SC2154 # of lab/run
	local nap now before span silent=0 total=0 limit=$((timeout * 1000000)) heard starved last=-1
	local -A waits=()
	# A pipe without a writer: a wait that starts no process.
	exec {nap}<> <(:)
	before=${EPOCHREALTIME//[!0-9]/}
	# shellcheck disable=SC2154 # of lab/run
	: >"$dir/seen"
	while kill -0 "$1" 2>/dev/null; do
		read -rt 1 -u "$nap" _ || true
		now=${EPOCHREALTIME//[!0-9]/}
		starved_time "$1"
		heard_bytes
		span=$((now - before - starved / 1000))
		before=$now
		[[ $span -gt 0 ]] || continue
		silent=$((silent + span)) total=$((total + span))
		if [[ $heard -ne $last || $dir/console -nt $dir/seen ]]; then
			silent=0 last=$heard
			: >"$dir/seen"
		fi
		if [[ $silent -ge $limit ]]; then
			echo "$timeout s without output" >"$dir/ended"
		elif [[ $total -ge $((CHATTER * limit)) ]]; then
			echo "$((CHATTER * timeout)) s" >"$dir/ended"
		else
			continue
		fi
		kill -KILL "$1" 2>/dev/null || true
		break
	done
}
