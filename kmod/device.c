// SPDX-License-Identifier: GPL-2.0-only
/* The character device: owner, features, dirty log, and the dispatch of all ioctls. */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "area.h"
#include "backend.h"
#include "device.h"
#include "floor.h"
#include "lock.h"
#include "log.h"
#include "message.h"
#include "stats.h"
#include "vhostlab_uapi.h"
#include "vring.h"
#include "zerocopy.h"

/* Longest feature array accepted, in 64-bit words. */
#define VHL_MAX_FEATURE_WORDS 128

#define VHL_BACKEND_FEATURES BIT_ULL(VHOST_BACKEND_F_IOTLB_MSG_V2)

static DEFINE_IDA(dev_ids);

static int vhl_open(struct inode *inode, struct file *file)
{
	struct vhl_dev *dev;
	int i;

	dev = kvzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);
	if (!dev)
		return -ENOMEM;
	dev->id = ida_alloc(&dev_ids, GFP_KERNEL);
	if (dev->id < 0) {
		int err = dev->id;

		kvfree(dev);
		return err;
	}
	mutex_init(&dev->mutex);
	vhl_iotlb_init(&dev->tlb);
	for (i = 0; i < VHL_NVQS; i++)
		vhl_vq_init(dev, &dev->vqs[i], i);
	vhl_stats_add(dev);
	file->private_data = dev;
	return 0;
}

/*
 * Switches the IOTLB on or off, empties it, and wakes readers. The queues' ring
 * addresses become invalid, since with an IOTLB they are I/O virtual addresses.
 * Caller holds dev->mutex, or is the last user, and every vq->mutex; sleeps.
 */
static void iotlb_switch(struct vhl_dev *dev, bool on)
{
	int i;

	vhl_iotlb_forget_locked(dev);
	for (i = 0; i < VHL_NVQS; i++)
		vhl_vq_set_iotlb(&dev->vqs[i], on);
	WRITE_ONCE(dev->tlb.on, on);
	wake_up_all(&dev->tlb.wait);
}

/*
 * Puts the device back into the state after open(), without an owner. Does not
 * access the owner's memory, which may be missing or freed. Caller holds
 * dev->mutex, or is the last user; sleeps.
 */
static void owner_drop(struct vhl_dev *dev)
{
	int i;

	/* Publish the heads of frames under way, if the caller is the owner and not killed. */
	for (i = 0; i < VHL_NVQS && dev->mm && dev->mm == current->mm; i++)
		vhl_zc_drain(&dev->vqs[i]);

	WRITE_ONCE(dev->closing, true);
	/* The flag, then the signal: a run that discards the signal sees the flag. */
	smp_mb();
	vhl_workers_abandon(dev);
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vhl_zc_discard(vq);
		mutex_lock(&vq->mutex);
		vhl_poll_stop(&vq->kick_poll);
		vhl_backend_drop(vq);
		mutex_unlock(&vq->mutex);
	}
	vhl_workers_flush(dev);
	vhl_workers_stop(dev);
	vhl_queues_lock(dev);
	iotlb_switch(dev, false);
	vhl_queues_unlock(dev);
	for (i = 0; i < VHL_NVQS; i++)
		vhl_vq_reset(&dev->vqs[i]);

	if (dev->log_ctx)
		eventfd_ctx_put(dev->log_ctx);
	dev->log_ctx = NULL;
	dev->log_base = NULL;
	dev->features = 0;
	dev->backend_features = 0;
	kvfree(dev->mem);
	dev->mem = NULL;
	if (dev->mm)
		mmdrop(dev->mm);
	WRITE_ONCE(dev->mm, NULL);
	dev->closing = false;
}

static int vhl_release(struct inode *inode, struct file *file)
{
	struct vhl_dev *dev = file->private_data;

	vhl_stats_del(dev);
	owner_drop(dev);
	ida_free(&dev_ids, dev->id);
	kvfree(dev);
	return 0;
}

static long set_owner(struct vhl_dev *dev)
{
	int i, err = 0;

	if (dev->mm)
		return -EBUSY;
	/* Not the mm that a kernel thread uses temporarily. */
	if (!current->mm || current->flags & PF_KTHREAD)
		return -EPERM;
	vhl_knobs_read(&dev->knobs);
	/*
	 * mmgrab(), not mmget(): the memory of an owner that has exited is freed
	 * even if another process has the file open, or if that memory maps
	 * something that keeps the file. A run holds mm_users: vhl_run_in().
	 */
	mmgrab(current->mm);
	WRITE_ONCE(dev->mm, current->mm);
	for (i = 0; i < VHL_NVQS && !err; i++)
		err = vhl_vq_alloc(&dev->vqs[i]);
	if (!err)
		err = vhl_workers_start(dev);
	if (!err)
		return 0;
	/* Not owner_drop(): features that were set before stay, as before this call. */
	for (i = 0; i < VHL_NVQS; i++)
		vhl_vq_free(&dev->vqs[i]);
	mmdrop(dev->mm);
	WRITE_ONCE(dev->mm, NULL);
	return err;
}

static bool running(struct vhl_dev *dev)
{
	return dev->vqs[VHL_RX].sock || dev->vqs[VHL_TX].sock;
}

static long set_features(struct vhl_dev *dev, u64 features)
{
	bool other_iotlb = (features ^ dev->features) & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	/* Whether the rings lose their addresses. */
	bool forgets = other_iotlb || dev->tlb.on;
	int i, err = 0;

	if (features & ~vhl_features_offered())
		return -EOPNOTSUPP;
	if (features & BIT_ULL(VHOST_F_LOG_ALL) && running(dev) &&
	    !vhl_log_ok(dev->log_base, dev->mem))
		return -EFAULT;
	/* The contents of a ring are not valid in the other layout. */
	if ((features ^ dev->features) & BIT_ULL(VIRTIO_F_RING_PACKED) && running(dev))
		return -EBUSY;

	/* Heads of frames under way come first, while the used ring can be written. */
	if (forgets)
		err = vhl_zc_drain(&dev->vqs[VHL_TX]);
	err = err ?: vhl_queues_lock_killable(dev);
	if (err)
		goto resume;
	/* The same features again mean that the guest's device starts again: its
	 * client need not have sent invalidations while it was stopped.
	 */
	if (other_iotlb)
		iotlb_switch(dev, features & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	else if (forgets)
		vhl_iotlb_forget_locked(dev);
	dev->features = features;
	for (i = 0; i < VHL_NVQS; i++)
		vhl_vq_set_features(&dev->vqs[i], features);
	vhl_queues_unlock(dev);
resume:
	if (forgets)
		vhl_zc_resume(&dev->vqs[VHL_TX]);
	return err;
}

static long set_features_word(struct vhl_dev *dev, u64 __user *argp)
{
	u64 features;

	if (copy_from_user(&features, argp, sizeof(features)))
		return -EFAULT;
	return set_features(dev, features);
}

/* The device has one word of features; all further words are zero. */
static long get_features_array(struct vhost_features_array __user *argp)
{
	u64 features = vhl_features_offered();
	u64 count, i;

	if (get_user(count, &argp->count))
		return -EFAULT;
	if (count > VHL_MAX_FEATURE_WORDS)
		return -E2BIG;
	for (i = 0; i < count; i++)
		if (put_user(i ? 0 : features, &argp->features[i]))
			return -EFAULT;
	return 0;
}

static long set_features_array(struct vhl_dev *dev, struct vhost_features_array __user *argp)
{
	u64 features = 0, word, count, i;

	if (get_user(count, &argp->count))
		return -EFAULT;
	if (count > VHL_MAX_FEATURE_WORDS)
		return -E2BIG;
	for (i = 0; i < count; i++) {
		if (get_user(word, &argp->features[i]))
			return -EFAULT;
		if (!i)
			features = word;
		else if (word)
			return -EOPNOTSUPP;
	}
	return set_features(dev, features);
}

static long set_backend_features(struct vhl_dev *dev, u64 __user *argp)
{
	u64 features;

	if (copy_from_user(&features, argp, sizeof(features)))
		return -EFAULT;
	if (features & ~VHL_BACKEND_FEATURES)
		return -EOPNOTSUPP;
	dev->backend_features = features;
	return 0;
}

static long set_log_base(struct vhl_dev *dev, u64 __user *argp)
{
	u64 __user *base;
	u64 addr;
	int i, err;

	if (copy_from_user(&addr, argp, sizeof(addr)))
		return -EFAULT;
	if (addr != (unsigned long)addr)
		return -EFAULT;
	base = (u64 __user *)(unsigned long)addr;
	if (running(dev) && !vhl_log_ok(base, dev->mem))
		return -EFAULT;

	err = vhl_queues_lock_killable(dev);
	if (err)
		return err;
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		if (vq->sock && vq->log_used && !vhl_area_log_ok(vq, base, vq->log_addr))
			err = -EFAULT;
	}
	if (!err)
		dev->log_base = base;
	vhl_queues_unlock(dev);
	return err;
}

static long set_log_fd(struct vhl_dev *dev, int __user *argp)
{
	struct eventfd_ctx *ctx = NULL;
	int fd, err;

	if (get_user(fd, argp))
		return -EFAULT;
	if (fd != VHOST_FILE_UNBIND) {
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	err = vhl_queues_lock_killable(dev);
	if (!err) {
		swap(dev->log_ctx, ctx);
		vhl_queues_unlock(dev);
	}
	if (ctx)
		eventfd_ctx_put(ctx);
	return err;
}

static long set_backend(struct vhl_dev *dev, void __user *argp)
{
	struct vhost_vring_file f;

	if (copy_from_user(&f, argp, sizeof(f)))
		return -EFAULT;
	if (f.index >= VHL_NVQS)
		return -ENOBUFS;
	return vhl_backend_set(dev, array_index_nospec(f.index, VHL_NVQS), f.fd);
}

/* The ioctls that only the owner may call. */
static long owner_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp)
{
	switch (cmd) {
	case VHOST_RESET_OWNER:
		owner_drop(dev);
		return 0;
	case VHOST_SET_MEM_TABLE:
		return vhl_mem_set(dev, argp);
	case VHOST_SET_LOG_BASE:
		return set_log_base(dev, argp);
	case VHOST_SET_LOG_FD:
		return set_log_fd(dev, argp);
	case VHOST_NET_SET_BACKEND:
		return set_backend(dev, argp);
	case VHOSTLAB_FLOOR:
		return vhl_floor_run(dev, argp);
	default:
		return vhl_vring_ioctl(dev, cmd, argp);
	}
}

/* Ioctls that only query. No lock: the result is constant and the same for all callers. */
static long query_ioctl(unsigned int cmd, void __user *argp)
{
	u64 bits;

	if (cmd == VHOST_GET_FEATURES_ARRAY)
		return get_features_array(argp);
	bits = cmd == VHOST_GET_FEATURES ? vhl_features_offered() : VHL_BACKEND_FEATURES;
	return copy_to_user(argp, &bits, sizeof(bits)) ? -EFAULT : 0;
}

/* Ioctls that set features: by the owner, or while there is none. Caller holds dev->mutex. */
static long features_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp)
{
	switch (cmd) {
	case VHOST_SET_FEATURES:
		return set_features_word(dev, argp);
	case VHOST_SET_FEATURES_ARRAY:
		return set_features_array(dev, argp);
	default:
		return set_backend_features(dev, argp);
	}
}

/* Ioctls that change the device. Caller holds dev->mutex. */
static long change_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp)
{
	bool owner = dev->mm && dev->mm == current->mm;

	switch (cmd) {
	case VHOST_SET_OWNER:
		return set_owner(dev);
	case VHOST_SET_FEATURES:
	case VHOST_SET_FEATURES_ARRAY:
	case VHOST_SET_BACKEND_FEATURES:
		return owner || !dev->mm ? features_ioctl(dev, cmd, argp) : -EPERM;
	default:
		return owner ? owner_ioctl(dev, cmd, argp) : -EPERM;
	}
}

/*
 * The ioctl number is checked first, so that an unknown one returns ENOTTY to every
 * caller, owner or not. The owner is the address space that called
 * VHOST_SET_OWNER. A caller that is not the owner gets its error without waiting
 * for an ioctl of the owner; a caller that waits can be killed.
 */
static long vhl_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhl_dev *dev = file->private_data;
	void __user *argp = (void __user *)arg;
	struct mm_struct *mm;
	long r;

	switch (cmd) {
	case VHOST_GET_FEATURES:
	case VHOST_GET_FEATURES_ARRAY:
	case VHOST_GET_BACKEND_FEATURES:
		return query_ioctl(cmd, argp);
	case VHOST_SET_OWNER:
	case VHOST_SET_FEATURES:
	case VHOST_SET_FEATURES_ARRAY:
	case VHOST_SET_BACKEND_FEATURES:
	case VHOST_RESET_OWNER:
	case VHOST_SET_MEM_TABLE:
	case VHOST_SET_LOG_BASE:
	case VHOST_SET_LOG_FD:
	case VHOST_NET_SET_BACKEND:
	case VHOSTLAB_FLOOR:
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
	case VHOST_GET_VRING_BASE:
	case VHOST_SET_VRING_ADDR:
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
	case VHOST_SET_VRING_ERR:
	case VHOST_SET_VRING_BUSYLOOP_TIMEOUT:
	case VHOST_GET_VRING_BUSYLOOP_TIMEOUT:
		break;
	default:
		return -ENOTTY;
	}

	/* The pointer is only compared, never dereferenced. */
	mm = READ_ONCE(dev->mm);
	if (mm && mm != current->mm)
		return cmd == VHOST_SET_OWNER ? -EBUSY : -EPERM;
	r = mutex_lock_killable(&dev->mutex);
	if (r)
		return r;
	r = change_ioctl(dev, cmd, argp);
	mutex_unlock(&dev->mutex);
	return r;
}

const struct file_operations vhl_fops = {
	.owner = THIS_MODULE,
	.open = vhl_open,
	.release = vhl_release,
	.unlocked_ioctl = vhl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read_iter = vhl_read_iter,
	.write_iter = vhl_write_iter,
	.poll = vhl_poll_device,
	.llseek = noop_llseek,
};
