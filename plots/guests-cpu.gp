# SPDX-License-Identifier: GPL-2.0-only
# Processor time per packet of real guests, by thread. Reads figures/guests-cpu.dat, made by report/.
insn = cost_unit eq "instructions"
heading = insn ? "Instructions per packet, by thread" : "Processor time per packet, by thread"
name_x = insn ? "thousand instructions per packet" : "microseconds of processor time per packet"
load plots . "/flat.gp"
room = narrow ? 1.25 : 1.12
load plots . "/guest-stacks.gp"
