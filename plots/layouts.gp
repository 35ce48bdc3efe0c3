# SPDX-License-Identifier: GPL-2.0-only
# Colours of the layouts of a ring, beside that of in-tree's algorithm; loaded by style.gp.
servers = "in-tree split split-in-order packed packed-in-order"
array colour[5] = ["#0072b2", "#009e73", "#7fdbff", "#d55e00", "#4b0055"]
array mark[5] = [7, 9, 11, 5, 13]
