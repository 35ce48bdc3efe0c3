# SPDX-License-Identifier: GPL-2.0-only
# What all figures share. The caller sets, with gnuplot -e: data (file), out (file without its ending),
# kind (svg, png, or narrow: an SVG for a screen of 390 pixels), subtitle (clock, accelerator, kernel),
# cost_unit (of cost). A script sets heading before it loads this, and may set: panel_height and width
# (pixels, of the wide figure), left_room (pixels for what stands left of a panel), models = 1
# (threading models instead of servers), marks = 1 (curves: a key with marks).
# Colours belong to servers, never to positions; a test measures how far they are apart, as seen with
# impaired colour vision, too.
servers = "userspace intree vhostlab uring vhostuser"
array colour[5] = ["#d55e00", "#0072b2", "#009e73", "#f0d442", "#4b0055"]
array mark[5] = [5, 7, 9, 11, 13]
if (exists("models")) {
	load plots . "/models.gp"
}
if (exists("layouts")) {
	load plots . "/layouts.gp"
}
place(name) = sum [s = 1:words(servers)] (word(servers, s) eq name ? s : 0)
said(key) = system(sprintf("sed -n 's/^# %s //p' '%s'", key, data))

# A panel's line is TITLE, or TITLE|X AXIS|Y AXIS.
left = said("panel") . "\n"
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
x_axis(n) = strlen(panel_x[n]) ? panel_x[n] : exists("name_x") ? name_x : ""
y_axis(n) = strlen(panel_y[n]) ? panel_y[n] : exists("name_y") ? name_y : ""

set encoding utf8
set datafile missing "-"
# The unit of durations, which is not that of costs.
time_unit = cost_unit eq "instructions" ? "instructions" : "ns"
# Columns of a data file, when they are servers: one a server, then a low and a high end of each.
header = system(sprintf("sed -n '/^# panel/ { n; s/^x //p; q }' '%s'", data))
names = ""
do for [w = 1:words(header)] {
	if (strstrt(word(header, w), ":") == 0) { names = names . " " . word(header, w) }
}
intervals = words(header) > words(names)
named = system(sprintf("sed -n 's/^# names //p' '%s' | head -n 1", data))
if (strlen(named)) { names = named }
low(s) = words(names) + 2 * s
high(s) = words(names) + 2 * s + 1

load plots . "/layout.gp"

set border 3 linecolor rgb "#444444"
set tics nomirror out scale 0.5
set grid ytics linecolor rgb "#dddddd" linetype 1
# Whiskers: lines with a short stroke at both ends. One of no length is not drawn.
set style arrow 1 heads size screen 3.5 / width, 90 fixed linewidth 1.2 linecolor rgb "#222222" front
unset key
set offsets graph 0.03, graph 0.03, 0, 0
# Is white text on that colour easier to read than black?
dark(c) = 0.299 * (c / 65536) + 0.587 * (c / 256 % 256) + 0.114 * (c % 256) < 140
# A number beside a bar, with three significant digits.
short(v) = v == 0 ? "0" : v < 0.001 ? "~0" : v >= 100 ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : v >= 1 ? sprintf("%.3g", v) : sprintf("%.2g", v)
