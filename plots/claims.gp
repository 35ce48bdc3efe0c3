# SPDX-License-Identifier: GPL-2.0-only
# The curves a published claim was judged by. Reads figures/claim-NAME.dat, made by report/.
load plots . "/style.gp"
set multiplot layout lines, columns title subtitle font ",14"
own_range = 1
load plots . "/curves.gp"
unset multiplot
