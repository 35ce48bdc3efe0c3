# SPDX-License-Identifier: GPL-2.0-only
# Who serves the queue: a thread, or the task that kicks. Reads figures/caller.dat, made by report/caller.py.
heading = "Cost per packet as a multiple of intree's: a thread per device, or the task that kicks (less is better)"
name_y = "times intree"
panel_height = 300
models = 1
load plots . "/style.gp"
load plots . "/bars.gp"
