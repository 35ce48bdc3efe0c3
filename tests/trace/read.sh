# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Readers of what a tool of trace/ printed, in $OUT/trace.txt. Sourced by tests.

# count MAP KEY-PATTERN: sum of the values of @MAP[KEY], 0 when there is none; without a histogram's.
count()
{
	awk -v map="@$1[" -v key="^($2)$" 'index($0, map) == 1 {
		i = index($0, "]: ")
		if (i && substr($0, length(map) + 1, i - length(map) - 1) ~ key) {
			line = substr($0, i + 3)
			if (line ~ /^count /) { split(line, p, /[ ,]+/); line = p[2] }
			n += line
		}
	}
	END { printf "%d\n", n }' "$OUT/trace.txt"
}

# total MAP KEY-PATTERN: the same, but the total of stats()
total()
{
	awk -v map="@$1[" -v key="^($2)$" 'index($0, map) == 1 {
		i = index($0, "]: ")
		if (i && substr($0, length(map) + 1, i - length(map) - 1) ~ key)
			n += $NF
	}
	END { printf "%d\n", n }' "$OUT/trace.txt"
}

# buckets MAP KEY-PATTERN: sum of a histogram's buckets
buckets()
{
	awk -v map="@$1[" -v key="^($2)$" 'index($0, map) == 1 {
		i = index($0, "]: ")
		on = i && i + 2 == length($0) && substr($0, length(map) + 1, i - length(map) - 1) ~ key
		next
	}
	/^$/ { on = 0 }
	on { split($0, p, "|"); m = split(p[1], w, " "); n += w[m] }
	END { printf "%d\n", n }' "$OUT/trace.txt"
}
