# SPDX-License-Identifier: GPL-2.0-only
# The curves a published claim was judged by. Reads figures/claim-NAME.dat, made by report/.
load plots . "/style.gp"
heading = system(sprintf("sed -n 's/^# heading //p' '%s'", data))
set multiplot layout lines, columns title heading . "\n" . subtitle font ",14"
own_x = 1
load plots . "/curves.gp"
unset multiplot
