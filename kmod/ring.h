/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to the three areas of a virtqueue: descriptor table, avail ring and
 * used ring (virtio 1.2, section 2.7). Their addresses are user addresses, or
 * with an IOTLB I/O virtual addresses, which may be translated in several pieces.
 * All functions run in the owner's mm under vq->mutex, may sleep on a page fault,
 * and return 0 or -EFAULT. vq->ring_plain is the common case: user addresses
 * without IOTLB, mapping or prefetch.
 */
#ifndef VHOSTLAB_RING_H
#define VHOSTLAB_RING_H

#include "vhostlab.h"
#include "area.h"
#include "pin.h"
#include "user.h"

/* Offsets in the avail and the used ring, in bytes. */
#define VHL_AVAIL_FLAGS offsetof(struct vring_avail, flags)
#define VHL_AVAIL_IDX	offsetof(struct vring_avail, idx)
#define VHL_USED_FLAGS	offsetof(struct vring_used, flags)
#define VHL_USED_IDX	offsetof(struct vring_used, idx)

/* Offset of avail entry @slot in bytes; used_event follows the last entry. */
static inline size_t vhl_avail_entry(unsigned int slot)
{
	return offsetof(struct vring_avail, ring) + slot * sizeof(__virtio16);
}

/* Offset of used entry @slot in bytes; avail_event follows the last entry. */
static inline size_t vhl_used_entry(unsigned int slot)
{
	return offsetof(struct vring_used, ring) + slot * sizeof(struct vring_used_elem);
}

/* vhl_desc_get() when the ring is not plain: the slow path, not inlined. */
int vhl_desc_get_other(struct vhl_vq *vq, struct vring_desc *d, u16 i);

/* Reads descriptor @i, which the caller has checked to be in the table. */
static __always_inline int vhl_desc_get(struct vhl_vq *vq, struct vring_desc *d, u16 i)
{
	if (unlikely(!vq->ring_plain))
		return vhl_desc_get_other(vq, d, i);
	return vhl_read_desc(d, vq->area[VHL_DESC] + i * sizeof(*d));
}

/* Reads @n 16-bit fields at byte @off of an area; each is read once. */
static inline int vhl_ring_get(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 *dst,
			       unsigned int n)
{
	if (unlikely(!vq->ring_plain)) {
		if (vq->iotlb)
			return vhl_area_get16(vq, area, off, dst, n);
		if (vq->pinned && vhl_pin_get16(vq, area, off, dst, n))
			return 0;
	}
	return vhl_read16n(dst, vq->area[area] + off, n);
}

/* Writes a 16-bit field at byte @off of the used area, as one store. */
static inline int vhl_used_put(struct vhl_vq *vq, size_t off, __virtio16 v)
{
	if (unlikely(!vq->ring_plain)) {
		if (vq->iotlb)
			return vhl_area_put16(vq, VHL_USED, off, v);
		if (vq->pinned && vhl_pin_put16(vq, off, v))
			return 0;
	}
	return vhl_put_user(v, (__virtio16 __user *)(vq->area[VHL_USED] + off));
}

/* Writes @n used entries from @slot on; they must not pass the end of the ring. */
static inline int vhl_used_put_entries(struct vhl_vq *vq, unsigned int slot,
				       const struct vring_used_elem *src, unsigned int n)
{
	size_t off = vhl_used_entry(slot);

	if (unlikely(!vq->ring_plain)) {
		if (vq->iotlb)
			return vhl_area_put(vq, VHL_USED, off, src, n * sizeof(*src));
		if (vq->pinned && vhl_pin_put(vq, off, src, n * sizeof(*src)))
			return 0;
	}
	return vhl_write_used(vq->area[VHL_USED] + off, src, n);
}

#endif /* VHOSTLAB_RING_H */
