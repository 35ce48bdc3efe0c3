/* SPDX-License-Identifier: GPL-2.0-only */
/* The floor: a measurement mode without a virtqueue. See VHOSTLAB_FLOOR. */
#ifndef VHOSTLAB_FLOOR_H
#define VHOSTLAB_FLOOR_H

#include "vhostlab.h"

long vhl_floor_run(struct vhl_dev *dev, void __user *argp);

#endif /* VHOSTLAB_FLOOR_H */
