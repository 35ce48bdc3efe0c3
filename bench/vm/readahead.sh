# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Reads what a measurement will run before its time counts. Sourced, never run.
#
# In the lab files come from another machine. On the instruction clock nothing else happens while one is waited for, so the clock
# jumps from timer to timer, many seconds at a time: every limit would be over at once, and a window would begin or end anywhere.

# What a QEMU guest loads beside its own program.
QEMU_FILES=(/usr/share/qemu/*.bin /usr/share/qemu/*.rom /usr/share/seabios/*.bin /usr/lib/ipxe/qemu/* /usr/lib/*/qemu/*.so)

# What a guest and its measurement run, and what runs around them.
PROGRAMS=(qemu-system-x86_64 iperf3 ping ip nsenter unshare busybox jq sed awk grep cat tail tr sort seq stat sleep cpio xz xargs
	mkfifo rm cp mv mkdir chmod find ldd modprobe dpkg-query stdbuf)

# read_guest_programs KERNEL-DIR: all that is read while guests are measured, with its libraries
read_guest_programs()
{
	local name path files=()
	for name in "${PROGRAMS[@]}"; do
		! path=$(command -v "$name") || files+=("$path")
	done
	files+=("$build"/bench/{window,lend,trips,result})
	{
		printf '%s\n' "${files[@]}" "${QEMU_FILES[@]}" "$1"/vmlinu*
		ldd "${files[@]}" 2>/dev/null | grep -o '/[^ :]*' | sort -u || true
	} | xargs -d '\n' cat 2>/dev/null >/dev/null || true
}
