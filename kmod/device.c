// SPDX-License-Identifier: GPL-2.0-only
/* The character device: owner, features, log, and the way to all ioctls. */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "vhostlab_uapi.h"
#include "zerocopy.h"

/* Longest feature array looked at, in words of 64 bits. */
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

/* Takes all from the owner and forgets it. Holds dev->mutex, or last user. */
static void owner_drop(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		vhl_zc_drain(vq);
		mutex_lock(&vq->mutex);
		vhl_poll_stop(&vq->kick_poll);
		vhl_backend_drop(vq);
		mutex_unlock(&vq->mutex);
	}
	vhl_workers_flush(dev);
	vhl_workers_stop(dev);
	vhl_iotlb_switch(dev, false);
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
		mmput(dev->mm);
	dev->mm = NULL;
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
	vhl_knobs_read(&dev->knobs);
	dev->mm = get_task_mm(current);
	if (!dev->mm)
		return -EPERM;
	for (i = 0; i < VHL_NVQS && !err; i++)
		err = vhl_vq_alloc(&dev->vqs[i]);
	if (!err)
		err = vhl_workers_start(dev);
	if (err)
		owner_drop(dev);
	return err;
}

static bool running(struct vhl_dev *dev)
{
	return dev->vqs[VHL_RX].sock || dev->vqs[VHL_TX].sock;
}

static long set_features(struct vhl_dev *dev, u64 features)
{
	int i;

	if (features & ~vhl_features_offered())
		return -EOPNOTSUPP;
	if (features & BIT_ULL(VHOST_F_LOG_ALL) && running(dev) &&
	    !vhl_log_ok(dev->log_base, dev->mem))
		return -EFAULT;
	/* What lies in a ring means something else in the other layout. */
	if ((features ^ dev->features) & BIT_ULL(VIRTIO_F_RING_PACKED) && running(dev))
		return -EBUSY;

	/* Once more says that the device starts anew: its client may have kept
	 * to itself what became invalid while it was stopped.
	 */
	if ((features ^ dev->features) & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))
		vhl_iotlb_switch(dev, features & BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	else if (dev->tlb.on)
		vhl_iotlb_invalidate(dev, 0, 0);
	dev->features = features;
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_vq *vq = &dev->vqs[i];

		mutex_lock(&vq->mutex);
		vhl_vq_set_features(vq, features);
		mutex_unlock(&vq->mutex);
	}
	return 0;
}

static long set_features_word(struct vhl_dev *dev, u64 __user *argp)
{
	u64 features;

	if (copy_from_user(&features, argp, sizeof(features)))
		return -EFAULT;
	return set_features(dev, features);
}

/* This device has one word of features; the words behind it are zero. */
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
	int i;

	if (copy_from_user(&addr, argp, sizeof(addr)))
		return -EFAULT;
	if (addr != (unsigned long)addr)
		return -EFAULT;
	base = (u64 __user *)(unsigned long)addr;
	if (running(dev) && !vhl_log_ok(base, dev->mem))
		return -EFAULT;

	for (i = 0; i < VHL_NVQS; i++)
		mutex_lock(&dev->vqs[i].mutex);
	dev->log_base = base;
	for (i = VHL_NVQS - 1; i >= 0; i--)
		mutex_unlock(&dev->vqs[i].mutex);
	return 0;
}

static long set_log_fd(struct vhl_dev *dev, int __user *argp)
{
	struct eventfd_ctx *ctx = NULL;
	int fd, i;

	if (get_user(fd, argp))
		return -EFAULT;
	if (fd != VHOST_FILE_UNBIND) {
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	for (i = 0; i < VHL_NVQS; i++)
		mutex_lock(&dev->vqs[i].mutex);
	swap(dev->log_ctx, ctx);
	for (i = VHL_NVQS - 1; i >= 0; i--)
		mutex_unlock(&dev->vqs[i].mutex);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
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

/*
 * Every number is known before anything else is looked at, so that what this
 * device lacks answers ENOTTY to owners and strangers alike. The owner is the
 * address space that called VHOST_SET_OWNER; features may also be set while
 * there is none.
 */
static long vhl_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhl_dev *dev = file->private_data;
	void __user *argp = (void __user *)arg;
	bool owner;
	u64 bits;
	long r;

	mutex_lock(&dev->mutex);
	owner = dev->mm && dev->mm == current->mm;
	switch (cmd) {
	case VHOST_GET_FEATURES:
		bits = vhl_features_offered();
		r = copy_to_user(argp, &bits, sizeof(bits)) ? -EFAULT : 0;
		break;
	case VHOST_SET_FEATURES:
		r = owner || !dev->mm ? set_features_word(dev, argp) : -EPERM;
		break;
	case VHOST_GET_FEATURES_ARRAY:
		r = get_features_array(argp);
		break;
	case VHOST_SET_FEATURES_ARRAY:
		r = owner || !dev->mm ? set_features_array(dev, argp) : -EPERM;
		break;
	case VHOST_GET_BACKEND_FEATURES:
		bits = VHL_BACKEND_FEATURES;
		r = copy_to_user(argp, &bits, sizeof(bits)) ? -EFAULT : 0;
		break;
	case VHOST_SET_BACKEND_FEATURES:
		r = owner || !dev->mm ? set_backend_features(dev, argp) : -EPERM;
		break;
	case VHOST_SET_OWNER:
		r = set_owner(dev);
		break;
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
		r = owner ? owner_ioctl(dev, cmd, argp) : -EPERM;
		break;
	default:
		r = -ENOTTY;
		break;
	}
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
