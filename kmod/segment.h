/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The segments of a chain: pieces of the owner's memory in vq->iov[], with their
 * guest addresses in vq->gpa[]. A buffer has one segment for each memory region
 * (or entry of the IOTLB) that it lies in.
 */
#ifndef VHOSTLAB_SEGMENT_H
#define VHOSTLAB_SEGMENT_H

#include "vhostlab.h"
#include "rule.h"

int vhl_untranslated(struct vhl_vq *vq, int err);
int vhl_guest_read(struct vhl_vq *vq, void *dst, u64 gpa, u32 len);
int vhl_segment_add(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c, u64 gpa, u32 len,
		    u16 flags);

/*
 * Adds the segments of one buffer descriptor to chain @c, whose first segment is
 * @first. Returns 0, -EAGAIN when a translation must first be had from the client,
 * or another negative errno after reporting the broken rule. Caller holds
 * vq->mutex; does not sleep.
 */
static __always_inline int __vhl_segment_add(struct vhl_vq *vq, unsigned int first,
					     struct vhl_chain *c, u64 gpa, u32 len, u16 flags)
{
	unsigned int at = first + c->out + c->in;
	const struct vhl_region *r = vq->last;
	int n;

	/* Most buffers lie in the region of the previous one. */
	if (likely(r && at < VHL_MAX_SEGS && len && gpa - r->gpa < r->size &&
		   len <= r->size - (gpa - r->gpa))) {
		vq->iov[at].iov_base = (void __user *)(unsigned long)(r->hva + (gpa - r->gpa));
		vq->iov[at].iov_len = len;
		vq->gpa[at] = gpa;
		n = 1;
	} else {
		/* A descriptor without a segment would not count towards VHL_MAX_SEGS. */
		if (unlikely(!len))
			return vhl_rule_broken(vq, VHL_RULE_EMPTY);
		n = vhl_translate(vq, gpa, len, flags & VRING_DESC_F_WRITE, vq->iov + at,
				  vq->gpa + at, VHL_MAX_SEGS - at);
		if (unlikely(n < 0))
			return vhl_untranslated(vq, n);
	}
	if (flags & VRING_DESC_F_WRITE) {
		c->in += n;
		c->in_len += len;
	} else {
		/* Section 2.7.4.2: readable descriptors come first. */
		if (unlikely(c->in))
			return vhl_rule_broken(vq, VHL_RULE_ORDER);
		c->out += n;
		c->out_len += len;
	}
	return 0;
}

#endif /* VHOSTLAB_SEGMENT_H */
