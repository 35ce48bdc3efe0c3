# SPDX-License-Identifier: GPL-2.0-only
# Several guests at once, several queue pairs. Reads figures/guests-scaling.dat, made by report/.
heading = "Several guests and several queue pairs"
marks = 1
load plots . "/style.gp"
own_x = 1
load plots . "/curves.gp"
