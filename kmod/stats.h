/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics in debugfs: see stats.c for the files. */
#ifndef VHOSTLAB_STATS_H
#define VHOSTLAB_STATS_H

#include "vhostlab.h"

int vhl_stats_init(void);
void vhl_stats_exit(void);
void vhl_stats_add(struct vhl_dev *dev);
void vhl_stats_del(struct vhl_dev *dev);

#endif /* VHOSTLAB_STATS_H */
