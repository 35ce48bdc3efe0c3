/* SPDX-License-Identifier: GPL-2.0-only */
/* Transmit: frames from the guest to the backend. */
#ifndef VHOSTLAB_TX_H
#define VHOSTLAB_TX_H

#include "vhostlab.h"

/* One run of a queue that has a backend, under vq->mutex; sleeps. Returns the chains taken. */
unsigned int vhl_tx_run(struct vhl_vq *vq);

#endif /* VHOSTLAB_TX_H */
