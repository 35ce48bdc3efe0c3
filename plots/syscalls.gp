# SPDX-License-Identifier: GPL-2.0-only
# System calls of the server per packet. Reads figures/syscalls.dat, made by report/.
heading = "System calls of the server per packet"
name_x = "burst (packets per kick)"
name_y = "system calls per packet"
load plots . "/style.gp"
load plots . "/bars.gp"
