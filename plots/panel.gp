# SPDX-License-Identifier: GPL-2.0-only
# Before a panel (number i) is plotted: its place, title and axes. Heading and key are drawn with the first one.
if (i > 1) {
	unset label
	unset arrow
	unset object
}
eval(begin_panel(i))
set label 46 panel(i) at screen across(cell_x(i) + width / columns / 2), screen down(cell_y(i) + 14) center
set label 48 x_axis(i) at screen across(cell_x(i) + (narrow ? width / 2 : room_left + plot_width / 2)), \
	screen down(cell_y(i) + panel_height - room_bottom + 44) center
if (narrow || exists("flat")) {
	unset ylabel
	if (!exists("flat")) {
		set label 47 y_axis(i) at screen across(cell_x(i) + 6), screen down(cell_y(i) + 32) left font pixels(small_px) textcolor rgb "#444444"
	}
} else {
	set ylabel y_axis(i)
}
