# SPDX-License-Identifier: GPL-2.0-only
# How long round trips are, by percentile. Reads figures/latency.dat, made by report/inside.py.
load plots . "/style.gp"
set xlabel "percentile of the round trips"
set ylabel time_unit . " per round trip (log scale)"
unset offsets
# As many blocks a panel as servers; the first ones, as only real guests know vhostuser.
stats data using 1 nooutput
blocks = STATS_blocks / panels
stats data using 2 nooutput name "length"
set logscale y 2
set yrange [length_min / 1.15:length_max * 1.15]
set ytics (0)
do for [k = 1:10] { do for [m in "1 1.25 1.5 2 2.5 3 4 5 6 8"] { set ytics add (sprintf("%.0f", m * 10 ** k) m * 10 ** k) } }
# Each nine has the same width.
set logscale x
set xrange [1:20000]
set xtics ("0" 1, "50" 2, "90" 10, "99" 100, "99.9" 1000, "99.99" 10000)
set grid xtics
set multiplot layout lines, columns title "Round-trip time by percentile: marks at p50, p99 and p99.9\n" . subtitle font ",14"
do for [i = 1:panels] {
	set title panel(i) offset 0, 0.3
	if (i > 1) { unset key }
	plot for [s = 1:blocks] data index blocks * (i - 1) + s - 1 using (1 / (1 - $1)):2 every ::1 \
		with lines linewidth 2 linecolor rgb colour[s] title word(servers, s), \
		for [s = 1:blocks] data index blocks * (i - 1) + s - 1 using ($3 == 1 ? 1 / (1 - $1) : NaN):2 every ::1 \
		with points pointtype mark[s] pointsize 1.2 linecolor rgb colour[s] notitle
}
unset multiplot
