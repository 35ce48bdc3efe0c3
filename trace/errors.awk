# SPDX-License-Identifier: GPL-2.0-only
# What errors.bt cannot do itself: a table with the names of the rules, which stand in its lines about the first of each.
/^device [0-9]+ queue [0-9]+ index [0-9]+: / {
	number = $8
	gsub(/[()]/, "", number)
	name[number] = $7
}

/^@(errors|last_index)\[/ {
	split(substr($0, 2), part, /[][,:]+ ?/)
	key = part[2] " " part[3] " " part[4]
	if (part[1] == "errors")
		times[key] = part[5]
	else
		last[key] = part[5]
}

END {
	printf "\n%-8s %-6s %-14s %12s %12s\n", "device", "queue", "rule", "times", "index last"
	for (key in times) {
		split(key, part, " ")
		printf "%-8s %-6s %-14s %12d %12d\n", part[1], part[2] == 1 ? "tx" : "rx", name[part[3]], times[key], last[key]
		n++
	}
	if (!n)
		print "no rule was broken"
}
