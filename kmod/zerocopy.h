/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transmit by reference, parameter `zerocopy`: frames of at least that many
 * bytes go to tun or tap as the guest's own pages, which the network stack
 * pins until it has no use for them. Until then their chains are the device's;
 * so the heads of such frames, and of all that were taken after them, are held
 * here and published in the order of sending: what the stack gives back out of
 * order waits for what is older. That is what VIRTIO_F_IN_ORDER wants and what
 * a packed ring is written in (virtio 1.2, sections 2.7.9 and 2.8), and the
 * driver sees the same order whatever the knob.
 *
 * All but the completion is under vq->mutex.
 */
#ifndef VHOSTLAB_ZEROCOPY_H
#define VHOSTLAB_ZEROCOPY_H

#include <linux/skbuff.h>
#include <linux/wait.h>

#include "vhostlab.h"

/* Heads held at once; whoever has more of them under way waits. */
#define VHL_ZC_FRAMES 256
/*
 * Shorter frames are always copied: tun copies the first 128 bytes whatever
 * their frame has, and pages cost more than they save.
 */
#define VHL_ZC_LEAST 256u

enum vhl_zc_state {
	VHL_ZC_OURS, /* not used, or of a frame that was copied */
	VHL_ZC_UNDERWAY, /* the stack has its pages */
	VHL_ZC_SENT, /* it is done with them */
	VHL_ZC_COPIED, /* the same, but it copied them after all */
};

/* A head that is held. */
struct vhl_zc_frame {
	struct ubuf_info ubuf;
	struct vhl_zc *zc;
	u32 head;
	u16 taken; /* what it moved last_avail by */
	u8 state; /* enum vhl_zc_state; released by the completion */
	bool copied;
};

/* The held heads of a queue: a ring, the oldest at frame[first]. */
struct vhl_zc {
	struct vhl_vq *vq;
	size_t min; /* bytes of the shortest frame by reference */
	bool able; /* the backend takes references */
	bool looking; /* the worker will see what is completed */
	bool discarding; /* a completion wakes vhl_zc_discard() */
	bool draining; /* no chain is taken until none is held: zerocopy.c */
	unsigned int first;
	unsigned int held;
	unsigned int tried; /* frames since the last judgement, */
	unsigned int in_vain; /* those of them that were copied after all, */
	unsigned int pause; /* and frames to be copied at once after it */
	wait_queue_head_t wait; /* for held to become 0, or for completions */
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

/* Whether a frame of @len bytes shall go by reference; counts those that could. */
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
	return true;
}

/*
 * Whether there is no room for another head: neither here nor, with those that
 * are done and not published, in the used ring. A guest can show the same
 * descriptor again while its frame is under way.
 */
static inline bool vhl_zc_full(const struct vhl_vq *vq)
{
	return vq->zc->held == VHL_ZC_FRAMES || vq->zc->held + vq->n_done >= vq->num;
}

/* Whether the queue may only publish: somebody waits in vhl_zc_drain(). */
static inline bool vhl_zc_draining(const struct vhl_vq *vq)
{
	return unlikely(vq->zc) && READ_ONCE(vq->zc->draining);
}

#endif /* VHOSTLAB_ZEROCOPY_H */
