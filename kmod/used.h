/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Used entries, calls and kicks: the device's half of a virtqueue. All functions
 * need vq->mutex and the owner's mm; those that access the ring may sleep.
 */
#ifndef VHOSTLAB_USED_H
#define VHOSTLAB_USED_H

#include "vhostlab.h"

void vhl_used_publish(struct vhl_vq *vq);
int vhl_used_start(struct vhl_vq *vq);
bool vhl_notify_enable(struct vhl_vq *vq);
void vhl_notify_repair(struct vhl_vq *vq);
void vhl_notify_disable(struct vhl_vq *vq);

/*
 * Records @head of a chain as used, with @len bytes written to it, for the next
 * vhl_used_publish(). Caller holds vq->mutex and has room in vq->done[].
 */
static inline void vhl_used_add(struct vhl_vq *vq, u32 head, u32 len)
{
	struct vring_used_elem *e = &vq->done[vq->n_done++];

	e->id = cpu_to_vhl32(vq, head);
	e->len = cpu_to_vhl32(vq, len);
}

#endif /* VHOSTLAB_USED_H */
