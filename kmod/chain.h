/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the next descriptor chain. In the common case the chain is a single
 * descriptor, it has been read ahead, and its buffer lies in the memory region of
 * the previous one or in a region that the index of regions finds without a
 * search. That case is handled inline here; chain.c handles all cases.
 *
 * What is read ahead, of a split ring: avail entries, and with optimization
 * `window` the first descriptor of each chain too, in the same user access window
 * (chain.c). A descriptor read ahead stays valid as long as its avail entry does:
 * vhl_ahead_forget(). It is the one that is checked and used, and is not read
 * again, so that a guest cannot have one descriptor checked and another used.
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
 * Number of avail entries (packed: available descriptors) not yet taken. Reads
 * the guest's index only when all entries seen before have been taken. Returns a
 * negative errno when the index cannot be read or moved by more than the ring
 * holds; the broken rule has been reported then. Caller holds vq->mutex; may sleep.
 */
static inline int vhl_avail_pending(struct vhl_vq *vq)
{
	u16 n = vq->avail_seen - vq->last_avail;

	return likely(n) ? n : vhl_avail_look(vq);
}

/* The flags of a split descriptor, as part of the word in struct vhl_ahead. */
#define VHL_SPLIT_FLAGS	      32
#define VHL_SPLIT_NEXT	      48
#define VHL_SPLIT_WORD(flags) ((u64)(flags) << VHL_SPLIT_FLAGS)

/* A split descriptor in host byte order. */
static __always_inline struct vhl_ahead vhl_split_desc(const struct vhl_vq *vq,
						       const struct vring_desc *d)
{
	return (struct vhl_ahead){
		.addr = vhl64_to_cpu(vq, d->addr),
		.word = (u64)vhl16_to_cpu(vq, d->next) << VHL_SPLIT_NEXT |
			VHL_SPLIT_WORD(vhl16_to_cpu(vq, d->flags)) | vhl32_to_cpu(vq, d->len),
	};
}

/*
 * The common case of vhl_chain_read(), which always takes 1 entry. Returns false
 * when the general case must read the chain; no state has changed then except
 * vq->last. Context as of vhl_chain_read().
 */
static __always_inline bool vhl_chain_simple(struct vhl_vq *vq, unsigned int first,
					     struct vhl_chain *c, const bool gpas)
{
	u16 off = vq->last_avail - vq->heads_at;
	const struct vhl_region *r = vq->last;
	struct vhl_ahead a;
	u64 gpa, at;
	u16 head;
	u32 len;

	/* Only the general case has the tracepoint: here it would cost instructions. */
	if (trace_desc_enabled())
		return false;
	if (vq->packed)
		return vhl_packed_simple(vq, first, c, gpas);
	if (unlikely(!r || first == VHL_MAX_SEGS))
		return false;
	head = vhl16_to_cpu(vq, vq->heads[off & (VHL_HEADS - 1)]);
	if (likely(off < vq->n_ahead)) {
		a = vq->ahead[off];
	} else {
		struct vring_desc d;

		if (off >= vq->n_heads || unlikely(head >= vq->num) ||
		    unlikely(vhl_desc_get(vq, &d, head)))
			return false;
		a = vhl_split_desc(vq, &d);
	}
	gpa = a.addr;
	len = a.word;
	at = gpa - r->gpa;
	if (unlikely(at >= r->size)) {
		/* The memory table has no I/O virtual addresses. */
		if (vq->iotlb)
			return false;
		r = vhl_region_guess(vq->dev->mem, gpa);
		if (!r)
			return false;
		vq->last = r;
		at = gpa - r->gpa;
	}
	if (unlikely(a.word & VHL_SPLIT_WORD(VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT) || !len ||
		     len > r->size - at))
		return false;

	vq->iov[first].iov_base = (void __user *)(unsigned long)(r->hva + at);
	vq->iov[first].iov_len = len;
	if (gpas)
		vq->gpa[first] = gpa;
	c->head = head;
	c->in = !!(a.word & VHL_SPLIT_WORD(VRING_DESC_F_WRITE));
	c->out = !c->in;
	c->in_len = c->in ? len : 0;
	c->out_len = c->in ? 0 : len;
	return true;
}

/* See vhl_chain_read(); without @gpas, vq->gpa[] need not be filled in. */
static __always_inline int vhl_chain_next(struct vhl_vq *vq, unsigned int first,
					  struct vhl_chain *c, const bool gpas)
{
	return likely(vhl_chain_simple(vq, first, c, gpas)) ? 1 : vhl_chain_read(vq, first, c);
}

#endif /* VHOSTLAB_CHAIN_H */
