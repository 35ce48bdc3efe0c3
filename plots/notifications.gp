# SPDX-License-Identifier: GPL-2.0-only
# Notifications per packet. Reads figures/notifications.dat, made by report/.
heading = "Notifications per packet"
name_x = "burst (packets per kick)"
name_y = "notifications per packet"
load plots . "/style.gp"
load plots . "/bars.gp"
