/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transmit by reference (parameter `zerocopy`): frames of at least that many bytes
 * are handed to tun or tap as the guest's own pages, which the network stack pins
 * until it no longer uses them. Until then the device owns their chains. So the
 * heads of such frames, and of all frames taken after them, are held here and
 * published in the order in which they were taken: a frame that the stack
 * completes out of order waits for the older ones. VIRTIO_F_IN_ORDER requires that
 * order (virtio 1.2, sections 2.7.9 and 2.8.8), the packed ring is written in it,
 * and the driver sees the same order with and without this knob.
 *
 * Everything but the completion callback runs under vq->mutex, unless noted at
 * the function.
 */
#ifndef VHOSTLAB_ZEROCOPY_H
#define VHOSTLAB_ZEROCOPY_H

#include <linux/atomic.h>
#include <linux/skbuff.h>
#include <linux/wait.h>

#include "vhostlab.h"

/* Most heads held at once; the queue takes no more chains until some are published. */
#define VHL_ZC_FRAMES 256
/*
 * Bytes of the shortest frame by reference. tun copies the first 128 bytes of any
 * frame, and below this length pinning pages costs more than it saves.
 */
#define VHL_ZC_LEAST 256u

/*
 * While so many frames of all devices are left to the stack no other goes by reference.
 * More are left when devices end with theirs, up to VHL_ZC_FRAMES each, under way.
 */
#define VHL_ZC_MAX_LEFT 1024

struct dentry;

extern atomic_t vhl_zc_left;

/* The state of a frame whose head is held. */
enum vhl_zc_state {
	VHL_ZC_OURS, /* slot not used, or the frame was copied by this module */
	VHL_ZC_UNDERWAY, /* the stack uses the guest's pages */
	VHL_ZC_SENT, /* the stack has completed the frame */
	VHL_ZC_COPIED, /* likewise, and had copied the frame */
	VHL_ZC_LEFT, /* as VHL_ZC_UNDERWAY, but no device waits for it: vhl_zc_discard() */
};

/* A head that is held. */
struct vhl_zc_frame {
	struct ubuf_info ubuf;
	struct vhl_zc *zc;
	u32 head; /* for vhl_used_add() */
	u16 taken; /* how far its chain moved last_avail */
	bool copied; /* the stack copied it, or a part of it */
	u32 state; /* enum vhl_zc_state; the completion exchanges it, fully ordered */
};

/*
 * The held heads of a queue: a ring, the oldest at frame[first]. It is freed with the
 * queue, or with the last frame that was under way then.
 */
struct vhl_zc {
	struct vhl_vq *vq; /* not to be used by the completion of a frame that was left */
	refcount_t refs; /* the queue, and each frame that was left */
	struct rcu_head rcu;
	size_t min; /* bytes of the shortest frame by reference */
	bool able; /* the backend takes references */
	bool looking; /* the worker is running and will see completions */
	bool draining; /* no chain is taken until no head is held: zerocopy.c */
	unsigned int first;
	unsigned int held;
	unsigned int tried; /* frames in the current window of zc_judge() */
	unsigned int in_vain; /* those of them that were copied after all */
	unsigned int pause; /* frames still to be copied at once after a bad window */
	wait_queue_head_t wait; /* waits for held to become 0 */
	struct vhl_zc_frame frame[VHL_ZC_FRAMES];
};

int vhl_zc_alloc(struct vhl_vq *vq);
void vhl_zc_free(struct vhl_vq *vq);
void vhl_zc_backend(struct vhl_vq *vq);
int vhl_zc_send(struct vhl_vq *vq, const struct vhl_chain *c);
void vhl_zc_done(struct vhl_vq *vq, u32 head, unsigned int taken);
void vhl_zc_collect(struct vhl_vq *vq);
void vhl_zc_look(struct vhl_vq *vq);
void vhl_zc_leave(struct vhl_vq *vq);
int vhl_zc_drain(struct vhl_vq *vq);
void vhl_zc_discard(struct vhl_vq *vq);
void vhl_zc_settle(struct vhl_vq *vq);
void vhl_zc_resume(struct vhl_vq *vq);
void vhl_zc_add(struct dentry *root);
void vhl_zc_exit(void);

/*
 * Whether to send a frame of @len bytes by reference; counts a long frame that is
 * copied because of a pause, or because too many frames are left to the stack.
 * Caller holds vq->mutex; vq->zc is set.
 */
static inline bool vhl_zc_wants(struct vhl_vq *vq, size_t len)
{
	struct vhl_zc *zc = vq->zc;

	if (len < zc->min || !zc->able)
		return false;
	if (zc->pause) {
		zc->pause--;
		vq->stats.zc_skipped++;
		return false;
	}
	if (unlikely(atomic_read(&vhl_zc_left) >= VHL_ZC_MAX_LEFT)) {
		vq->stats.zc_skipped++;
		return false;
	}
	return true;
}

/*
 * Whether there is no room for another head, either here or in the used ring,
 * which also has to hold the heads in vq->done[]. A guest can make the same
 * descriptor available again while its frame is under way. Caller holds vq->mutex.
 */
static inline bool vhl_zc_full(const struct vhl_vq *vq)
{
	return vq->zc->held == VHL_ZC_FRAMES || vq->zc->held + vq->n_done >= vq->num;
}

/* Whether the queue may only publish, since an ioctl waits in vhl_zc_drain(). */
static inline bool vhl_zc_draining(const struct vhl_vq *vq)
{
	return unlikely(vq->zc) && READ_ONCE(vq->zc->draining);
}

#endif /* VHOSTLAB_ZEROCOPY_H */
