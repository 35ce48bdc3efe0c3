# SPDX-License-Identifier: GPL-2.0-only
# Notifications per packet. Reads figures/notifications.dat, made by report/.
load plots . "/style.gp"
set xlabel "burst (packets per kick)"
set ylabel "notifications per packet"
set multiplot layout lines, columns title "Notifications per packet\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
