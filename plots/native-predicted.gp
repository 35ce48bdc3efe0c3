# SPDX-License-Identifier: GPL-2.0-only
# Cells of the instruction clock in ns, predicted. Reads figures/native-predicted.dat, made by report/.
heading = "Time per packet by server: predicted by a model, not measured"
name_y = "predicted ns per packet"
panel_height = 360
below = 56
load plots . "/style.gp"
load plots . "/bars.gp"
