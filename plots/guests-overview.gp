# SPDX-License-Identifier: GPL-2.0-only
# The figure of the front page of real guests. Reads figures/guests-overview.dat, made by report/.
heading = "Throughput of real guests, as a multiple of userspace's (more is better)"
name_y = "packets per second / userspace's"
panel_height = 330
below = kind eq "narrow" ? 84 : 78
load plots . "/style.gp"
load plots . "/bars.gp"
