# SPDX-License-Identifier: GPL-2.0-only
# For panels of horizontal bars or lines: room for names on the left, and as much height as the panel with the most rows needs.
flat = 1
left_room = 190
most_rows = 1 + int(system(sprintf("sed -n 's/^\\([0-9][0-9]*\\) .*/\\1/p' '%s' | sort -n | tail -n 1", data)))
panel_height = 118 + 24 * most_rows
if (kind eq "narrow") { panel_height = (panel_height - 60) / 0.65 }
load plots . "/style.gp"
