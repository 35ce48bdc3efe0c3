/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the next descriptor chain. Nearly all chains are one descriptor in
 * the region of the one before, or in one that the index of regions finds at
 * once, and their head has been read ahead: those are dealt with here, inline;
 * chain.c deals with all.
 */
#ifndef VHOSTLAB_CHAIN_H
#define VHOSTLAB_CHAIN_H

#include <linux/nospec.h>

#include "vhostlab.h"
#include "packed.h"
#include "ring.h"
#include "trace.h"

/*
 * The region at @gpa if it is the one that the index names for its slot, or
 * the next one; NULL: ask vhl_translate(). Not for queues with an IOTLB.
 */
static __always_inline const struct vhl_region *vhl_region_guess(const struct vhl_mem *mem, u64 gpa)
{
	u64 slot = (gpa - mem->base) >> mem->shift;
	const struct vhl_region *r;

	if (unlikely(slot >= mem->slots))
		return NULL;
	/* The guest chooses the address: it must not choose what is loaded beside the index. */
	r = &mem->r[mem->first[array_index_nospec(slot, mem->slots)]];
	if (likely(gpa - r->gpa < r->size))
		return r;
	/* Of the last region there is no next one. */
	if (++r == &mem->r[mem->n] || gpa - r->gpa >= r->size)
		return NULL;
	return r;
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
