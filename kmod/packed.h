/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packed virtqueue (virtio 1.2, section 2.8): one ring of descriptors, in
 * which the device overwrites available descriptors with used ones, and two
 * event suppression structures, one for each side's notifications. Everything
 * is little-endian.
 *
 * A position (avail_pos, used_pos, each half of a vring base) is an index into
 * the ring with the wrap counter in bit 15, as in the event suppression
 * structures. In addition last_avail, avail_seen and used_idx count descriptors
 * modulo 2^16, so that code common to both layouts need not handle the ring's end.
 *
 * The second half of a descriptor (length, id, flags) is read and written as one
 * aligned 64-bit word, which is why only 64-bit kernels offer this layout.
 *
 * All functions need vq->mutex.
 */
#ifndef VHOSTLAB_PACKED_H
#define VHOSTLAB_PACKED_H

#include "vhostlab.h"
#include "trace.h"

/* The largest ring (section 2.8), and the wrap counter's bit in a position. */
#define VHL_PACKED_MAX 32768
#define VHL_WRAP       BIT(VRING_PACKED_EVENT_F_WRAP_CTR)

/* The flags of a descriptor, as part of its 64-bit word. */
#define VHL_WORD_FLAGS	48
#define VHL_WORD(flags) ((u64)(flags) << VHL_WORD_FLAGS)
#define VHL_WORD_AVAIL	BIT_ULL(VHL_WORD_FLAGS + VRING_PACKED_DESC_F_AVAIL)
#define VHL_WORD_USED	BIT_ULL(VHL_WORD_FLAGS + VRING_PACKED_DESC_F_USED)

/* packed.c */
void vhl_packed_base_set(struct vhl_vq *vq, u32 base);
u32 vhl_packed_base(const struct vhl_vq *vq);
bool vhl_packed_base_ok(const struct vhl_vq *vq);
void vhl_packed_rewind(struct vhl_vq *vq);
bool vhl_packed_more(struct vhl_vq *vq);
int vhl_packed_look(struct vhl_vq *vq);
int vhl_packed_chain(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c);

/* packed_used.c */
void vhl_packed_publish(struct vhl_vq *vq, unsigned int n);
int vhl_packed_start(struct vhl_vq *vq);
bool vhl_packed_notify_enable(struct vhl_vq *vq);
int vhl_packed_notify_disable(struct vhl_vq *vq);

/* The ring index of @pos, without the wrap counter. */
static inline unsigned int vhl_pos_index(u16 pos)
{
	return pos & (VHL_WRAP - 1);
}

/* The position @n descriptors after @pos; @n is at most the ring's size. */
static inline u16 vhl_pos_next(const struct vhl_vq *vq, u16 pos, unsigned int n)
{
	unsigned int i = vhl_pos_index(pos) + n;
	u16 wrap = pos & VHL_WRAP;

	if (unlikely(i >= vq->num)) {
		i -= vq->num;
		wrap ^= VHL_WRAP;
	}
	return i | wrap;
}

/* The position @n descriptors before @pos; @n is at most the ring's size. */
static inline u16 vhl_pos_back(const struct vhl_vq *vq, u16 pos, unsigned int n)
{
	unsigned int i = vhl_pos_index(pos);

	return i >= n ? (pos & VHL_WRAP) | (i - n)
		      : ((pos & VHL_WRAP) ^ VHL_WRAP) | (i + vq->num - n);
}

/*
 * How many descriptors the driver may have made available from last_avail on: the
 * ring's size less those that were taken and not yet published as used. A driver
 * that overwrites descriptors the device still owns can show more; those are not
 * read before the device has published its own. So no driver can make a position
 * leave the ring.
 */
static inline unsigned int vhl_packed_room(const struct vhl_vq *vq)
{
	return vq->num - (u16)(vq->last_avail - vq->used_idx);
}

/* The head to pass to vhl_used_add() for a chain of @descs descriptors of the ring. */
static inline u32 vhl_packed_head(u16 id, unsigned int descs)
{
	return id | descs << 16;
}

/* The common case of vhl_packed_chain(): see vhl_chain_simple(). */
static __always_inline bool vhl_packed_simple(struct vhl_vq *vq, unsigned int first,
					      struct vhl_chain *c, const bool gpas)
{
	u16 off = vq->last_avail - vq->heads_at;
	const struct vhl_region *r = vq->last;
	u64 gpa, word;
	u32 len;

	if (trace_desc_enabled())
		return false;
	if (unlikely(off >= vq->n_ahead || !r || first == VHL_MAX_SEGS))
		return false;
	word = vq->ahead[off].word;
	gpa = vq->ahead[off].addr - r->gpa;
	len = word;
	if (unlikely(word & VHL_WORD(VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT) || !len ||
		     gpa >= r->size || len > r->size - gpa))
		return false;

	vq->iov[first].iov_base = (void __user *)(unsigned long)(r->hva + gpa);
	vq->iov[first].iov_len = len;
	if (gpas)
		vq->gpa[first] = r->gpa + gpa;
	c->head = vhl_packed_head(word >> 32, 1);
	c->in = !!(word & VHL_WORD(VRING_DESC_F_WRITE));
	c->out = !c->in;
	c->in_len = c->in ? len : 0;
	c->out_len = c->in ? 0 : len;
	return true;
}

#endif /* VHOSTLAB_PACKED_H */
