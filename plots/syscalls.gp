# SPDX-License-Identifier: GPL-2.0-only
# System calls of the server per packet. Reads figures/syscalls.dat, made by report/.
load plots . "/style.gp"
set xlabel "burst (packets per kick)"
set ylabel "system calls per packet"
set multiplot layout lines, columns title "System calls of the server per packet\n" . subtitle font ",14"
load plots . "/bars.gp"
unset multiplot
