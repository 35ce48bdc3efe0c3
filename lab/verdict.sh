# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How a lab run ended, from what it left behind: the private result port, the console, the kernel
# log and QEMU's exit code. Sourced by lab/run, whose variables it reads: dir nonce status nested.

# The most complete kernel log: the copy from the log port if the VM wrote one, else the console.
kernel_log()
{
	# shellcheck disable=SC2154
	if [[ -s $dir/dmesg ]]; then cat "$dir/dmesg"; else cat "$dir/console"; fi
}

# The last 40 lines of it, or more when the first error is earlier than that.
log_excerpt()
{
	local text first lines start
	text=$(kernel_log | tr -d '\r' | tail -n 150)
	first=$(grep -n -m 1 -E -f "$LAB/patterns" <<<"$text" | cut -d: -f1 || true)
	lines=$(wc -l <<<"$text")
	start=$((lines - 39))
	[[ -z $first || $first -ge $((start + 3)) ]] || start=$((first - 3))
	tail -n "+$((start > 1 ? start : 1))" <<<"$text"
}

# fail_run TEXT [EXIT-CODE]: the end of the kernel log, then one line with what happened.
fail_run()
{
	local kept=$BUILD/lab/last-failure.log
	{
		echo "== console"
		cat "$dir/console"
		echo "== kernel log"
		cat "$dir/dmesg"
		echo "== qemu"
		cat "$dir/qemu.log"
		echo "== resets of the processors"
		cat "$dir/resets"
	} >"$kept.$$" 2>/dev/null && mv "$kept.$$" "$kept"
	echo "---- end of the kernel log ----" >&2
	log_excerpt >&2
	echo "-------------------------------" >&2
	die "${2:-1}" "lab: $1: whole log in $kept"
}

# The first line of the console with an error, without its time stamp.
culprit()
{
	tr -d '\r' <"$dir/console" | grep -m 1 -E -f "$LAB/patterns" | sed 's/^\[[^]]*\] *//' || true
}

# Whether the emulator recorded an unexpected triple fault. A restart also ends in one (reboot=t),
# but then the kernel has always announced it on the console.
triple_fault()
{
	grep -q '^Triple fault' "$dir/resets" && ! grep -q 'reboot: \|sysrq: Resetting' "$dir/console"
}

judge()
{
	local word mark rest line
	# shellcheck disable=SC2154
	if read -r word mark rest <"$dir/result" && [[ $mark == "$nonce" ]]; then
		case $word in
		done)
			# The machine still had to shut down after the result was written.
			line=$(culprit)
			[[ -z $line ]] || fail_run "the kernel died on its way down: $line"
			exit "$rest"
			;;
		kernel) fail_run "trouble in the kernel (the command itself ended with ${rest%% *}): ${rest#* }" ;;
		setup) fail_run "the VM could not be set up: $rest" ;;
		esac
	fi
	line=$(culprit)
	[[ -z $line ]] || fail_run "the kernel died: $line"
	if [[ -s $dir/ended ]]; then
		fail_run "time-out: no verdict after $(<"$dir/ended"), the command or the kernel hangs"
	fi
	# shellcheck disable=SC2154
	if [[ $status != 0 ]]; then
		cat "$dir/qemu.log" >&2
		fail_run "QEMU ended with $status: see its message above"
	fi
	line=$(grep -m 1 -h 'vhostlab-init:\|vhostlab-stage2:' "$dir/console" | tr -d '\r' || true)
	[[ -z $line ]] || fail_run "the VM did not get to the command: $line"
	# shellcheck disable=SC2154
	if ((nested)) && triple_fault; then
		fail_run "silent power-off: triple fault of the emulated machine with a virtual one inside: try again" 75
	fi
	fail_run "silent power-off: the machine went down without a verdict"
}
