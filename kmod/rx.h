/* SPDX-License-Identifier: GPL-2.0-only */
/* Receive: frames from the backend to the guest. */
#ifndef VHOSTLAB_RX_H
#define VHOSTLAB_RX_H

#include "vhostlab.h"

/* One run of a queue that has a backend, under vq->mutex; sleeps. Returns how many frames. */
unsigned int vhl_rx_run(struct vhl_vq *vq);

/* rx_burst.c */
unsigned int vhl_rx_burst(struct vhl_vq *vq, unsigned int most);

/* rx_tag.c */
int vhl_rx_tagged(struct vhl_vq *vq, struct iov_iter *to, unsigned int heads, size_t len);

#endif /* VHOSTLAB_RX_H */
