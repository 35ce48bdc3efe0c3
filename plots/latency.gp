# SPDX-License-Identifier: GPL-2.0-only
# How long round trips are. Reads figures/latency.dat, made by report/.
load plots . "/style.gp"
set xlabel time_unit . " per round trip"
set ylabel "share of the trips (%, log scale)"
unset offsets
# As many blocks a panel as servers; the first ones, as only real guests know vhostuser.
stats data using 1 nooutput
blocks = STATS_blocks / panels
set logscale y
set yrange [0.01:100]
set ytics (0.01, 0.1, 1, 10, 100)
set style fill solid 0.75 noborder
set multiplot layout lines, columns title "How long round trips are\n" . subtitle font ",14"
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	plot for [s = 1:blocks] data index blocks * (i - 1) + s - 1 using (($1 + $2) / 2):3:($2 - $1) every ::1 \
		with boxes linecolor rgb colour[s] title word(servers, s)
}
unset multiplot
