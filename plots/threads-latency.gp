# SPDX-License-Identifier: GPL-2.0-only
# Round trips of several guests at once, by threading model. Reads figures/threads-latency.dat, made by report/.
heading = "Round trips of several guests at once"
name_x = "guests"
name_y = (cost_unit eq "instructions" ? "instructions" : "ns") . " per round trip (log scale)"
marks = 1
models = 1
load plots . "/style.gp"
log_y = 1
load plots . "/curves.gp"
