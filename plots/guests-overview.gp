# SPDX-License-Identifier: GPL-2.0-only
# The figure of the front page of real guests. Reads figures/guests-overview.dat, made by report/.
panel_height = 300
load plots . "/style.gp"
set ylabel "packets per second / userspace's"
set multiplot layout lines, columns title "Throughput of real guests, as a multiple of userspace's (more is better)\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
