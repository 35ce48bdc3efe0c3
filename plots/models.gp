# SPDX-License-Identifier: GPL-2.0-only
# Colours of the threading models, beside those of the other servers; loaded by style.gp.
servers = "userspace uring intree device queue workqueue shared caller"
array colour[8] = ["#d55e00", "#f0d442", "#0072b2", "#009e73", "#7fdbff", "#222222", "#8a5cf0", "#110077"]
array mark[8] = [5, 11, 7, 9, 13, 3, 15, 1]
