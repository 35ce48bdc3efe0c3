# SPDX-License-Identifier: GPL-2.0-only
# The figure of the front page of real guests. Reads figures/guests-overview.dat, made by report/.
insn = cost_unit eq "instructions"
heading = insn ? "Cost per packet of real guests, as a multiple of userspace's (less is better)" \
	: "Throughput of real guests, as a multiple of userspace's (more is better)"
name_y = insn ? "instructions / userspace's" : "packets per second / userspace's"
panel_height = 330
below = kind eq "narrow" ? 84 : 78
load plots . "/style.gp"
load plots . "/bars.gp"
