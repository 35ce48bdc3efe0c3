/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How ioctls take the queues' mutexes. A run holds its queue's mutex and may
 * sleep on a page fault that is never resolved, so a task that waits for the
 * mutex can be killed; vq->wanted tells a run that is busy-polling to end.
 *
 * Closing a device cannot be interrupted. It may wait uninterruptibly, since
 * vhl_workers_abandon() has ended such sleeps before, but for those of threads and
 * turns of the owner: worker.h.
 */
#ifndef VHOSTLAB_LOCK_H
#define VHOSTLAB_LOCK_H

#include "vhostlab.h"

/*
 * Takes vq->mutex. Caller holds dev->mutex, so that one task at a time sets
 * vq->wanted. Sleeps. Returns 0, or -EINTR when the caller is killed.
 */
static inline int vhl_vq_lock_killable(struct vhl_vq *vq)
{
	int err;

	WRITE_ONCE(vq->wanted, true);
	err = mutex_lock_killable(&vq->mutex);
	WRITE_ONCE(vq->wanted, false);
	return err;
}

/* Releases every vq->mutex of the device. */
static inline void vhl_queues_unlock(struct vhl_dev *dev)
{
	int i;

	for (i = VHL_NVQS - 1; i >= 0; i--)
		mutex_unlock(&dev->vqs[i].mutex);
}

/* Takes every vq->mutex, receive first. As above; after an error none is held. */
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
