// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device IOTLB (VIRTIO_F_ACCESS_PLATFORM): translates the addresses of a
 * virtual IOMMU to the owner's memory. The client fills it by messages
 * (message.c). When an entry is missing, the client is sent a miss, and the queue
 * waits for the answer.
 *
 * The table is read under any one vq->mutex and changed under all of them. So when
 * the client's invalidation returns no queue uses the address any more, and no
 * entry disappears during a run.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "area_size.h"
#include "lock.h"
#include "trace.h"

/* Initialises an empty IOTLB, when the device is opened. */
void vhl_iotlb_init(struct vhl_iotlb *tlb)
{
	tlb->tree = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&tlb->order);
	spin_lock_init(&tlb->lock);
	init_waitqueue_head(&tlb->wait);
}

/* Discards what the queues cache of the table. Caller holds every vq->mutex. */
static void queues_forget(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vq->last = NULL;
		memset(vq->area_last, 0, sizeof(vq->area_last));
		vq->area_ok = false;
		vhl_ahead_forget(vq);
	}
}

static void entry_drop(struct vhl_iotlb *tlb, struct vhl_iova *e)
{
	interval_tree_remove(&e->node, &tlb->tree);
	list_del(&e->order);
	tlb->n--;
	kfree(e);
}

/* The tree's addresses are unsigned long: it has no entry beyond them. */
static struct vhl_iova *entry_first(struct vhl_iotlb *tlb, u64 first, u64 last)
{
	struct interval_tree_node *node = NULL;

	if (first <= ULONG_MAX)
		node = interval_tree_iter_first(&tlb->tree, first, min_t(u64, last, ULONG_MAX));
	return node ? container_of(node, struct vhl_iova, node) : NULL;
}

static void range_drop(struct vhl_iotlb *tlb, u64 first, u64 last)
{
	struct vhl_iova *e;

	while ((e = entry_first(tlb, first, last)))
		entry_drop(tlb, e);
}

/* Whether rings of a queue with a backend lie in the entry. Caller holds every vq->mutex. */
static bool holds_rings(const struct vhl_dev *dev, const struct vhl_iova *e)
{
	int i, area;

	for (i = 0; i < VHL_NVQS; i++) {
		const struct vhl_vq *vq = &dev->vqs[i];

		for (area = 0; vq->sock && vq->area_set && area < VHL_NAREAS; area++) {
			u64 at = (unsigned long)vq->area[area];

			if (at <= e->node.last && e->node.start < at + vhl_area_size(vq, area))
				return true;
		}
	}
	return false;
}

/*
 * Makes room in a full table: the oldest entry goes, but not one of the rings while others are
 * left. Frames under way are returned to them also when an ioctl waits for that, and a miss could
 * not be answered then. Caller holds every vq->mutex.
 */
static void evict(struct vhl_dev *dev)
{
	struct vhl_iova *e, *oldest = list_first_entry(&dev->tlb.order, struct vhl_iova, order);

	list_for_each_entry(e, &dev->tlb.order, order) {
		if (!holds_rings(dev, e)) {
			oldest = e;
			break;
		}
	}
	entry_drop(&dev->tlb, oldest);
}

/* The queue's miss is answered: it runs again. Caller holds vq->mutex. */
static void miss_answered(struct vhl_vq *vq)
{
	struct vhl_iotlb *tlb = &vq->dev->tlb;

	spin_lock(&tlb->lock);
	vq->miss.state = VHL_MISS_NONE;
	spin_unlock(&tlb->lock);
	vq->stats.iotlb_updates++;
	vhl_work_queue(vq->worker, &vq->work);
}

/*
 * Adds a translation and removes all that overlap it; when the table is full, the
 * oldest entry without rings is evicted. Queues that wait for an address in it run again.
 * Caller holds dev->mutex; takes every vq->mutex; sleeps. Returns 0; -EINVAL for
 * an empty range or unknown access; -EFAULT for addresses out of range; -ENOMEM;
 * or -EINTR when the caller is killed.
 */
int vhl_iotlb_update(struct vhl_dev *dev, const struct vhost_iotlb_msg *m)
{
	struct vhl_iotlb *tlb = &dev->tlb;
	struct vhl_iova *e;
	u64 last, end;
	int i, err;

	if (!m->size || !m->perm || m->perm & ~VHOST_ACCESS_RW)
		return -EINVAL;
	if (check_add_overflow(m->iova, m->size - 1, &last) ||
	    check_add_overflow(m->uaddr, m->size - 1, &end) || last != (unsigned long)last ||
	    end != (unsigned long)end || m->size != (unsigned long)m->size ||
	    !access_ok((void __user *)(unsigned long)m->uaddr, m->size))
		return -EFAULT;

	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	e->node.start = m->iova;
	e->node.last = last;
	e->r.gpa = m->iova;
	e->r.size = m->size;
	e->r.hva = m->uaddr;
	e->r.perm = m->perm;

	err = vhl_queues_lock_killable(dev);
	if (err) {
		kfree(e);
		return err;
	}
	range_drop(tlb, m->iova, last);
	if (tlb->n == VHL_MAX_IOVAS)
		evict(dev);
	interval_tree_insert(&e->node, &tlb->tree);
	list_add_tail(&e->order, &tlb->order);
	tlb->n++;
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		if (vq->miss.state != VHL_MISS_NONE && vq->miss.iova - m->iova < m->size)
			miss_answered(vq);
	}
	queues_forget(dev);
	vhl_queues_unlock(dev);
	return 0;
}

/*
 * Removes every translation that overlaps [iova, iova + size), in bytes; size 0
 * removes all, as clients send it for the whole address space. When it returns,
 * no queue uses them. Returns 0, -EFAULT or -EINTR; context as above.
 */
int vhl_iotlb_invalidate(struct vhl_dev *dev, u64 iova, u64 size)
{
	u64 last = U64_MAX;
	int err;

	if (!size)
		iova = 0;
	else if (check_add_overflow(iova, size - 1, &last))
		return -EFAULT;
	err = vhl_queues_lock_killable(dev);
	if (err)
		return err;
	range_drop(&dev->tlb, iova, last);
	queues_forget(dev);
	vhl_queues_unlock(dev);
	return 0;
}

/* Removes every translation. Caller holds every vq->mutex; does not sleep. */
void vhl_iotlb_forget_locked(struct vhl_dev *dev)
{
	range_drop(&dev->tlb, 0, U64_MAX);
	queues_forget(dev);
}

/* Cancels the miss of a queue. Caller holds vq->mutex; does not sleep. */
void vhl_miss_forget(struct vhl_vq *vq)
{
	struct vhl_iotlb *tlb = &vq->dev->tlb;

	spin_lock(&tlb->lock);
	vq->miss.state = VHL_MISS_NONE;
	spin_unlock(&tlb->lock);
}

/*
 * Sends the client a miss for @iova. There is one miss per queue: a newer one
 * replaces it, and it is sent again when the queue runs before the answer.
 *
 * Order. The miss is recorded under vq->mutex, and an answer is entered under
 * every vq->mutex: so either the run finds the entry, or the answer finds the miss
 * and queues the work. The state is stored before the reader is woken, and
 * wake_up_poll() takes the wait queue's lock even when there is no waiter; the
 * reader adds itself to the wait queue before it reads the state.
 */
static void miss_raise(struct vhl_vq *vq, u64 iova, u8 perm)
{
	struct vhl_iotlb *tlb = &vq->dev->tlb;

	spin_lock(&tlb->lock);
	vq->miss.iova = iova;
	vq->miss.perm = perm;
	vq->miss.state = VHL_MISS_QUEUED;
	spin_unlock(&tlb->lock);
	vq->stats.iotlb_misses++;
	trace_iotlb_miss(vq, iova, perm);
	wake_up_poll(&tlb->wait, EPOLLIN);
}

/*
 * The entry that holds @iova and allows @perm; valid until vq->mutex is released.
 * Returns ERR_PTR(-EAGAIN) after sending the client a miss, or ERR_PTR(-EPERM).
 * Caller holds vq->mutex; does not sleep.
 */
const struct vhl_region *vhl_iotlb_find(struct vhl_vq *vq, u64 iova, u8 perm)
{
	struct vhl_iova *e = entry_first(&vq->dev->tlb, iova, iova);

	if (!e) {
		miss_raise(vq, iova, perm);
		return ERR_PTR(-EAGAIN);
	}
	return (e->r.perm & perm) == perm ? &e->r : ERR_PTR(-EPERM);
}
