// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's half of the split virtqueue: the avail ring and descriptor chains
 * (virtio 1.2, sections 2.7.5 and 2.7.6), read from memory that the guest can
 * change at any time. Each value is read once, then checked.
 */
#include "vhostlab.h"
#include "chain.h"
#include "packed.h"
#include "ring.h"
#include "rule.h"
#include "segment.h"
#include "trace.h"
#include "weight.h"

/* Reads the guest's avail index: see vhl_avail_pending() for result and context. */
int vhl_avail_look(struct vhl_vq *vq)
{
	__virtio16 idx;
	u16 n;

	if (vq->packed)
		return vhl_packed_look(vq);
	if (unlikely(vhl_ring_get(vq, VHL_AVAIL, VHL_AVAIL_IDX, &idx, 1))) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return -EFAULT;
	}
	n = vhl16_to_cpu(vq, idx) - vq->last_avail;
	if (unlikely(n > vq->num))
		return vhl_rule_broken(vq, VHL_RULE_AVAIL_JUMP);
	if (n) {
		vq->avail_seen = vq->last_avail + n;
		/* The entries are read after the index that shows them: pairs with
		 * the driver's barrier (section 2.7.13.3).
		 */
		smp_rmb();
	}
	return n;
}

/* Reads the head at last_avail, where at least one entry is available, into *head. */
static int head_read(struct vhl_vq *vq, u16 *head)
{
	u16 off = vq->last_avail - vq->heads_at;
	unsigned int slot, n;

	if (off >= vq->n_heads) {
		slot = vq->last_avail & (vq->num - 1);
		n = min3((unsigned int)(u16)(vq->avail_seen - vq->last_avail), vq->num - slot,
			 vhl_by(vq, VHL_IDEA_AHEAD) ? VHL_HEADS : 1u);
		vq->n_heads = 0;
		if (unlikely(vhl_ring_get(vq, VHL_AVAIL, vhl_avail_entry(slot), vq->heads, n))) {
			vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
			return -EFAULT;
		}
		vq->heads_at = vq->last_avail;
		vq->n_heads = n;
		off = 0;
	}
	*head = vhl16_to_cpu(vq, vq->heads[off]);
	if (unlikely(*head >= vq->num))
		return vhl_rule_broken(vq, VHL_RULE_HEAD_RANGE);
	return 0;
}

/* Section 2.7.5.3: reads the chain in the indirect table that @table refers to. */
static int chain_indirect(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c,
			  const struct vring_desc *table)
{
	u64 gpa = vhl64_to_cpu(vq, table->addr);
	u32 len = vhl32_to_cpu(vq, table->len);
	struct vring_desc d;
	u32 i = 0, n, found;
	u16 flags;
	int err;

	n = len / sizeof(d);
	if (unlikely(!n || len % sizeof(d) || n > VHL_MAX_INDIRECT))
		return vhl_rule_broken(vq, VHL_RULE_INDIRECT_SIZE);

	for (found = 1;; found++) {
		if (unlikely(found > n))
			return vhl_rule_broken(vq, VHL_RULE_LOOP);
		err = vhl_guest_read(vq, &d, gpa + i * sizeof(d), sizeof(d));
		if (unlikely(err))
			return vhl_untranslated(vq, err);
		flags = vhl16_to_cpu(vq, d.flags);
		if (unlikely(flags & VRING_DESC_F_INDIRECT))
			return vhl_rule_broken(vq, VHL_RULE_INDIRECT_NEST);
		err = __vhl_segment_add(vq, first, c, vhl64_to_cpu(vq, d.addr),
					vhl32_to_cpu(vq, d.len), flags);
		if (unlikely(err))
			return err;
		c->descs++;
		vhl_chain_resched(c);
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		i = vhl16_to_cpu(vq, d.next);
		if (unlikely(i >= n))
			return vhl_rule_broken(vq, VHL_RULE_NEXT_RANGE);
	}
}

/*
 * Reads the chain whose head is at last_avail, where at least one entry is
 * available, into vq->iov[] from @first on. Returns by how much the caller moves
 * last_avail when it takes the chain; -EAGAIN when the IOTLB lacks an address (the
 * client's answer runs the queue again); or another negative errno after reporting
 * the broken rule. Caller holds vq->mutex; may sleep.
 */
int vhl_chain_read(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c)
{
	struct vring_desc d;
	u32 found;
	u16 flags, i;
	int err;

	if (vq->packed)
		return vhl_packed_chain(vq, first, c);
	err = head_read(vq, &i);
	if (unlikely(err))
		return err;
	c->head = i;
	c->out = 0;
	c->in = 0;
	c->descs = 0;
	c->out_len = 0;
	c->in_len = 0;

	for (found = 1;; found++) {
		if (unlikely(found > vq->num))
			return vhl_rule_broken(vq, VHL_RULE_LOOP);
		if (unlikely(vhl_desc_get(vq, &d, i))) {
			vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
			return -EFAULT;
		}
		flags = vhl16_to_cpu(vq, d.flags);
		if (flags & VRING_DESC_F_INDIRECT) {
			/* Section 2.7.5.3.1: not together with NEXT. */
			if (unlikely(flags & VRING_DESC_F_NEXT))
				return vhl_rule_broken(vq, VHL_RULE_INDIRECT_NEST);
			err = chain_indirect(vq, first, c, &d);
			if (unlikely(err))
				return err;
			break;
		}
		err = __vhl_segment_add(vq, first, c, vhl64_to_cpu(vq, d.addr),
					vhl32_to_cpu(vq, d.len), flags);
		if (unlikely(err))
			return err;
		c->descs++;
		if (!(flags & VRING_DESC_F_NEXT))
			break;
		i = vhl16_to_cpu(vq, d.next);
		if (unlikely(i >= vq->num))
			return vhl_rule_broken(vq, VHL_RULE_NEXT_RANGE);
	}
	vq->budget -= c->descs * VHL_DESC_COST;
	trace_desc(vq, c);
	return 1;
}
