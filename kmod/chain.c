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

/* The second half of a split descriptor in host byte order: struct vhl_ahead. */
static __always_inline u64 half_word(const struct vhl_vq *vq, __virtio64 half)
{
	u64 v = vhl64_to_cpu(vq, half);

	/* A big-endian ring has the fields in the other order. */
	return vhl_little_endian(vq) ? v : v >> 32 | (v & 0xffff0000) << 16 | v << 48;
}

/*
 * Reads up to @most avail entries from @entry on into vq->heads[], and the first
 * descriptors of their chains from @table into vq->ahead[]. Both are user addresses,
 * inside user_read_access_begin(), or with @mapped addresses in the ring's mapping.
 * Returns how many chains were read before the first one that cannot be: 0 when the
 * head of the first is outside the table, -EFAULT when it cannot be read. So chains
 * before a wrong one are served, and it is reported when its turn comes.
 */
static __always_inline int entries_read(struct vhl_vq *vq, const __virtio16 __user *entry,
					const struct vring_desc __user *table, unsigned int most,
					const bool mapped)
{
	const unsigned int last = vq->num - 1;
	struct vhl_ahead *ahead = vq->ahead;
	__virtio16 *heads = vq->heads;
	const __virtio64 __user *half;
	__virtio64 addr, word;
	unsigned int i;
	__virtio16 v;
	u16 head;

	for (i = 0; i < most; i++) {
		if (mapped)
			v = READ_ONCE(*(const __force __virtio16 *)&entry[i]);
		else
			unsafe_get_user(v, &entry[i], fault);
		head = vhl16_to_cpu(vq, v);
		if (unlikely(head > last))
			break;
		/* The guest chooses the head: no speculative load outside the table
		 * (Spectre v1), since all loads here may run ahead of the check. The
		 * size of a split ring is a power of two: num_ok() in vring.c.
		 */
		half = (const __virtio64 __user *)&table[head & last];
		if (mapped) {
			addr = READ_ONCE(*(const __force __virtio64 *)&half[0]);
			word = READ_ONCE(*(const __force __virtio64 *)&half[1]);
		} else {
			unsafe_get_user(addr, &half[0], fault);
			unsafe_get_user(word, &half[1], fault);
		}
		/* By pointer: a check of the index would be a call inside the window. */
		*heads++ = v;
		ahead->addr = vhl64_to_cpu(vq, addr);
		ahead->word = half_word(vq, word);
		ahead++;
	}
	return i;
fault:
	return i ?: -EFAULT;
}

/*
 * entries_read() through the IOTLB; not inlined, so as not to slow down the common
 * case. An entry missing from the IOTLB is no fault here: vhl_area_ready().
 */
static noinline int entries_iotlb(struct vhl_vq *vq, unsigned int slot, unsigned int most)
{
	struct vring_desc d;
	unsigned int i;
	u16 head;

	if (vhl_area_get16(vq, VHL_AVAIL, vhl_avail_entry(slot), vq->heads, most)) {
		most = 1;
		if (vhl_area_get16(vq, VHL_AVAIL, vhl_avail_entry(slot), vq->heads, most))
			return -EFAULT;
	}
	for (i = 0; i < most; i++) {
		head = vhl16_to_cpu(vq, vq->heads[i]);
		if (unlikely(head >= vq->num))
			break;
		if (vhl_area_get(vq, VHL_DESC, head * sizeof(d), &d, sizeof(d)))
			return i ?: -EFAULT;
		vq->ahead[i] = vhl_split_desc(vq, &d);
	}
	return i;
}

/* entries_read() from the mapping. Returns -ENODATA when user addresses must be used. */
static noinline int entries_mapped(struct vhl_vq *vq, unsigned int slot, unsigned int most)
{
	const void *avail = vhl_pin_begin(vq, VHL_AVAIL);
	const void *table = READ_ONCE(vq->kaddr[VHL_DESC]);
	int n = -ENODATA;

	if (likely(avail && table))
		n = entries_read(vq, (const __force void __user *)avail + vhl_avail_entry(slot),
				 (const __force void __user *)table, most, true);
	vhl_pin_end();
	return n;
}

static int entries_user(struct vhl_vq *vq, unsigned int slot, unsigned int most)
{
	const __virtio16 __user *entry = vq->area[VHL_AVAIL] + vhl_avail_entry(slot);
	const struct vring_desc __user *table = vq->area[VHL_DESC];
	int n;

	if (unlikely(!access_ok(table, vq->num * sizeof(*table)) ||
		     !vhl_read_begin(entry, most * sizeof(*entry))))
		return -EFAULT;
	n = entries_read(vq, entry, table, most, false);
	user_read_access_end();
	return n;
}

/* How many entries from last_avail on to read ahead; at least one is available. */
static unsigned int entries_most(struct vhl_vq *vq, unsigned int slot)
{
	return min3((unsigned int)(u16)(vq->avail_seen - vq->last_avail), vq->num - slot,
		    vhl_by(vq, VHL_IDEA_AHEAD) ? VHL_HEADS : 1u);
}

/*
 * Reads chains ahead from last_avail on, where at least one entry is available.
 * Returns as entries_read(), and reports nothing.
 */
static int entries_ahead(struct vhl_vq *vq)
{
	unsigned int slot = vq->last_avail & (vq->num - 1);
	unsigned int most = entries_most(vq, slot);
	int n = -ENODATA;

	vq->n_ahead = 0;
	if (unlikely(!vq->ring_plain)) {
		if (vq->iotlb)
			n = entries_iotlb(vq, slot, most);
		else if (vq->pinned)
			n = entries_mapped(vq, slot, most);
	}
	if (likely(n == -ENODATA))
		n = entries_user(vq, slot, most);
	if (likely(n > 0)) {
		vq->heads_at = vq->last_avail;
		vq->n_ahead = n;
	}
	return n;
}

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
		/* What cannot be read is reported when the chain is taken. */
		if (vhl_by_window(vq))
			entries_ahead(vq);
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
		n = entries_most(vq, slot);
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

/* Reads descriptor @i, which the caller has checked to be in the table. */
static int desc_read(struct vhl_vq *vq, u16 i, struct vhl_ahead *a)
{
	struct vring_desc d;

	if (unlikely(vhl_desc_get(vq, &d, i))) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return -EFAULT;
	}
	*a = vhl_split_desc(vq, &d);
	return 0;
}

/* The head at last_avail, where at least one entry is available, and its descriptor. */
static int first_read(struct vhl_vq *vq, u16 *head, struct vhl_ahead *a)
{
	u16 off = vq->last_avail - vq->heads_at;
	int n;

	if (!vhl_by_window(vq))
		return head_read(vq, head) ?: desc_read(vq, *head, a);
	if (off >= vq->n_ahead) {
		n = entries_ahead(vq);
		if (unlikely(n <= 0)) {
			vhl_rule_broken(vq, n ? VHL_RULE_RING_ACCESS : VHL_RULE_HEAD_RANGE);
			return n ?: -EINVAL;
		}
		off = 0;
	}
	*head = vhl16_to_cpu(vq, vq->heads[off]);
	*a = vq->ahead[off];
	return 0;
}

/* Section 2.7.5.3: reads the chain in the indirect table of @len bytes at @gpa. */
static int chain_indirect(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c, u64 gpa,
			  u32 len)
{
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
	struct vhl_ahead a;
	u32 found = 1;
	u16 flags, i;
	int err;

	if (vq->packed)
		return vhl_packed_chain(vq, first, c);
	err = first_read(vq, &i, &a);
	if (unlikely(err))
		return err;
	c->head = i;
	c->out = 0;
	c->in = 0;
	c->descs = 0;
	c->out_len = 0;
	c->in_len = 0;

	for (;;) {
		flags = a.word >> VHL_SPLIT_FLAGS;
		if (flags & VRING_DESC_F_INDIRECT) {
			/* Section 2.7.5.3.1: not together with NEXT. */
			if (unlikely(flags & VRING_DESC_F_NEXT))
				return vhl_rule_broken(vq, VHL_RULE_INDIRECT_NEST);
			err = chain_indirect(vq, first, c, a.addr, a.word);
			if (unlikely(err))
				return err;
			break;
		}
		err = __vhl_segment_add(vq, first, c, a.addr, a.word, flags);
		if (unlikely(err))
			return err;
		c->descs++;
		if (!(flags & VRING_DESC_F_NEXT))
			break;
		i = a.word >> VHL_SPLIT_NEXT;
		if (unlikely(i >= vq->num))
			return vhl_rule_broken(vq, VHL_RULE_NEXT_RANGE);
		if (unlikely(++found > vq->num))
			return vhl_rule_broken(vq, VHL_RULE_LOOP);
		err = desc_read(vq, i, &a);
		if (unlikely(err))
			return err;
	}
	vq->budget -= c->descs * VHL_DESC_COST;
	trace_desc(vq, c);
	return 1;
}
