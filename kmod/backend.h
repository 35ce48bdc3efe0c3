/* SPDX-License-Identifier: GPL-2.0-only */
/* Backends: the sockets that frames are sent to and taken from. See backend.c. */
#ifndef VHOSTLAB_BACKEND_H
#define VHOSTLAB_BACKEND_H

#include "vhostlab.h"

/*
 * A backend that is being attached or detached. @file holds the only reference;
 * @sock and @ring live as long as the file.
 */
struct vhl_backend {
	struct file *file;
	struct socket *sock;
	struct ptr_ring *ring; /* tun, tap: the queue that frames are received from, or NULL */
	struct vhl_netdev netdev;
};

int vhl_backend_get(struct vhl_backend *b, int fd);
void vhl_backend_put(struct vhl_backend *b);
int vhl_backend_set(struct vhl_dev *dev, unsigned int index, int fd);
void vhl_backend_drop(struct vhl_vq *vq);

#endif /* VHOSTLAB_BACKEND_H */
