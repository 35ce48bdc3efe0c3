# SPDX-License-Identifier: GPL-2.0-only
# One burst, from `stages --burst`, into two blocks: stages (from, to, y, colour, name), then events (time, y, name).
# Time begins when the guest kicks, or when the first frame of a received burst wakes the worker.
BEGIN {
	rows = split("guest_kick kick waking runs work_start desc copy used call waking_guest guest_awake", name, " ")
	split("guest kicks|kick arrives|worker is woken|worker runs|work_start|desc|" (workload == "tx" ? "copy_tx" : "copy_rx") \
		"|used|call|guest is woken|guest is awake", label, "|")
	for (i = 1; i <= rows; i++) row[name[i]] = i
	split("kick 0x666666 wake 0x909090 look 0x004d38 copy 0x009e73 hand 0x66c5ab publish 0xa7e2d3 call 0xb8b8b8 guest 0xe0e0e0", c, " ")
	for (i = 1; i in c; i += 2) colour[c[i]] = c[i + 1]
	zero = -1
}
$1 == "stage" { n++; stage[n] = $2; from[n] = $3; to[n] = $4; if (zero < 0 && ($2 == "kick" || $2 == "wake")) zero = $3 }
$1 == "event" && ($2 in row) { m++; event[m] = $2; at[m] = $3 }
END {
	if (zero < 0 || !m) exit 1
	printf "# panel %s, burst of %d frames\nfrom to colour name\n", workload == "tx" ? "transmit" : "receive", burst
	for (i = 1; i <= n; i++)
		if (from[i] >= zero)
			printf "%d %d %d \"%s\"\n", from[i] - zero, to[i] - zero, strtonum_(colour[stage[i]]), stage[i]
	printf "\n\ntime row name\n"
	for (i = 1; i <= m; i++)
		if (at[i] >= zero)
			printf "%d %d \"%s\"\n", at[i] - zero, rows + 1 - row[event[i]], label[row[event[i]]]
}
# mawk has no strtonum for hexadecimal.
function strtonum_(text,  i, v) {
	for (i = 3; i <= length(text); i++) v = v * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return v
}
