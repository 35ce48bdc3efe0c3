/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring_access=pinned: the three areas of a queue are mapped into the kernel, so
 * that the packet path accesses them as kernel memory. See pin.c for what happens
 * when the owner moves, unmaps or replaces that memory.
 */
#ifndef VHOSTLAB_PIN_H
#define VHOSTLAB_PIN_H

#include <linux/nospec.h>
#include <linux/preempt.h>

#include "vhostlab.h"

void vhl_pin_owner(struct vhl_vq *vq);
void vhl_pin_disown(struct vhl_vq *vq);
void vhl_pin_update(struct vhl_vq *vq);
void vhl_pin_drop(struct vhl_vq *vq);

/*
 * Where an area is mapped, or NULL when user addresses must be used. The mapping
 * stays valid until vhl_pin_end(), which must follow in both cases; the caller
 * must not sleep in between. Disabled preemption is the RCU read section that
 * pin_invalidate() waits for.
 */
static __always_inline void *vhl_pin_begin(const struct vhl_vq *vq, enum vhl_area area)
{
	preempt_disable();
	return READ_ONCE(vq->kaddr[area]);
}

/* Ends the use of the mapping that vhl_pin_begin() returned. */
static __always_inline void vhl_pin_end(void)
{
	preempt_enable();
}

/*
 * The accessors below return false when there is no mapping: the caller then uses
 * user addresses. Caller holds vq->mutex; they do not sleep.
 */

/*
 * Copies descriptor @i, which the caller has checked to be in the table; each field is
 * read once. The guest chooses @i, and no access window stands between that check and
 * these loads: they must not run ahead of it with an index outside (Spectre v1).
 */
static __always_inline bool vhl_pin_desc(const struct vhl_vq *vq, struct vring_desc *d, u16 i)
{
	const struct vring_desc *src = vhl_pin_begin(vq, VHL_DESC);

	if (likely(src)) {
		src += array_index_nospec(i, vq->num);
		d->addr = READ_ONCE(src->addr);
		d->len = READ_ONCE(src->len);
		d->flags = READ_ONCE(src->flags);
		d->next = READ_ONCE(src->next);
	}
	vhl_pin_end();
	return src;
}

/* Reads @n 16-bit fields at byte @off of an area. */
static inline bool vhl_pin_get16(const struct vhl_vq *vq, enum vhl_area area, size_t off,
				 __virtio16 *dst, unsigned int n)
{
	const void *base = vhl_pin_begin(vq, area);
	unsigned int i;

	for (i = 0; likely(base) && i < n; i++)
		dst[i] = READ_ONCE(((const __virtio16 *)(base + off))[i]);
	vhl_pin_end();
	return base;
}

/* Writes a 16-bit field at byte @off of the used area. */
static inline bool vhl_pin_put16(const struct vhl_vq *vq, size_t off, __virtio16 v)
{
	void *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		WRITE_ONCE(*(__virtio16 *)(base + off), v);
	vhl_pin_end();
	return base;
}

/* Writes 32 bits at the start of the used area, as one store. */
static inline bool vhl_pin_put32(const struct vhl_vq *vq, u32 v)
{
	u32 *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		WRITE_ONCE(*base, v);
	vhl_pin_end();
	return base;
}

/* Writes @n bytes at byte @off of the used area. */
static inline bool vhl_pin_put(const struct vhl_vq *vq, size_t off, const void *src, size_t n)
{
	void *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		memcpy(base + off, src, n);
	vhl_pin_end();
	return base;
}

#endif /* VHOSTLAB_PIN_H */
