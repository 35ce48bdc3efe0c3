// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(), write() and poll() of the device: the messages of the IOTLB (struct
 * vhost_msg, struct vhost_msg_v2). The client reads misses, and writes updates
 * and invalidations.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "vhostlab.h"
#include "message.h"

/* A message's layout: the offset of the body, and the size, in bytes. */
struct layout {
	size_t body;
	size_t size;
};

static struct layout layout_of(u32 type)
{
	struct layout l = { offsetof(struct vhost_msg, iotlb), sizeof(struct vhost_msg) };

	BUILD_BUG_ON(sizeof(struct vhost_msg) != sizeof(struct vhost_msg_v2));
	BUILD_BUG_ON(offsetof(struct vhost_msg, iotlb) != offsetof(struct vhost_msg_v2, iotlb));
	/* The first layout has padding, which 32-bit programs do not have. */
	if (type == VHOST_IOTLB_MSG && in_compat_syscall()) {
		l.size -= l.body - sizeof(u32);
		l.body = sizeof(u32);
	}
	return l;
}

/* A message of either layout; both start with the type. */
union message {
	u32 type;
	struct vhost_msg_v2 v2;
	u8 bytes[sizeof(struct vhost_msg_v2)];
};

static struct vhl_dev *device_of(struct kiocb *iocb)
{
	return iocb->ki_filp->private_data;
}

static bool is_owner(struct vhl_dev *dev)
{
	return current->mm && READ_ONCE(dev->mm) == current->mm;
}

/*
 * Takes the next miss into @m and marks it as read. Returns its queue, or NULL. The
 * owner may have changed meanwhile: the caller checks is_owner() afterwards.
 */
static struct vhl_vq *miss_take(struct vhl_dev *dev, struct vhost_iotlb_msg *m)
{
	struct vhl_vq *vq, *found = NULL;
	int i;

	spin_lock(&dev->tlb.lock);
	for (i = 0; i < VHL_NVQS && !found; i++) {
		vq = &dev->vqs[i];
		if (vq->miss.state != VHL_MISS_QUEUED)
			continue;
		vq->miss.state = VHL_MISS_ASKED;
		m->iova = vq->miss.iova;
		m->perm = vq->miss.perm;
		m->type = VHOST_IOTLB_MISS;
		found = vq;
	}
	spin_unlock(&dev->tlb.lock);
	return found;
}

/* The miss could not be copied to the reader: it is queued again. */
static void miss_return(struct vhl_vq *vq)
{
	spin_lock(&vq->dev->tlb.lock);
	if (vq->miss.state == VHL_MISS_ASKED)
		vq->miss.state = VHL_MISS_QUEUED;
	spin_unlock(&vq->dev->tlb.lock);
	/* Readers that were woken meanwhile saw no miss and sleep again. */
	wake_up_poll(&vq->dev->tlb.wait, EPOLLIN);
}

static bool miss_waits(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		if (READ_ONCE(dev->vqs[i].miss.state) == VHL_MISS_QUEUED)
			return true;
	return false;
}

/* Whether a reader need not wait: there is a miss, or read() fails. */
static bool read_over(struct vhl_dev *dev)
{
	return miss_waits(dev) || !READ_ONCE(dev->tlb.on) || !is_owner(dev);
}

/*
 * read(): returns one miss per call. Returns the message's size; 0 when the buffer
 * is too small for it; -EBADFD without an IOTLB; -EPERM when the caller is not, or
 * no longer, the owner; -EFAULT. When there is no miss it sleeps (-ERESTARTSYS on
 * a signal), or returns -EAGAIN for a non-blocking read. Takes no mutex.
 */
ssize_t vhl_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vhl_dev *dev = device_of(iocb);
	bool nowait = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
	struct vhost_iotlb_msg m = {};
	union message msg = {};
	struct layout l;
	struct vhl_vq *vq;
	int err;

	if (!is_owner(dev))
		return -EPERM;
	msg.type = dev->backend_features & BIT_ULL(VHOST_BACKEND_F_IOTLB_MSG_V2)
			   ? VHOST_IOTLB_MSG_V2
			   : VHOST_IOTLB_MSG;
	l = layout_of(msg.type);
	if (iov_iter_count(to) < l.size)
		return 0;

	for (;;) {
		if (!READ_ONCE(dev->tlb.on))
			return -EBADFD;
		vq = miss_take(dev, &m);
		/*
		 * Checked after miss_take(): dev->mm changes before a queue of the
		 * new owner can record a miss, and tlb.lock orders the two.
		 */
		if (!is_owner(dev)) {
			if (vq)
				miss_return(vq);
			return -EPERM;
		}
		if (vq)
			break;
		if (nowait)
			return -EAGAIN;
		err = wait_event_interruptible(dev->tlb.wait, read_over(dev));
		if (err)
			return err;
	}
	memcpy(msg.bytes + l.body, &m, sizeof(m));
	if (copy_to_iter(&msg, l.size, to) != l.size) {
		miss_return(vq);
		return -EFAULT;
	}
	return l.size;
}

/*
 * write(): takes one UPDATE or INVALIDATE message per call. Returns the message's
 * size; -EINVAL for any other message; -EFAULT for addresses out of range, and
 * without an IOTLB; -EPERM when the caller is not the owner; -ENOMEM; -EINTR when
 * it is killed. Takes dev->mutex; sleeps.
 */
ssize_t vhl_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct vhl_dev *dev = device_of(iocb);
	struct vhost_iotlb_msg m;
	union message msg = {};
	struct layout l;
	int err;

	if (iov_iter_count(from) < sizeof(msg.type))
		return -EINVAL;
	if (!copy_from_iter_full(&msg.type, sizeof(msg.type), from))
		return -EFAULT;
	if (msg.type != VHOST_IOTLB_MSG && msg.type != VHOST_IOTLB_MSG_V2)
		return -EINVAL;
	l = layout_of(msg.type);
	if (iov_iter_count(from) < l.size - sizeof(msg.type))
		return -EINVAL;
	if (!copy_from_iter_full(msg.bytes + sizeof(msg.type), l.size - sizeof(msg.type), from))
		return -EFAULT;
	memcpy(&m, msg.bytes + l.body, sizeof(m));

	err = mutex_lock_killable(&dev->mutex);
	if (err)
		return err;
	if (!is_owner(dev))
		err = -EPERM;
	else if (m.type != VHOST_IOTLB_UPDATE && m.type != VHOST_IOTLB_INVALIDATE)
		err = -EINVAL;
	else if (!dev->tlb.on)
		err = -EFAULT;
	else if (m.type == VHOST_IOTLB_UPDATE)
		err = vhl_iotlb_update(dev, &m);
	else
		err = vhl_iotlb_invalidate(dev, m.iova, m.size);
	mutex_unlock(&dev->mutex);
	return err ?: l.size;
}

/* poll(): readable while there is a miss that was not read, always writable. */
__poll_t vhl_poll_device(struct file *file, poll_table *wait)
{
	struct vhl_dev *dev = file->private_data;

	poll_wait(file, &dev->tlb.wait, wait);
	return EPOLLOUT | EPOLLWRNORM | (miss_waits(dev) ? EPOLLIN | EPOLLRDNORM : 0);
}
