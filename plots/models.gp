# SPDX-License-Identifier: GPL-2.0-only
# Colours of the threading models, beside those of the other servers; loaded after style.gp.
servers = "userspace uring intree device queue workqueue shared"
array colour[7] = ["#d55e00", "#e69f00", "#0072b2", "#009e73", "#56b4e9", "#222222", "#aa4499"]
array mark[7] = [5, 11, 7, 9, 13, 3, 15]
# So many names take two rows; the panels' titles stand below them.
set tmargin 6
