# SPDX-License-Identifier: GPL-2.0-only
# What all figures share. The caller sets, with gnuplot -e: data (file), out (file without its ending),
# kind (svg or png), subtitle (clock, accelerator, kernel), cost_unit (of cost); a script may set
# panel_height (pixels) before it loads this.
# Colours belong to servers, never to positions; they are told apart with impaired colour vision too.
servers = "userspace intree vhostlab uring vhostuser"
array colour[5] = ["#d55e00", "#0072b2", "#009e73", "#e69f00", "#cc79a7"]
array mark[5] = [5, 7, 9, 11, 13]
place(name) = sum [s = 1:words(servers)] (word(servers, s) eq name ? s : 0)
panels = int(system(sprintf("grep -c '^# panel' '%s'", data)))
panel(n) = system(sprintf("sed -n 's/^# panel //p' '%s' | sed -n %dp", data, n))
# The columns of a data file, when they are servers.
names = system(sprintf("sed -n '/^# panel/ { n; s/^x //p; q }' '%s'", data))
columns = panels > 1 ? 2 : 1
lines = (panels + 1) / 2
width = columns == 2 ? 1160 : 760
if (!exists("panel_height")) panel_height = 330
height = 110 + panel_height * lines
if (kind eq "svg") {
	set terminal svg size width, height font "DejaVu Sans,13" background "white" noenhanced
	set output out . ".svg"
} else {
	set terminal pngcairo size width, height font "DejaVu Sans,11" background "white" noenhanced
	set output out . ".png"
}
set encoding utf8
# Of how long something takes, not of what it costs.
time_unit = cost_unit eq "instructions" ? "instructions" : "ns"
set datafile missing "-"
set border 3 linecolor rgb "#444444"
set tics nomirror out
set grid ytics linecolor rgb "#dddddd" linetype 1
# One key a figure, below its title; the first panel draws it, and all keep as much room above.
set key at screen 0.5, screen 1 - 52.0 / height center top horizontal maxrows 1 samplen 1.5
set tmargin 4
set yrange [0:*]
set offsets graph 0.03, graph 0.03, graph 0.08, 0

# Is white text on that colour easier to read than black?
dark(c) = 0.299 * (c / 65536) + 0.587 * (c / 256 % 256) + 0.114 * (c % 256) < 140

# A number beside a bar: as many digits as tell something.
short(v) = v == 0 ? "0" : v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : v >= 1 ? sprintf("%.3g", v) : sprintf("%.2g", v)
