# SPDX-License-Identifier: GPL-2.0-only
# What all figures share. The caller sets, with gnuplot -e: data (file), out (file without its ending),
# kind (svg or png), subtitle (clock, accelerator, kernel), cost_unit (of cost); a script may set
# panel_height (pixels) before it loads this.
# Colours belong to servers, never to positions; they are distinct with impaired colour vision, too.
servers = "userspace intree vhostlab uring vhostuser"
array colour[5] = ["#d55e00", "#0072b2", "#009e73", "#e69f00", "#cc79a7"]
array mark[5] = [5, 7, 9, 11, 13]
place(name) = sum [s = 1:words(servers)] (word(servers, s) eq name ? s : 0)
# A panel's line is TITLE, or TITLE|X AXIS|Y AXIS.
left = system(sprintf("sed -n 's/^# panel //p' '%s'", data)) . "\n"
panels = 0
do for [i = 1:strlen(left)] { if (left[i:i] eq "\n") { panels = panels + 1 } }
array panel_title[panels]
array panel_x[panels]
array panel_y[panels]
do for [i = 1:panels] {
	end = strstrt(left, "\n")
	field = left[1:end - 1]
	left = left[end + 1:*]
	bar_x = strstrt(field, "|")
	rest = bar_x ? field[bar_x + 1:*] : ""
	bar_y = strstrt(rest, "|")
	panel_title[i] = bar_x ? field[1:bar_x - 1] : field
	panel_x[i] = bar_y ? rest[1:bar_y - 1] : rest
	panel_y[i] = bar_y ? rest[bar_y + 1:*] : ""
}
panel(n) = panel_title[n]
x_axis(n) = panel_x[n]
y_axis(n) = panel_y[n]
# The clock on one line, repetitions below it: both on one would be wider than a single panel.
cut = strstrt(subtitle, "; n = ")
if (cut > 0) { subtitle = subtitle[1:cut - 1] . "\n" . subtitle[cut + 2:*] }
# The columns of a data file, when they are servers.
names = system(sprintf("sed -n '/^# panel/ { n; s/^x //p; q }' '%s'", data))
columns = panels > 1 ? 2 : 1
lines = (panels + 1) / 2
width = columns == 2 ? 1160 : 760
if (!exists("panel_height")) panel_height = 330
height = 130 + panel_height * lines
if (kind eq "svg") {
	set terminal svg size width, height font "DejaVu Sans,13" background "white" noenhanced
	set output out . ".svg"
} else {
	set terminal pngcairo size width, height font "DejaVu Sans,11" background "white" noenhanced
	set output out . ".png"
}
set encoding utf8
# The unit of durations, which is not that of costs.
time_unit = cost_unit eq "instructions" ? "instructions" : "ns"
set datafile missing "-"
set border 3 linecolor rgb "#444444"
set tics nomirror out
set grid ytics linecolor rgb "#dddddd" linetype 1
# One key a figure, below its title; the first panel draws it, and all keep as much room above.
set key at screen 0.5, screen 1 - 72.0 / height center top horizontal maxrows 1 samplen 1.5
set tmargin 4
set yrange [0:*]
set offsets graph 0.03, graph 0.03, graph 0.08, 0

# Is white text on that colour easier to read than black?
dark(c) = 0.299 * (c / 65536) + 0.587 * (c / 256 % 256) + 0.114 * (c % 256) < 140

# A number beside a bar, with three significant digits.
short(v) = v == 0 ? "0" : v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : v >= 1 ? sprintf("%.3g", v) : sprintf("%.2g", v)
