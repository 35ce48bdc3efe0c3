// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device IOTLB (VIRTIO_F_ACCESS_PLATFORM): what stands between a virtual
 * IOMMU's addresses and the owner's memory. The client fills it by messages
 * (message.c); what it lacks is asked for, and the queue waits.
 *
 * The table is read under any one vq->mutex and changed under all of them, so
 * that an address the client has taken away is in nobody's hands when its
 * message has been read, and no address vanishes in the middle of a run.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "lock.h"
#include "trace.h"

/* Once, when the device is opened. */
void vhl_iotlb_init(struct vhl_iotlb *tlb)
{
	tlb->tree = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&tlb->order);
	spin_lock_init(&tlb->lock);
	init_waitqueue_head(&tlb->wait);
}

/* What queues remember of the table is void. Caller holds each vq->mutex. */
static void queues_forget(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vq->last = NULL;
		memset(vq->area_last, 0, sizeof(vq->area_last));
		vq->area_ok = false;
	}
}

static void entry_drop(struct vhl_iotlb *tlb, struct vhl_iova *e)
{
	interval_tree_remove(&e->node, &tlb->tree);
	list_del(&e->order);
	tlb->n--;
	kfree(e);
}

static struct vhl_iova *entry_first(struct vhl_iotlb *tlb, u64 first, u64 last)
{
	struct interval_tree_node *node = interval_tree_iter_first(&tlb->tree, first, last);

	return node ? container_of(node, struct vhl_iova, node) : NULL;
}

static void range_drop(struct vhl_iotlb *tlb, u64 first, u64 last)
{
	struct vhl_iova *e;

	while ((e = entry_first(tlb, first, last)))
		entry_drop(tlb, e);
}

/* The queue asks no more; it runs again when it was waiting. */
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
 * Enters a translation in place of all that overlap it; the oldest entry goes
 * when there are too many. Queues that wait for an address in it run again.
 * Caller holds dev->mutex; takes each vq->mutex; sleeps. Returns 0, -EINVAL,
 * -EFAULT, -ENOMEM or -EINTR.
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
	    end != (unsigned long)end ||
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
		entry_drop(tlb, list_first_entry(&tlb->order, struct vhl_iova, order));
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
 * Takes away every translation that overlaps [iova, iova + size); size 0
 * means all, as clients say it whose whole address space went away. When it
 * returns nobody uses them. Context as above.
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

/* The same of all there are, for a caller that holds each vq->mutex. */
void vhl_iotlb_forget_locked(struct vhl_dev *dev)
{
	range_drop(&dev->tlb, 0, U64_MAX);
	queues_forget(dev);
}

/* The queue waits for no address. Caller holds vq->mutex. */
void vhl_miss_forget(struct vhl_vq *vq)
{
	struct vhl_iotlb *tlb = &vq->dev->tlb;

	spin_lock(&tlb->lock);
	vq->miss.state = VHL_MISS_NONE;
	spin_unlock(&tlb->lock);
}

/*
 * Asks the client for @iova. One question a queue: a newer one replaces it,
 * and the same one is put again when the queue is run before the answer.
 *
 * Order. The question is asked under vq->mutex, and an answer is entered under
 * all of those: so either the run finds the entry, or the answer finds the
 * question and queues the work. The state is stored before the reader is woken,
 * and wake_up_poll() takes the wait queue's lock whether one waits or not; the
 * reader joins the queue before it looks at the state.
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
 * The entry that holds @iova and allows @perm. Returns ERR_PTR(-EAGAIN) after
 * asking for it, or ERR_PTR(-EPERM). Caller holds vq->mutex.
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
