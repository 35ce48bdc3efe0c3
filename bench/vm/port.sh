# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A guest's private port, seen from outside: the pipes DIR/port.in and DIR/port.out, with init at the other end.
# Sourced, never run.

# guest_ready DIR PID SECONDS: waits until the guest takes commands; fails when it does not, or when its QEMU, PID, ends.
guest_ready()
{
	local out part line='' until=$((SECONDS + $3))
	exec {out}<>"$1/port.out"
	while [[ $line != ready* ]]; do
		if ! kill -0 "$2" 2>/dev/null || [[ $SECONDS -ge $until ]]; then
			exec {out}>&-
			return 1
		fi
		# After a time-out, it may have read half a line.
		IFS= read -r -t 1 part <&"$out" || true
		line+=$part
	done
	exec {out}>&-
}

# in_guest DIR COMMAND: runs a line in the guest; its output to stdout, its exit code, 255 when the guest does not answer.
in_guest()
{
	local in out line code=255
	exec {in}<>"$1/port.in" {out}<>"$1/port.out"
	echo "$2" >&"$in"
	while IFS= read -r -t "${PORT_PATIENCE:-60}" line <&"$out"; do
		line=${line%$'\r'}
		case $line in
		': '*) echo "${line#: }" ;;
		'= '*)
			code=${line#= }
			break
			;;
		esac
	done
	exec {in}>&- {out}>&-
	return "$code"
}
