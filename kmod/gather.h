/* SPDX-License-Identifier: GPL-2.0-only */
/* Transmit: frames of many chains at once. See gather.c. */
#ifndef VHOSTLAB_GATHER_H
#define VHOSTLAB_GATHER_H

#include "vhostlab.h"

int vhl_tx_gather(struct vhl_vq *vq, unsigned int pad, unsigned int most);

#endif /* VHOSTLAB_GATHER_H */
