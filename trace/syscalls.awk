# SPDX-License-Identifier: GPL-2.0-only
# What syscalls.bt cannot do itself: names the calls, divides by the packets, leaves out who hardly calls.
BEGIN {
	n = split("0 read 1 write 3 close 7 poll 9 mmap 16 ioctl 19 readv 20 writev 23 select 24 sched_yield 35 nanosleep " \
		"44 sendto 45 recvfrom 46 sendmsg 47 recvmsg 202 futex 230 clock_nanosleep 232 epoll_wait 257 openat " \
		"270 pselect6 271 ppoll 281 epoll_pwait 299 recvmmsg 307 sendmmsg 426 io_uring_enter", word, " ")
	for (i = 1; i < n; i += 2)
		name[word[i]] = word[i + 1]
}

/^@calls\[/ {
	split(substr($0, 2), part, /[][,:]+ ?/)
	who = sprintf("%-16s %8s", part[2], part[3])
	total[who] += part[5]
	calls[who, ++kinds[who]] = part[4]
	times[who, kinds[who]] = part[5]
}

# Frames: the module's where it served; else those of the network device that saw most.
/^@module\[/ {
	module += $NF
}

/^@(received|transmitted)\[/ {
	if ($NF > device)
		device = $NF
}

END {
	packets = module ? module : device
	printf "\n%d packets, counted by %s\n", packets, module ? "the module" : "the busiest network device"
	if (!packets)
		exit
	printf "%-16s %8s %-16s %10s %12s\n", "process", "pid", "system call", "calls", "per packet"
	for (who in total) {
		if (total[who] / packets < 0.01)
			continue
		printf "%s %-16s %10d %12.4f\n", who, "all", total[who], total[who] / packets
		for (i = 1; i <= kinds[who]; i++)
			if (times[who, i] / packets >= 0.005)
				printf "%s %-16s %10d %12.4f\n", who, calls[who, i] in name ? name[calls[who, i]] : "number " calls[who, i],
					times[who, i], times[who, i] / packets
	}
}
