/* SPDX-License-Identifier: GPL-2.0-only */
/* The processors' idle time in debugfs: see idle.c. */
#ifndef VHOSTLAB_IDLE_H
#define VHOSTLAB_IDLE_H

struct dentry;

void vhl_idle_add(struct dentry *root);

#endif
