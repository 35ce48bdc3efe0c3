/* SPDX-License-Identifier: GPL-2.0-only */
/* The character device: its file operations, for main.c to register. */
#ifndef VHOSTLAB_DEVICE_H
#define VHOSTLAB_DEVICE_H

#include <linux/fs.h>

extern const struct file_operations vhl_fops;

#endif /* VHOSTLAB_DEVICE_H */
