/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory table: guest-physical to user-virtual addresses. */
#ifndef VHOSTLAB_MEMORY_H
#define VHOSTLAB_MEMORY_H

#include <linux/nospec.h>
#include <linux/types.h>

/* Memory regions accepted: what QEMU has slots for. */
#define VHL_MAX_REGIONS 509
/* Slots of the index of regions: four a region at least where they are alike. */
#define VHL_MEM_SLOTS 2048

struct iovec;
struct vhl_dev;
struct vhl_vq;
struct vhost_memory;

/*
 * One region of the guest's memory: [gpa, gpa + size) is at hva, and may be
 * used as VHOST_ACCESS_... says. With an IOTLB, gpa is an I/O virtual address.
 */
struct vhl_region {
	u64 gpa;
	u64 size;
	u64 hva;
	u8 perm;
};

/*
 * The memory table: regions sorted by gpa, and an index of them. It cuts the
 * addresses from the first region to the last into slots of 2^shift bytes and
 * names for each the first region that ends behind the slot's beginning. With
 * regions of about one size, as plugged memory has, that is the region, or the
 * one before it; whatever their sizes, the next slot's entry bounds the search.
 * Immutable once published in dev->mem; readers hold a vq mutex, the writer
 * all of them. So nothing of it is ever out of date.
 */
struct vhl_mem {
	u32 n;
	u32 slots; /* 0: no region, or they overlap: linear scan */
	u64 base;
	u8 shift;
	u16 first[VHL_MEM_SLOTS + 1];
	struct vhl_region r[];
};

int vhl_mem_set(struct vhl_dev *dev, struct vhost_memory __user *m);
int vhl_translate(struct vhl_vq *vq, u64 gpa, u32 len, bool write, struct iovec *iov, u64 *seg_gpa,
		  int room);

/*
 * The region at @gpa if it is the one that the index names for its slot, or
 * the next one; NULL: ask vhl_translate(). Not for queues with an IOTLB.
 */
static __always_inline const struct vhl_region *vhl_region_guess(const struct vhl_mem *mem, u64 gpa)
{
	u64 slot = (gpa - mem->base) >> mem->shift;
	const struct vhl_region *r;

	if (unlikely(slot >= mem->slots))
		return NULL;
	/* The guest chooses the address: it must not choose what is loaded beside the index. */
	r = &mem->r[mem->first[array_index_nospec(slot, mem->slots)]];
	if (likely(gpa - r->gpa < r->size))
		return r;
	/* Of the last region there is no next one. */
	if (++r == &mem->r[mem->n] || gpa - r->gpa >= r->size)
		return NULL;
	return r;
}

#endif /* VHOSTLAB_MEMORY_H */
