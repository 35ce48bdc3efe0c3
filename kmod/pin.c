// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_access=pinned: see pin.h.
 *
 * The map must show what the owner's addresses show, at any time. Its pages are
 * pinned, so the kernel does not move them; but the owner may unmap them, put
 * others in their place, or fork. A notifier on each area hears of that before
 * it is done, voids the maps and waits until nobody is reading or writing
 * through one. From then on the queue uses user addresses, where the owner's
 * change is seen or faults as it should; its next run maps what is there then.
 *
 * Writes through the map leave no mark in the owner's page tables. The dirty
 * log is written as ever, by address; pages of files are marked dirty when
 * they are let go.
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

/* After a failure, or a change by the owner, this long without a map. */
#define PIN_PAUSE msecs_to_jiffies(20)

struct vhl_pin_area {
	struct mmu_interval_notifier notifier;
	bool heard; /* the notifier is registered */
	struct vhl_vq *vq;
	struct page **pages;
	int n;
	int charged; /* pages, to vq->pin_user and the mm */
	void *map;
};

/* The maps of a queue. */
struct vhl_pin {
	struct mm_struct *mm;
	struct vhl_pin_area area[VHL_NAREAS];
};

/*
 * All or none: the areas of one ring are used together. Notes when nobody can
 * be using them any more. Caller holds vq->pin_lock.
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

/* The owner is about to change what an area's addresses show. */
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
	/* Also when another change voided the maps a moment ago and is still
	 * waiting. Who cannot wait is taking the address space down: nobody is
	 * left there to see a late write.
	 */
	if (mmu_notifier_range_blockable(range))
		cond_synchronize_rcu(unused);
	return true;
}

static const struct mmu_interval_notifier_ops pin_ops = {
	.invalidate = pin_invalidate,
};

/*
 * Pinned pages count against RLIMIT_MEMLOCK, per user as io_uring's do: all of a
 * user's devices and io_uring's buffers share what one process may have. The
 * worker that pins is no process of the owner, so limit, capability and user are
 * those of SET_OWNER. Called from there, by the owner.
 */
void vhl_pin_owner(struct vhl_vq *vq)
{
	if (!vq->pinned || vq->pin_user)
		return;
	vq->pin_user = get_uid(current_user());
	vq->pin_limit = capable(CAP_IPC_LOCK) ? ULONG_MAX : rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

/* The owner is no more; its maps are dropped. */
void vhl_pin_disown(struct vhl_vq *vq)
{
	if (vq->pin_user)
		free_uid(vq->pin_user);
	vq->pin_user = NULL;
}

/* Before the pages are pinned. Returns 0, or -ENOMEM over the limit. */
static int area_charge(struct vhl_pin_area *a, struct mm_struct *mm, int n)
{
	struct vhl_vq *vq = a->vq;
	long now = atomic_long_read(&vq->pin_user->locked_vm);

	do {
		if (now + n > vq->pin_limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&vq->pin_user->locked_vm, &now, now + n));
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
		atomic_long_sub(a->charged, &a->vq->pin_user->locked_vm);
	}
	kvfree(a->pages);
	if (a->heard)
		mmu_interval_notifier_remove(&a->notifier);
}

/*
 * Lets the maps of a queue go. Caller holds vq->mutex, or is its last user;
 * sleeps.
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
	/* Only runs of the queue use maps, and there is none now. */
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

		/* Before the pages are looked up: no change goes unheard. The
		 * owner may be changing them now: pin_invalidate() may run
		 * before this returns.
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
 * Maps the areas when they are not, at the beginning of a run. That it fails
 * is no harm: user addresses do. Caller is the queue's worker and holds
 * vq->mutex; sleeps.
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
