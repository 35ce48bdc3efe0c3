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
#include "pin.h"
#include "trace.h"
#include "user.h"

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
 * Switches the table on or off, empty both ways, and wakes readers. The
 * queues lose their addresses, which mean something else from now on.
 * Caller holds dev->mutex, or is the last user, and each vq->mutex; sleeps.
 */
void vhl_iotlb_switch_locked(struct vhl_dev *dev, bool on)
{
	int i;

	range_drop(&dev->tlb, 0, U64_MAX);
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vhl_miss_forget(vq);
		memset(vq->area, 0, sizeof(vq->area));
		vq->area_set = false;
		vq->starting = false;
		vhl_ahead_forget(vq);
		vhl_pin_drop(vq);
		vq->iotlb = on;
		vhl_vq_set_access(vq);
	}
	WRITE_ONCE(dev->tlb.on, on);
	queues_forget(dev);
	wake_up_all(&dev->tlb.wait);
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

/* What the device does in a ring area; in a packed ring it writes what it has read. */
static u8 area_perm(const struct vhl_vq *vq, enum vhl_area area)
{
	if (area == VHL_USED)
		return VHOST_ACCESS_WO;
	return area == VHL_DESC && vq->packed ? VHOST_ACCESS_RW : VHOST_ACCESS_RO;
}

/*
 * The user address of byte @off of a ring area; *len is cut to what follows
 * there in one piece.
 */
static void __user *area_at(struct vhl_vq *vq, enum vhl_area area, size_t off, size_t *len)
{
	u64 iova = (unsigned long)vq->area[area] + off;
	const struct vhl_region *r = vq->area_last[area];

	if (!r || iova - r->gpa >= r->size) {
		r = vhl_iotlb_find(vq, iova, area_perm(vq, area));
		if (IS_ERR(r))
			return (__force void __user *)ERR_CAST(r);
		vq->area_last[area] = r;
	}
	*len = min_t(u64, *len, r->size - (iova - r->gpa));
	return (void __user *)(unsigned long)(r->hva + (iova - r->gpa));
}

/*
 * Whether the rings can be reached from end to end, so that no access to them
 * fails for want of a translation before vq->mutex is given back. Returns 0,
 * -EAGAIN after asking for what is missing, or -EPERM.
 */
int vhl_iotlb_ready(struct vhl_vq *vq)
{
	enum vhl_area area;
	size_t off, len;

	if (vq->area_ok)
		return 0;
	for (area = 0; area < VHL_NAREAS; area++) {
		for (off = 0; off < vhl_area_size(vq, area); off += len) {
			void __user *at;

			len = vhl_area_size(vq, area) - off;
			at = area_at(vq, area, off, &len);
			if (IS_ERR(at))
				return PTR_ERR(at);
		}
	}
	vq->area_ok = true;
	return 0;
}

int vhl_iotlb_get(struct vhl_vq *vq, enum vhl_area area, size_t off, void *dst, size_t n)
{
	while (n) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at) || vhl_copy_in(dst, at, len))
			return -EFAULT;
		dst += len;
		off += len;
		n -= len;
	}
	return 0;
}

int vhl_iotlb_put(struct vhl_vq *vq, enum vhl_area area, size_t off, const void *src, size_t n)
{
	while (n) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at) || vhl_copy_out(at, src, len))
			return -EFAULT;
		src += len;
		off += len;
		n -= len;
	}
	return 0;
}

/* As above for fields of 16 bits, each read or written in one go. */
int vhl_iotlb_get16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 *dst,
		    unsigned int n)
{
	while (n) {
		size_t len = n * sizeof(*dst);
		void __user *at = area_at(vq, area, off, &len);
		unsigned int part = len / sizeof(*dst);

		/* No IOMMU has pages so small that they part a field. */
		if (IS_ERR(at) || !part || vhl_read16n(dst, at, part))
			return -EFAULT;
		dst += part;
		off += part * sizeof(*dst);
		n -= part;
	}
	return 0;
}

int vhl_iotlb_put16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 v)
{
	size_t len = sizeof(v);
	void __user *at = area_at(vq, area, off, &len);

	if (IS_ERR(at) || len < sizeof(v))
		return -EFAULT;
	return put_user(v, (__virtio16 __user *)at);
}

/* Marks part of a ring area dirty, wherever its pieces are. */
int vhl_iotlb_log(struct vhl_vq *vq, enum vhl_area area, size_t off, size_t n)
{
	int err = 0;

	while (n && !err) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at))
			return vhl_log_failed(vq);
		err = vhl_log_hva(vq, (unsigned long)at, len);
		off += len;
		n -= len;
	}
	return err;
}
