// SPDX-License-Identifier: GPL-2.0-only
/* The memory table: guest-physical to user-virtual addresses. See memory.h. */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "lock.h"
#include "log.h"
#include "trace.h"

static int region_cmp(const void *a, const void *b)
{
	const struct vhl_region *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

/* Checks and converts one region of the client's. Returns 0 or -EFAULT. */
static int region_read(struct vhl_region *r, const struct vhost_memory_region __user *u)
{
	struct vhost_memory_region m;
	u64 end;

	if (copy_from_user(&m, u, sizeof(m)))
		return -EFAULT;
	if (!m.memory_size || check_add_overflow(m.guest_phys_addr, m.memory_size - 1, &end) ||
	    check_add_overflow(m.userspace_addr, m.memory_size - 1, &end))
		return -EFAULT;
	if (m.userspace_addr != (unsigned long)m.userspace_addr ||
	    m.memory_size != (unsigned long)m.memory_size ||
	    !access_ok((void __user *)(unsigned long)m.userspace_addr, m.memory_size))
		return -EFAULT;
	r->gpa = m.guest_phys_addr;
	r->size = m.memory_size;
	r->hva = m.userspace_addr;
	r->perm = VHOST_ACCESS_RW;
	return 0;
}

/* Builds the index of the sorted regions: see struct vhl_mem. */
static void mem_index(struct vhl_mem *mem)
{
	const struct vhl_region *r = mem->r;
	u32 i, slot;
	u64 span;

	if (!mem->n)
		return;
	for (i = 1; i < mem->n; i++)
		if (r[i].gpa - r[i - 1].gpa < r[i - 1].size)
			return;
	mem->base = r[0].gpa;
	span = r[mem->n - 1].gpa + (r[mem->n - 1].size - 1) - mem->base;
	while (span >> mem->shift >= VHL_MEM_SLOTS)
		mem->shift++;
	mem->slots = (span >> mem->shift) + 1;
	for (i = 0, slot = 0; slot < mem->slots; slot++) {
		u64 at = (u64)slot << mem->shift;

		while (r[i].gpa - mem->base + (r[i].size - 1) < at)
			i++;
		mem->first[slot] = i;
	}
	mem->first[slot] = mem->n - 1;
}

static struct vhl_mem *mem_read(struct vhost_memory __user *m)
{
	struct vhost_memory head;
	struct vhl_mem *mem;
	int err = 0;
	u32 i;

	if (copy_from_user(&head, m, sizeof(head)))
		return ERR_PTR(-EFAULT);
	if (head.padding)
		return ERR_PTR(-EOPNOTSUPP);
	if (head.nregions > VHL_MAX_REGIONS)
		return ERR_PTR(-E2BIG);

	mem = kvzalloc(struct_size(mem, r, head.nregions), GFP_KERNEL_ACCOUNT);
	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->n = head.nregions;
	for (i = 0; i < mem->n && !err; i++)
		err = region_read(&mem->r[i], &m->regions[i]);
	if (err) {
		kvfree(mem);
		return ERR_PTR(err);
	}

	sort(mem->r, mem->n, sizeof(mem->r[0]), region_cmp, NULL);
	mem_index(mem);
	return mem;
}

/*
 * VHOST_SET_MEM_TABLE. After success no queue uses the old table, nor the memory it
 * describes, so the client may unmap that memory. Returns 0; -EFAULT for memory of
 * the client that cannot be accessed; -E2BIG; -EOPNOTSUPP; -ENOMEM; or -EINTR when
 * the caller is killed. Caller holds dev->mutex; takes every vq->mutex; sleeps.
 */
int vhl_mem_set(struct vhl_dev *dev, struct vhost_memory __user *m)
{
	struct vhl_mem *mem = mem_read(m);
	struct vhl_mem *old;
	int i, err;

	if (IS_ERR(mem))
		return PTR_ERR(mem);

	if (dev->features & BIT_ULL(VHOST_F_LOG_ALL) && !vhl_log_ok(dev->log_base, mem)) {
		kvfree(mem);
		return -EFAULT;
	}

	err = vhl_queues_lock_killable(dev);
	if (err) {
		kvfree(mem);
		return err;
	}
	old = dev->mem;
	dev->mem = mem;
	for (i = 0; i < VHL_NVQS; i++) {
		dev->vqs[i].last = NULL;
		vhl_ahead_forget(&dev->vqs[i]);
	}
	vhl_queues_unlock(dev);
	kvfree(old);
	return 0;
}

static const struct vhl_region *region_find(const struct vhl_mem *mem, u64 gpa)
{
	u32 lo = 0, hi = mem->n, slot;

	if (!mem->slots) {
		for (; lo < hi; lo++)
			if (gpa - mem->r[lo].gpa < mem->r[lo].size)
				return &mem->r[lo];
		return NULL;
	}
	if ((gpa - mem->base) >> mem->shift >= mem->slots)
		return NULL;
	slot = array_index_nospec((gpa - mem->base) >> mem->shift, mem->slots);
	lo = mem->first[slot];
	hi = mem->first[slot + 1] + 1;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (gpa < mem->r[mid].gpa)
			hi = mid;
		else if (gpa - mem->r[mid].gpa >= mem->r[mid].size)
			lo = mid + 1;
		else
			return &mem->r[mid];
	}
	return NULL;
}

static const struct vhl_region *region_at(struct vhl_vq *vq, u64 gpa, bool write)
{
	const struct vhl_region *r;

	if (vq->iotlb)
		return vhl_iotlb_find(vq, gpa, write ? VHOST_ACCESS_WO : VHOST_ACCESS_RO);
	r = vq->dev->mem ? region_find(vq->dev->mem, gpa) : NULL;
	return r ?: ERR_PTR(-EFAULT);
}

/*
 * Translates [gpa, gpa + len), which is to be written (@write) or read, into at
 * most @room segments at @iov, with their guest addresses at @seg_gpa. A range that
 * crosses regions is split at each border. Returns the number of segments (0 for
 * @len 0); -EFAULT when no region holds an address; -ENOBUFS when @room is not
 * enough; with an IOTLB also -EPERM, and -EAGAIN after a miss was sent to the
 * client. The segments are valid until vq->mutex is released. Caller holds
 * vq->mutex; does not sleep.
 */
int vhl_translate(struct vhl_vq *vq, u64 gpa, u32 len, bool write, struct iovec *iov, u64 *seg_gpa,
		  int room)
{
	const struct vhl_region *r = vq->last;
	int n = 0;

	while (len) {
		u64 off, part;

		if (!r || gpa - r->gpa >= r->size) {
			r = region_at(vq, gpa, write);
			if (IS_ERR(r))
				return PTR_ERR(r);
			if (r->perm == VHOST_ACCESS_RW && vhl_by(vq, VHL_IDEA_REGION))
				vq->last = r;
		}
		if (n == room)
			return -ENOBUFS;
		off = gpa - r->gpa;
		part = min_t(u64, len, r->size - off);
		iov[n].iov_base = (void __user *)(unsigned long)(r->hva + off);
		iov[n].iov_len = part;
		seg_gpa[n] = gpa;
		n++;
		len -= part;
		gpa += part;
		/* A range must not wrap at 2^64. */
		if (len && !gpa)
			return -EFAULT;
	}
	return n;
}
