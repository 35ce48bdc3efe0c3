// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's half of a packed virtqueue: available descriptors, which are read
 * ahead in ring order, and the chains they form (virtio 1.2, sections 2.8.1 to
 * 2.8.7). Each value in the ring is read once.
 */
#include "packed.h"
#include "ring.h"
#include "rule.h"
#include "segment.h"
#include "weight.h"

/*
 * Sets the queue's start, as VHOST_SET_VRING_BASE has it: the avail position in the
 * lower 16 bits, the used position in the upper; vhl_packed_base() returns both
 * unchanged. An upper half of 0 is a valid position: index 0 with wrap counter 0.
 * The one exception is the start of a new ring (VHL_WRAP alone), which DPDK's
 * virtio-user sets without an upper half: read as two positions, it would mean
 * that the whole ring is in use by the device. Caller holds vq->mutex.
 */
void vhl_packed_base_set(struct vhl_vq *vq, u32 base)
{
	vq->avail_pos = base;
	vq->used_pos = base == VHL_WRAP ? VHL_WRAP : base >> 16;
	vq->last_avail = vhl_pos_index(vq->avail_pos);
	vq->avail_seen = vq->last_avail;
	vq->used_idx = vq->last_avail;
	vhl_ahead_forget(vq);
}

/* The position of last_avail. */
static u16 next_pos(const struct vhl_vq *vq)
{
	return vhl_pos_back(vq, vq->avail_pos, (u16)(vq->avail_seen - vq->last_avail));
}

/* The two positions for VHOST_GET_VRING_BASE. Caller holds vq->mutex. */
u32 vhl_packed_base(const struct vhl_vq *vq)
{
	return next_pos(vq) | (u32)vq->used_pos << 16;
}

/* Whether both positions are inside the ring. Caller holds vq->mutex. */
bool vhl_packed_base_ok(const struct vhl_vq *vq)
{
	return vhl_pos_index(vq->avail_pos) < vq->num && vhl_pos_index(vq->used_pos) < vq->num;
}

/* Discards descriptors that were seen and not taken. Caller holds vq->mutex. */
void vhl_packed_rewind(struct vhl_vq *vq)
{
	vq->avail_pos = next_pos(vq);
	vq->avail_seen = vq->last_avail;
	vhl_ahead_forget(vq);
}

/* The flags AVAIL and USED of an available descriptor at @pos (section 2.8.1). */
static u64 avail_bits(u16 pos)
{
	return pos & VHL_WRAP ? VHL_WORD_AVAIL : VHL_WORD_USED;
}

static bool is_avail(u64 word, u64 want)
{
	return ((word ^ want) & (VHL_WORD_AVAIL | VHL_WORD_USED)) == 0;
}

/* ahead_words() through the IOTLB; not inlined, so as not to slow down the common case. */
static noinline int ahead_iotlb(struct vhl_vq *vq, unsigned int slot, unsigned int most, u64 want)
{
	const size_t at_flags = offsetof(struct vring_packed_desc, flags);
	struct vring_packed_desc d;
	unsigned int n;

	for (n = 0; n < most; n++, slot++) {
		__virtio16 flags;
		u64 bits;

		if (vhl_area_get16(vq, VHL_DESC, slot * sizeof(d) + at_flags, &flags, 1))
			return -EFAULT;
		bits = VHL_WORD(vhl16_to_cpu(vq, flags));
		if (!is_avail(bits, want))
			break;
		smp_rmb(); /* the rest is read after the flags that make it available */
		if (vhl_area_get(vq, VHL_DESC, slot * sizeof(d), &d, at_flags))
			return -EFAULT;
		vq->ahead[n].addr = le64_to_cpu(d.addr);
		vq->ahead[n].word = bits | (u64)le16_to_cpu(d.id) << 32 | le32_to_cpu(d.len);
	}
	return n;
}

/*
 * Reads up to @most descriptors from @d on, while their AVAIL and USED flags equal
 * @want. Returns how many, or -EFAULT. @d is a user address, inside
 * user_read_access_begin(), or with @mapped an address in the ring's mapping.
 */
static __always_inline int ahead_words(struct vhl_ahead *to,
				       const struct vring_packed_desc __user *d, unsigned int most,
				       u64 want, const bool mapped)
{
	const __le64 __user *half;
	unsigned int n;
	__le64 v;
	u64 word;

	for (n = 0; n < most; n++, d++, to++) {
		half = (const __le64 __user *)&d->len;
		if (mapped)
			v = READ_ONCE(*(const __force __le64 *)half);
		else
			unsafe_get_user(v, half, fault);
		word = le64_to_cpu(v);
		if (!is_avail(word, want))
			break;
		smp_rmb(); /* the address is read after the flags that make it available */
		half = (const __le64 __user *)&d->addr;
		if (mapped)
			v = READ_ONCE(*(const __force __le64 *)half);
		else
			unsafe_get_user(v, half, fault);
		to->addr = le64_to_cpu(v);
		to->word = word;
	}
	return n;
fault:
	return -EFAULT;
}

/*
 * The slow path of ahead_read(), when the ring is not plain. Returns -ENODATA when
 * user addresses must be used.
 */
static noinline int ahead_other(struct vhl_vq *vq, unsigned int slot, unsigned int most, u64 want)
{
	const struct vring_packed_desc *d;
	int n = -ENODATA;

	if (vq->iotlb)
		return ahead_iotlb(vq, slot, most, want);
	if (!vq->pinned)
		return n;
	d = vhl_pin_begin(vq, VHL_DESC);
	if (likely(d))
		n = ahead_words(vq->ahead, (const __force void __user *)(d + slot), most, want,
				true);
	vhl_pin_end();
	return n;
}

static int ahead_user(struct vhl_vq *vq, unsigned int slot, unsigned int most, u64 want)
{
	const struct vring_packed_desc __user *d = vq->area[VHL_DESC];
	int n;

	d += slot;
	if (unlikely(!vhl_read_begin(d, most * sizeof(*d))))
		return -EFAULT;
	n = ahead_words(vq->ahead, d, most, want, false);
	user_read_access_end();
	return n;
}

/*
 * Reads ahead from last_avail on, whose position is @pos, at most to the end of the
 * ring and no more than vhl_packed_room(). Returns how many descriptors are
 * available there, or -EFAULT after reporting the broken rule.
 */
static __always_inline int ahead_read(struct vhl_vq *vq, u16 pos)
{
	unsigned int slot = vhl_pos_index(pos);
	unsigned int most = min3(vq->num - slot, vhl_packed_room(vq), (unsigned int)VHL_HEADS);
	int n = -ENODATA;

	if (unlikely(!vq->ring_plain))
		n = ahead_other(vq, slot, most, avail_bits(pos));
	if (likely(n == -ENODATA))
		n = ahead_user(vq, slot, most, avail_bits(pos));
	if (unlikely(n < 0)) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return n;
	}
	vq->heads_at = vq->last_avail;
	vq->n_ahead = n;
	return n;
}

/* vhl_avail_look() for a packed ring: all descriptors seen before have been taken. */
int vhl_packed_look(struct vhl_vq *vq)
{
	int n = ahead_read(vq, vq->avail_pos);

	if (n > 0) {
		vq->avail_seen += n;
		vq->avail_pos = vhl_pos_next(vq, vq->avail_pos, n);
	}
	return n;
}

/* The same when descriptors seen before have not been taken, but were not read ahead. */
static noinline int look_again(struct vhl_vq *vq)
{
	u16 pos = next_pos(vq), seen = vq->avail_seen - vq->last_avail;
	int n = ahead_read(vq, pos);

	if (n > seen) {
		vq->avail_seen = vq->last_avail + n;
		vq->avail_pos = vhl_pos_next(vq, pos, n);
	}
	return n;
}

/*
 * Whether another descriptor is available after those seen; false when the ring
 * cannot be read, after reporting it. Caller holds vq->mutex; may sleep.
 */
bool vhl_packed_more(struct vhl_vq *vq)
{
	size_t off = vhl_pos_index(vq->avail_pos) * sizeof(struct vring_packed_desc);
	__virtio16 flags;

	/* All other descriptors have been seen, or the device still owns them. */
	if ((u16)(vq->avail_seen - vq->used_idx) >= vq->num)
		return false;
	off += offsetof(struct vring_packed_desc, flags);
	if (vhl_ring_get(vq, VHL_DESC, off, &flags, 1)) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return false;
	}
	return is_avail(VHL_WORD(vhl16_to_cpu(vq, flags)), avail_bits(vq->avail_pos));
}

/* Reads a later descriptor of a chain: it is available when the first one is (section 2.8.6). */
static int desc_read(struct vhl_vq *vq, u16 pos, struct vhl_ahead *a)
{
	struct vring_desc d;

	if (vhl_desc_get(vq, &d, vhl_pos_index(pos))) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return -EFAULT;
	}
	/* A packed descriptor has id and flags where a split one has flags and next. */
	a->addr = vhl64_to_cpu(vq, d.addr);
	a->word = VHL_WORD(vhl16_to_cpu(vq, d.next)) | (u64)vhl16_to_cpu(vq, d.flags) << 32 |
		  vhl32_to_cpu(vq, d.len);
	return 0;
}

/* Section 2.8.7: reads an indirect table, whose entries are consecutive, with flag WRITE only. */
static int chain_indirect(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c, u64 gpa,
			  u32 len)
{
	struct vring_packed_desc d;
	u32 i, n = len / sizeof(d);
	int err;

	if (unlikely(!n || len % sizeof(d) || n > VHL_MAX_INDIRECT))
		return vhl_rule_broken(vq, VHL_RULE_INDIRECT_SIZE);
	for (i = 0; i < n; i++) {
		u16 flags;

		err = vhl_guest_read(vq, &d, gpa + i * sizeof(d), sizeof(d));
		if (unlikely(err))
			return vhl_untranslated(vq, err);
		flags = le16_to_cpu(d.flags);
		if (unlikely(flags & VRING_DESC_F_INDIRECT))
			return vhl_rule_broken(vq, VHL_RULE_INDIRECT_NEST);
		err = vhl_segment_add(vq, first, c, le64_to_cpu(d.addr), le32_to_cpu(d.len), flags);
		if (unlikely(err))
			return err;
		c->descs++;
		vhl_chain_resched(c);
	}
	return 0;
}

/* Gets descriptor @i of the chain at @pos: from what was read ahead, or from the ring. */
static int chain_desc(struct vhl_vq *vq, u16 pos, unsigned int i, struct vhl_ahead *a)
{
	u16 off = vq->last_avail - vq->heads_at;

	if (likely(off < vq->n_ahead && i < vq->n_ahead - off)) {
		*a = vq->ahead[off + i];
		return 0;
	}
	return desc_read(vq, vhl_pos_next(vq, pos, i), a);
}

/* vhl_chain_read() for a packed ring. */
int vhl_packed_chain(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c)
{
	u16 off = vq->last_avail - vq->heads_at;
	unsigned int i, room = vhl_packed_room(vq);
	struct vhl_ahead a;
	u16 pos, flags;
	int err;

	if (off >= vq->n_ahead) {
		err = look_again(vq);
		if (unlikely(err <= 0))
			/* The driver took an available descriptor back: as an index that
			 * moves backwards.
			 */
			return err ? err : vhl_rule_broken(vq, VHL_RULE_AVAIL_JUMP);
	}
	pos = next_pos(vq);
	c->out = 0;
	c->in = 0;
	c->descs = 0;
	c->out_len = 0;
	c->in_len = 0;
	for (i = 0;; i++) {
		if (unlikely(i == room))
			return vhl_rule_broken(vq, VHL_RULE_LOOP);
		err = chain_desc(vq, pos, i, &a);
		if (unlikely(err))
			return err;
		flags = a.word >> VHL_WORD_FLAGS;
		if (flags & VRING_DESC_F_INDIRECT) {
			/* Section 2.8.5: a chain is a table or a list, not both. */
			if (unlikely(i || flags & VRING_DESC_F_NEXT))
				return vhl_rule_broken(vq, VHL_RULE_INDIRECT_NEST);
			err = chain_indirect(vq, first, c, a.addr, a.word);
		} else {
			err = vhl_segment_add(vq, first, c, a.addr, a.word, flags);
			c->descs++;
		}
		if (unlikely(err))
			return err;
		if (!(flags & VRING_DESC_F_NEXT))
			break;
	}
	/* Section 2.8.6: the last descriptor has the buffer's id. */
	i++;
	c->head = vhl_packed_head(a.word >> 32, i);
	if (i > (u16)(vq->avail_seen - vq->last_avail)) {
		vq->avail_seen = vq->last_avail + i;
		vq->avail_pos = vhl_pos_next(vq, pos, i);
	}
	vq->budget -= c->descs * VHL_DESC_COST;
	trace_desc(vq, c);
	return i;
}
