/* SPDX-License-Identifier: GPL-2.0-only */
/* Backends: what frames are sent to and taken from. */
#ifndef VHOSTLAB_BACKEND_H
#define VHOSTLAB_BACKEND_H

#include "vhostlab.h"

/* What frames are sent to and taken from; the rest belongs to the file. */
struct vhl_backend {
	struct file *file;
	struct socket *sock;
	struct ptr_ring *ring; /* tun's and tap's queue of frames, or NULL */
	struct vhl_netdev netdev;
};

int vhl_backend_get(struct vhl_backend *b, int fd);
void vhl_backend_put(struct vhl_backend *b);
int vhl_backend_set(struct vhl_dev *dev, unsigned int index, int fd);
void vhl_backend_drop(struct vhl_vq *vq);

#endif /* VHOSTLAB_BACKEND_H */
