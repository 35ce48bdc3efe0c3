# SPDX-License-Identifier: GPL-2.0-only
# Length of a round trip. Reads figures/round-trip.dat, made by report/.
heading = "Length of a round trip"
name_x = "percentile of the round trips"
name_y = (cost_unit eq "instructions" ? "instructions" : "ns") . " per round trip"
load plots . "/style.gp"
load plots . "/bars.gp"
