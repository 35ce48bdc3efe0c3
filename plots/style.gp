# SPDX-License-Identifier: GPL-2.0-only
# What all figures share. The caller sets, with gnuplot -e: data (file), out (file without its ending),
# kind (svg or png), subtitle (clock, accelerator, kernel), cost_unit (of cost and of round trips).
# Colours belong to servers, never to positions; they are told apart with impaired colour vision too.
array colour[3] = ["#d55e00", "#0072b2", "#009e73"]
array mark[3] = [5, 7, 9]
panels = int(system(sprintf("grep -c '^# panel' '%s'", data)))
panel(n) = system(sprintf("sed -n 's/^# panel //p' '%s' | sed -n %dp", data, n))
columns = panels > 1 ? 2 : 1
lines = (panels + 1) / 2
width = columns == 2 ? 1160 : 760
height = 110 + 330 * lines
if (kind eq "svg") {
	set terminal svg size width, height font "DejaVu Sans,13" background "white" noenhanced
	set output out . ".svg"
} else {
	set terminal pngcairo size width, height font "DejaVu Sans,11" background "white" noenhanced
	set output out . ".png"
}
set encoding utf8
set datafile missing "-"
set border 3 linecolor rgb "#444444"
set tics nomirror out
set grid ytics linecolor rgb "#dddddd" linetype 1
# One key below the title of the page would need a plot of its own; a row over each panel is clear enough.
set key above center horizontal samplen 1.5
set yrange [0:*]
set offsets graph 0.03, graph 0.03, graph 0.08, 0

# A number beside a bar: as many digits as tell something.
short(v) = v == 0 ? "0" : v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : v >= 1 ? sprintf("%.3g", v) : sprintf("%.2g", v)
