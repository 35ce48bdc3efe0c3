# SPDX-License-Identifier: GPL-2.0-only
# Where everything stands, in pixels: heading and key on top, panels below, side by side on a wide figure,
# one below the other on a narrow one. Sets the terminal. Loaded by style.gp.
narrow = kind eq "narrow"
if (!exists("panel_height")) { panel_height = 340 }
if (narrow) { panel_height = 60 + 0.65 * panel_height }
columns = !narrow && panels > 1 ? 2 : 1
rows = (panels + columns - 1) / columns
if (!exists("width")) { width = columns == 2 ? 1160 : 760 }
if (narrow) { width = 390 }
title_px = narrow ? 13 : 15
text_px = narrow ? 12 : 13
small_px = narrow ? 10.5 : 11
# Points of the one terminal are pixels of the other.
pixels(px) = sprintf(",%g", kind eq "png" ? px * 0.75 : px)
letter = 0.6

# The lines of the heading, each as long as there is room.
array line_text[24]
count = 0
do for [part = 1:3] {
	rest = part == 1 ? heading : part == 2 ? subtitle : said("whiskers")
	do for [piece = 1:4] {
		# Clock, kernel and repetitions each begin a line.
		cut = part == 2 ? strstrt(rest, "; ") : 0
		what = cut ? rest[1:cut - 1] : rest
		rest = cut ? rest[cut + 2:*] : ""
		line = ""
		do for [w = 1:words(what)] {
			if (strlen(line) && strlen(line) + 1 + strlen(word(what, w)) > (width - 16) / letter / (part == 1 ? title_px : text_px)) {
				count = count + 1
				line_text[count] = line
				line = ""
			}
			line = line . (strlen(line) ? " " : "") . word(what, w)
		}
		if (strlen(line)) { count = count + 1; line_text[count] = line }
	}
	if (part == 1) { heading_lines = count }
}

# The key: "# key COLOUR NAME" lines of the data, key_words (a list of COLOUR|NAME|), or the servers that have values.
array key_name[24]
array key_colour[24]
array key_mark[24]
keys = 0
left = strlen(said("key")) ? said("key") . "\n" : ""
do for [k = 1:24] {
	end = strstrt(left, "\n")
	if (end) {
		field = left[1:end - 1]
		left = left[end + 1:*]
		keys = k
		key_colour[k] = int(word(field, 1))
		key_name[k] = field[strlen(word(field, 1)) + 2:*]
		key_mark[k] = 0
	}
}
# The columns that have values.
array shown[12]
many = 0
if (keys == 0) {
	do for [s = 1:words(names)] {
		undefine y_*
		if (strlen(named)) { y_max = 1 } else { stats data using (column(s + 1)) nooutput name "y" }
		if (exists("y_max") && place(word(names, s)) > 0) {
			many = many + 1
			shown[many] = s
			keys = keys + 1
			key_name[keys] = word(names, s)
			key_colour[keys] = int("0x" . colour[place(word(names, s))][2:7])
			key_mark[keys] = exists("marks") ? mark[place(word(names, s))] : 0
		}
	}
}
array key_row[24]
array key_x[24]
array row_width[24]
key_rows = keys > 0
do for [r = 1:24] { row_width[r] = 0 }
do for [k = 1:keys] {
	wide = 30 + letter * 1.03 * text_px * strlen(key_name[k])
	if (row_width[key_rows] > 0 && row_width[key_rows] + 14 + wide > width - 16) { key_rows = key_rows + 1 }
	gap = row_width[key_rows] > 0 ? 14 : 0
	key_row[k] = key_rows
	key_x[k] = row_width[key_rows] + gap
	row_width[key_rows] = row_width[key_rows] + gap + wide
}

line_height = 1.45 * text_px
head = 14 + line_height * count + (keys ? 6 : 0) + line_height * key_rows + 8
height = int(head + panel_height * rows + 6)
if (kind eq "png") {
	set terminal pngcairo size width, height font "DejaVu Sans" . pixels(text_px) background "white" noenhanced
	set output out . ".png"
} else {
	set terminal svg size width, height font "DejaVu Sans" . pixels(text_px) background "white" noenhanced
	set output out . ".svg"
}
across(px) = 1.0 * px / width
down(px) = 1 - 1.0 * px / height

do for [n = 1:count] {
	set label n line_text[n] at screen 0.5, screen down(14 + line_height * (n - 0.5)) center \
		font pixels(n <= heading_lines ? title_px : text_px)
}
do for [k = 1:keys] {
	x = (width - row_width[key_row[k]]) / 2 + key_x[k]
	y = 20 + line_height * (count + key_row[k] - 0.5)
	if (key_mark[k]) {
		set arrow k from screen across(x), screen down(y) to screen across(x + 22), screen down(y) nohead linewidth 2 linecolor rgb key_colour[k] front
		set label 50 + 2 * k "" at screen across(x + 11), screen down(y) point pointtype key_mark[k] pointsize 1.1 linecolor rgb key_colour[k] front
	} else {
		set object k rectangle from screen across(x), screen down(y + 5) to screen across(x + 22), screen down(y - 5) \
			fillstyle solid 1 noborder fillcolor rgb key_colour[k] front
	}
	set label 51 + 2 * k key_name[k] at screen across(x + 27), screen down(y) left front
}

# What stands around a panel. On a narrow figure the name of the y axis is above it, not beside it.
if (!exists("left_room")) { left_room = 0 }
room_left = left_room > 0 ? (narrow ? left_room * 0.9 : left_room) : narrow ? 52 : 90
room_right = narrow ? 12 : 22
room_top = narrow ? 48 : 38
room_bottom = 36
do for [i = 1:panels] { if (strlen(x_axis(i))) { room_bottom = 64 } }
if (exists("below")) { room_bottom = below }
cell_x(i) = (width / columns) * ((i - 1) % columns)
cell_y(i) = head + panel_height * ((i - 1) / columns)
plot_width = width / columns - room_left - room_right
plot_height = panel_height - room_top - room_bottom
begin_panel(i) = sprintf("set lmargin at screen %.6f; set rmargin at screen %.6f; set tmargin at screen %.6f; set bmargin at screen %.6f", \
	across(cell_x(i) + room_left), across(cell_x(i) + width / columns - room_right), \
	down(cell_y(i) + room_top), down(cell_y(i) + panel_height - room_bottom))
