/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How ioctls take the queues' mutexes. A run holds its queue's mutex and may
 * sleep on a page of its owner's memory that does not come, so who waits for it
 * can be killed; and a run that only polls hears that it is waited for.
 *
 * Closing a device cannot give up. It may wait, since it has ended such sleeps
 * before: vhl_workers_abandon().
 */
#ifndef VHOSTLAB_LOCK_H
#define VHOSTLAB_LOCK_H

#include "vhostlab.h"

/*
 * Caller holds dev->mutex, so that one at a time waits. Sleeps. Returns 0 or
 * -EINTR.
 */
static inline int vhl_vq_lock_killable(struct vhl_vq *vq)
{
	int err;

	WRITE_ONCE(vq->wanted, true);
	err = mutex_lock_killable(&vq->mutex);
	WRITE_ONCE(vq->wanted, false);
	return err;
}

/* Releases all that vhl_queues_lock() took, or a caller of its own. */
static inline void vhl_queues_unlock(struct vhl_dev *dev)
{
	int i;

	for (i = VHL_NVQS - 1; i >= 0; i--)
		mutex_unlock(&dev->vqs[i].mutex);
}

/* All queues, in their order. As above; after an error none is held. */
static inline int vhl_queues_lock_killable(struct vhl_dev *dev)
{
	int i, err;

	for (i = 0; i < VHL_NVQS; i++) {
		err = vhl_vq_lock_killable(&dev->vqs[i]);
		if (err) {
			while (i--)
				mutex_unlock(&dev->vqs[i].mutex);
			return err;
		}
	}
	return 0;
}

/* The same for a device that is closing, after vhl_workers_abandon(). */
static inline void vhl_queues_lock(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		mutex_lock(&dev->vqs[i].mutex);
}

#endif /* VHOSTLAB_LOCK_H */
