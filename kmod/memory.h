/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory table: guest-physical to user-virtual addresses. */
#ifndef VHOSTLAB_MEMORY_H
#define VHOSTLAB_MEMORY_H

#include <linux/nospec.h>
#include <linux/types.h>

/* Most memory regions accepted: the number of QEMU's memory slots. */
#define VHL_MAX_REGIONS 509
/* Slots of the index of regions: at least four per region when all have one size. */
#define VHL_MEM_SLOTS 2048

struct iovec;
struct vhl_dev;
struct vhl_vq;
struct vhost_memory;

/*
 * One region of the guest's memory, in bytes: [gpa, gpa + size) is at the owner's
 * address hva; perm is VHOST_ACCESS_... In an entry of the IOTLB, gpa is an I/O
 * virtual address.
 */
struct vhl_region {
	u64 gpa;
	u64 size;
	u64 hva;
	u8 perm;
};

/*
 * The memory table: regions sorted by gpa, and an index of them. The index divides
 * the addresses from the first region to the last into slots of 2^shift bytes and
 * has for each slot the first region that ends after the slot's start. With
 * regions of about one size, as with hot-plugged memory, an address is in that
 * region or in the next one; for any sizes, the next slot's entry bounds the
 * search. Immutable once published in dev->mem; readers hold a vq->mutex, the
 * writer holds all of them, so a reader never sees an old table.
 */
struct vhl_mem {
	u32 n;
	u32 slots; /* 0: no region, or regions overlap: linear scan */
	u64 base;
	u8 shift;
	u16 first[VHL_MEM_SLOTS + 1];
	struct vhl_region r[];
};

int vhl_mem_set(struct vhl_dev *dev, struct vhost_memory __user *m);
int vhl_translate(struct vhl_vq *vq, u64 gpa, u32 len, bool write, struct iovec *iov, u64 *seg_gpa,
		  int room);

/*
 * The region that holds @gpa, if it is the one that the index has for the slot of
 * @gpa or the next one. Returns NULL when it is neither: use vhl_translate().
 * Not for queues with an IOTLB. Caller holds vq->mutex; does not sleep.
 */
static __always_inline const struct vhl_region *vhl_region_guess(const struct vhl_mem *mem, u64 gpa)
{
	u64 slot = (gpa - mem->base) >> mem->shift;
	const struct vhl_region *r;

	if (unlikely(slot >= mem->slots))
		return NULL;
	/* The guest chooses the address: no speculative load outside the index (Spectre v1). */
	r = &mem->r[mem->first[array_index_nospec(slot, mem->slots)]];
	if (likely(gpa - r->gpa < r->size))
		return r;
	/* The last region has no next one. */
	if (++r == &mem->r[mem->n] || gpa - r->gpa >= r->size)
		return NULL;
	return r;
}

#endif /* VHOSTLAB_MEMORY_H */
