// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_access=pinned: see pin.h.
 *
 * The kernel mapping must always show the same memory as the owner's addresses.
 * Its pages are pinned, so the kernel does not move them; but the owner may unmap
 * them, map others in their place, or fork. An MMU notifier on each area is called
 * before such a change; it invalidates the mappings and waits until none is in
 * use. From then on the queue uses user addresses, which see the owner's change or
 * fault; a later run maps the areas again.
 *
 * Writes through a mapping do not set the dirty bits of the owner's page tables.
 * The dirty log is written by address as without a mapping; pages of files are
 * marked dirty when they are unpinned.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "area.h"
#include "pin.h"

/* After a failure, or a change by the owner, no new mapping for this time, in jiffies. */
#define PIN_PAUSE msecs_to_jiffies(20)

/* The mapping of one area. */
struct vhl_pin_area {
	struct mmu_interval_notifier notifier;
	bool heard; /* the notifier is registered */
	struct vhl_vq *vq;
	struct page **pages;
	int n; /* pinned pages, or a negative errno */
	int charged; /* pages charged to the user of vq->pin_cred and the mm */
	void *map;
};

/* The mappings of a queue's areas. */
struct vhl_pin {
	struct mm_struct *mm;
	struct vhl_pin_area area[VHL_NAREAS];
};

/*
 * Invalidates the mappings of all areas, which are used together, and records the
 * RCU state after whose grace period none is in use. Caller holds vq->pin_lock.
 */
static void maps_void(struct vhl_vq *vq)
{
	int i;

	if (!vq->kaddr[VHL_DESC])
		return;
	for (i = 0; i < VHL_NAREAS; i++)
		WRITE_ONCE(vq->kaddr[i], NULL);
	vq->pin_unused = get_state_synchronize_rcu();
}

/* The MMU notifier: the owner's mapping of an area is about to change. */
static bool pin_invalidate(struct mmu_interval_notifier *notifier,
			   const struct mmu_notifier_range *range, unsigned long seq)
{
	struct vhl_pin_area *a = container_of(notifier, struct vhl_pin_area, notifier);
	unsigned long unused;

	spin_lock(&a->vq->pin_lock);
	mmu_interval_set_seq(notifier, seq);
	maps_void(a->vq);
	unused = a->vq->pin_unused;
	spin_unlock(&a->vq->pin_lock);
	/* Wait also when an earlier change has invalidated the mappings and is
	 * still waiting. A caller that must not block is tearing the address
	 * space down: no thread is left there that could see a late write.
	 */
	if (mmu_notifier_range_blockable(range))
		cond_synchronize_rcu(unused);
	return true;
}

static const struct mmu_interval_notifier_ops pin_ops = {
	.invalidate = pin_invalidate,
};

/*
 * Takes the user, the limit and the capability that pinned pages are charged to.
 * They count against RLIMIT_MEMLOCK per user, as io_uring's do: the limit of one
 * process applies to the sum of a user's devices and io_uring buffers. The worker
 * that pins need not be a task of the owner, so they are those of the caller of
 * VHOST_SET_OWNER, which is where this is called. Does not sleep.
 */
void vhl_pin_owner(struct vhl_vq *vq)
{
	if (!vq->pinned || vq->pin_cred)
		return;
	/* Not the user alone: not all kernels have free_uid() for modules. */
	vq->pin_cred = get_current_cred();
	vq->pin_limit = capable(CAP_IPC_LOCK) ? ULONG_MAX : rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

/* Releases the user, when the device loses its owner and its mappings are dropped. */
void vhl_pin_disown(struct vhl_vq *vq)
{
	if (vq->pin_cred)
		put_cred(vq->pin_cred);
	vq->pin_cred = NULL;
}

/* Charges @n pages, before they are pinned. Returns 0, or -ENOMEM over the limit. */
static int area_charge(struct vhl_pin_area *a, struct mm_struct *mm, int n)
{
	struct vhl_vq *vq = a->vq;
	long now = atomic_long_read(&vq->pin_cred->user->locked_vm);

	do {
		if (now + n > vq->pin_limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&vq->pin_cred->user->locked_vm, &now, now + n));
	atomic64_add(n, &mm->pinned_vm);
	a->charged = n;
	return 0;
}

static void area_drop(struct vhl_pin_area *a, struct mm_struct *mm, bool dirty)
{
	if (a->map)
		vunmap(a->map);
	if (a->n > 0)
		unpin_user_pages_dirty_lock(a->pages, a->n, dirty);
	if (a->charged) {
		atomic64_sub(a->charged, &mm->pinned_vm);
		atomic_long_sub(a->charged, &a->vq->pin_cred->user->locked_vm);
	}
	kvfree(a->pages);
	if (a->heard)
		mmu_interval_notifier_remove(&a->notifier);
}

/*
 * Removes the mappings of a queue and unpins their pages. Caller holds vq->mutex,
 * or is its last user; sleeps.
 */
void vhl_pin_drop(struct vhl_vq *vq)
{
	struct vhl_pin *pin = vq->pin;
	int i;

	if (!pin)
		return;
	spin_lock(&vq->pin_lock);
	maps_void(vq);
	spin_unlock(&vq->pin_lock);
	vq->pin = NULL;
	/* Only runs of the queue use the mappings, and no run is active now. */
	for (i = 0; i < VHL_NAREAS; i++)
		area_drop(&pin->area[i], pin->mm, i == VHL_USED || (i == VHL_DESC && vq->packed));
	kfree(pin);
}

/* Pins and maps the pages of one area. Returns 0 or an errno. */
static int area_map(struct vhl_pin_area *a, struct mm_struct *mm, unsigned long first, int n)
{
	if (area_charge(a, mm, n)) {
		a->vq->stats.pins_over_limit++;
		return -ENOMEM;
	}
	a->pages = kvmalloc_array(n, sizeof(*a->pages), GFP_KERNEL_ACCOUNT);
	if (!a->pages)
		return -ENOMEM;
	a->n = pin_user_pages_fast(first, n, FOLL_WRITE | FOLL_LONGTERM, a->pages);
	if (a->n != n)
		return a->n < 0 ? a->n : -EFAULT;
	a->map = vmap(a->pages, n, VM_MAP, PAGE_KERNEL);
	return a->map ? 0 : -ENOMEM;
}

static int pin_all(struct vhl_vq *vq, struct vhl_pin *pin)
{
	unsigned long seq[VHL_NAREAS];
	bool current_still = true;
	int i, err = 0;

	for (i = 0; i < VHL_NAREAS && !err; i++) {
		unsigned long start = (unsigned long)vq->area[i];
		size_t size = vhl_area_size(vq, i);
		unsigned long first = start & PAGE_MASK;
		struct vhl_pin_area *a = &pin->area[i];

		/* The notifier is registered before the pages are looked up, so
		 * that it sees every change. The owner may be changing them now:
		 * pin_invalidate() may run before this returns.
		 */
		a->vq = vq;
		err = mmu_interval_notifier_insert(&a->notifier, pin->mm, start, size, &pin_ops);
		if (err)
			break;
		a->heard = true;
		seq[i] = mmu_interval_read_begin(&a->notifier);
		err = area_map(a, pin->mm, first, (PAGE_ALIGN(start + size) - first) >> PAGE_SHIFT);
	}
	if (err)
		return err;

	spin_lock(&vq->pin_lock);
	for (i = 0; i < VHL_NAREAS; i++)
		current_still &= !mmu_interval_read_retry(&pin->area[i].notifier, seq[i]);
	for (i = 0; i < VHL_NAREAS && current_still; i++)
		WRITE_ONCE(vq->kaddr[i],
			   pin->area[i].map + offset_in_page((unsigned long)vq->area[i]));
	spin_unlock(&vq->pin_lock);
	return current_still ? 0 : -EAGAIN;
}

/*
 * Maps the areas if they are not mapped, at the start of a run. When this fails the
 * run uses user addresses. Caller is the queue's worker and holds vq->mutex;
 * sleeps.
 */
void vhl_pin_update(struct vhl_vq *vq)
{
	struct vhl_pin *pin;

	if (READ_ONCE(vq->kaddr[VHL_DESC]) || time_before(jiffies, vq->pin_next))
		return;
	vq->stats.unpins += !!vq->pin;
	vhl_pin_drop(vq);
	vq->pin_next = jiffies + PIN_PAUSE;
	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return;
	pin->mm = vq->dev->mm;
	vq->pin = pin;
	if (pin_all(vq, pin))
		vhl_pin_drop(vq);
	else
		vq->stats.pins++;
}
