# SPDX-License-Identifier: GPL-2.0-only
# How evenly guests are served, by threading model. Reads figures/threads-fairness.dat, made by report/.
heading = "Fairness: packets of the guest served least / of the one served most"
name_x = "guests"
name_y = "packets, least / most"
marks = 1
models = 1
load plots . "/style.gp"
load plots . "/curves.gp"
