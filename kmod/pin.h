/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring_access=pinned: a queue's three areas mapped into the kernel, so that
 * they are plain memory to the packet path. See pin.c for what happens when
 * the owner moves, unmaps or replaces that memory.
 */
#ifndef VHOSTLAB_PIN_H
#define VHOSTLAB_PIN_H

#include <linux/preempt.h>

#include "vhostlab.h"

void vhl_pin_owner(struct vhl_vq *vq);
void vhl_pin_disown(struct vhl_vq *vq);
void vhl_pin_update(struct vhl_vq *vq);
void vhl_pin_drop(struct vhl_vq *vq);

/*
 * Where an area is mapped, or NULL when user addresses must be used. Between
 * this and vhl_pin_end(), which is due either way, the map stays valid and the
 * caller may not sleep.
 */
static __always_inline void *vhl_pin_begin(const struct vhl_vq *vq, enum vhl_area area)
{
	preempt_disable();
	return READ_ONCE(vq->kaddr[area]);
}

static __always_inline void vhl_pin_end(void)
{
	preempt_enable();
}

/* Copies a descriptor, each field read once. False: no map. */
static __always_inline bool vhl_pin_desc(const struct vhl_vq *vq, struct vring_desc *d, u16 i)
{
	const struct vring_desc *src = vhl_pin_begin(vq, VHL_DESC);

	if (likely(src)) {
		d->addr = READ_ONCE(src[i].addr);
		d->len = READ_ONCE(src[i].len);
		d->flags = READ_ONCE(src[i].flags);
		d->next = READ_ONCE(src[i].next);
	}
	vhl_pin_end();
	return src;
}

/* Reads @n fields of 16 bits at byte @off of an area. False: no map. */
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

/* Writes a field of 16 bits of the used ring. False: no map. */
static inline bool vhl_pin_put16(const struct vhl_vq *vq, size_t off, __virtio16 v)
{
	void *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		WRITE_ONCE(*(__virtio16 *)(base + off), v);
	vhl_pin_end();
	return base;
}

/* Writes 32 bits at the beginning of the used area. False: no map. */
static inline bool vhl_pin_put32(const struct vhl_vq *vq, u32 v)
{
	u32 *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		WRITE_ONCE(*base, v);
	vhl_pin_end();
	return base;
}

/* Writes @n bytes of the used ring. False: no map. */
static inline bool vhl_pin_put(const struct vhl_vq *vq, size_t off, const void *src, size_t n)
{
	void *base = vhl_pin_begin(vq, VHL_USED);

	if (likely(base))
		memcpy(base + off, src, n);
	vhl_pin_end();
	return base;
}

#endif /* VHOSTLAB_PIN_H */
