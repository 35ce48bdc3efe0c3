/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the next descriptor chain. Nearly all chains are one descriptor in
 * the region of the one before, or in one that the index of regions finds at
 * once, and their head has been read ahead: those are dealt with here, inline;
 * chain.c deals with all.
 */
#ifndef VHOSTLAB_CHAIN_H
#define VHOSTLAB_CHAIN_H

#include "vhostlab.h"
#include "packed.h"
#include "ring.h"
#include "trace.h"

int vhl_avail_look(struct vhl_vq *vq);
int vhl_chain_read(struct vhl_vq *vq, unsigned int first, struct vhl_chain *chain);

/*
 * How many avail entries wait. Reads the guest's index only when those seen
 * before are used up. Returns a negative errno when the index cannot be read
 * or moved by more than the ring holds. Caller holds vq->mutex; may sleep.
 */
static inline int vhl_avail_pending(struct vhl_vq *vq)
{
	u16 n = vq->avail_seen - vq->last_avail;

	return likely(n) ? n : vhl_avail_look(vq);
}

/* The common case of vhl_chain_read(). False: nothing was read that counts. */
static __always_inline bool vhl_chain_simple(struct vhl_vq *vq, unsigned int first,
					     struct vhl_chain *c, const bool gpas)
{
	u16 off = vq->last_avail - vq->heads_at;
	const struct vhl_region *r = vq->last;
	struct vring_desc d;
	u16 head, flags;
	u64 gpa, at;
	u32 len;

	/* The general case reports what it reads; here that would cost. */
	if (trace_desc_enabled())
		return false;
	if (unlikely(off >= vq->n_heads))
		return vq->packed && vhl_packed_simple(vq, first, c, gpas);
	if (unlikely(!r || first == VHL_MAX_SEGS))
		return false;
	head = vhl16_to_cpu(vq, vq->heads[off]);
	if (unlikely(head >= vq->num) || unlikely(vhl_desc_get(vq, &d, head)))
		return false;
	flags = vhl16_to_cpu(vq, d.flags);
	gpa = vhl64_to_cpu(vq, d.addr);
	len = vhl32_to_cpu(vq, d.len);
	at = gpa - r->gpa;
	if (unlikely(at >= r->size)) {
		/* An I/O virtual address is not one of the table's. */
		if (vq->iotlb)
			return false;
		r = vhl_region_guess(vq->dev->mem, gpa);
		if (!r)
			return false;
		vq->last = r;
		at = gpa - r->gpa;
	}
	if (unlikely(flags & (VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT) || !len ||
		     len > r->size - at))
		return false;

	vq->iov[first].iov_base = (void __user *)(unsigned long)(r->hva + at);
	vq->iov[first].iov_len = len;
	if (gpas)
		vq->gpa[first] = gpa;
	c->head = head;
	c->in = !!(flags & VRING_DESC_F_WRITE);
	c->out = !c->in;
	c->in_len = c->in ? len : 0;
	c->out_len = c->in ? 0 : len;
	return true;
}

/* See vhl_chain_read(); without @gpas vq->gpa[] may be left as it is. */
static __always_inline int vhl_chain_next(struct vhl_vq *vq, unsigned int first,
					  struct vhl_chain *c, const bool gpas)
{
	return likely(vhl_chain_simple(vq, first, c, gpas)) ? 1 : vhl_chain_read(vq, first, c);
}

#endif /* VHOSTLAB_CHAIN_H */
