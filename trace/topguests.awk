# SPDX-License-Identifier: GPL-2.0-only
# What topguests.bt cannot do itself: divides, and sorts the devices by what they cost.
match($0, /^@(packets|bytes|runs|time)\[[0-9]+, [0-9]+\]: [0-9]+$/) {
	split(substr($0, 2), part, /[][,:]+ ?/)
	device = part[2]
	sum[part[1], device] += part[4]
	devices[device] = 1
}

/^@worker\[/ {
	split(substr($0, 2), part, /[][,:]+ ?/)
	worker[part[2]] = part[3]
}

END {
	printf "\n%-8s %-18s %10s %12s %8s %14s %12s %12s\n",
		"device", "worker", "packets", "bytes", "runs", "time", "time/run", "time/packet"
	for (d in devices)
		left[++n] = d
	for (; n > 0; n--) {
		best = 1
		for (i = 2; i <= n; i++)
			if (sum["time", left[i]] > sum["time", left[best]])
				best = i
		d = left[best]
		left[best] = left[n]
		runs = sum["runs", d]
		packets = sum["packets", d]
		printf "%-8s %-18s %10d %12d %8d %14d %12s %12s\n", d, worker[d], packets, sum["bytes", d], runs, sum["time", d],
			runs ? sprintf("%.0f", sum["time", d] / runs) : "-", packets ? sprintf("%.1f", sum["time", d] / packets) : "-"
	}
}
