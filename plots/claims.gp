# SPDX-License-Identifier: GPL-2.0-only
# The curves a published claim was judged by. Reads figures/claim-NAME.dat, made by report/.
heading = "Claim: " . system(sprintf("sed -n 's/^# heading //p' '%s'", data))
marks = 1
load plots . "/style.gp"
own_x = 1
load plots . "/curves.gp"
