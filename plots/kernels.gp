# SPDX-License-Identifier: GPL-2.0-only
# Kernels side by side. Reads figures/kernels.dat, made by report/kernels.py.
heading = "Cost per packet, by kernel and server (less is better)"
name_y = cost_unit . " per packet"
panel_height = 300
load plots . "/style.gp"
load plots . "/bars.gp"
