# SPDX-License-Identifier: GPL-2.0-only
# Time per buffer of the native rig, against the burst, by layout. Reads figures/native-batch.dat, made by report/.
heading = "Time per buffer between driver and server, by layout of the ring"
name_x = "buffers shown at once"
name_y = "ns per buffer"
marks = 1
layouts = 1
load plots . "/style.gp"
load plots . "/curves.gp"
