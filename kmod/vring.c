// SPDX-License-Identifier: GPL-2.0-only
/* Virtqueues: their setup by the client (VHOST_SET_VRING_*), and their runs. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "caller.h"
#include "area.h"
#include "frag.h"
#include "lock.h"
#include "log.h"
#include "packed.h"
#include "pin.h"
#include "rule.h"
#include "rx.h"
#include "trace.h"
#include "tx.h"
#include "used.h"
#include "vring.h"
#include "zerocopy.h"

/*
 * How many times a worker sleeps without a yield after a run received more than one
 * frame: vhl_worker_yield().
 */
#define VHL_STREAM 64

/* Whether the queue can run now. Caller holds vq->mutex; may sleep. */
static bool vq_ready(struct vhl_vq *vq)
{
	if (!vq->sock || !vq->area_set)
		return false;
	if (likely(!vq->iotlb))
		return true;
	switch (vhl_area_ready(vq)) {
	case 0:
		break;
	case -EAGAIN:
		return false;
	default:
		vhl_rule_broken(vq, VHL_RULE_PERMISSION);
		return false;
	}
	if (vq->starting && vhl_used_start(vq)) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return false;
	}
	return true;
}

/* One run of a queue, by its worker or in a turn (@turn). Caller holds vq->mutex. */
static __always_inline void vq_run(struct vhl_vq *vq, const bool turn)
{
	unsigned int n;

	if (unlikely(READ_ONCE(vq->dev->closing))) {
		/* vhl_zc_discard() handles frames under way. */
	} else if (vhl_zc_draining(vq)) {
		vhl_zc_settle(vq);
	} else if (vq_ready(vq)) {
		if (unlikely(vq->pinned && !vq->iotlb))
			vhl_pin_update(vq);
		if (unlikely(vq->poll_time.asleep))
			vhl_poll_waited(vq);
		vq->stats.wakeups++;
		trace_work_start(vq);
		n = vq->index == VHL_RX ? vhl_rx_run(vq) : vhl_tx_run(vq);
		if (!turn && vq->index == VHL_RX && n > 1)
			vq->worker->stream = VHL_STREAM;
		trace_work_end(vq, n);
	} else {
		/* A poll that was to continue in this run has ended. */
		WRITE_ONCE(vq->poll_time.end, 0);
		/* What makes the queue ready queues its work: no look at the backend. */
		if (vq->index == VHL_RX)
			vhl_poll_back(&vq->sock_poll);
	}
}

static void vq_work(struct vhl_work *work)
{
	struct vhl_vq *vq = container_of(work, struct vhl_vq, work);

	if (unlikely(work->caller)) {
		if (!mutex_trylock(&vq->mutex)) {
			if (vhl_caller_again(work))
				return;
			mutex_lock(&vq->mutex);
		}
	} else {
		mutex_lock(&vq->mutex);
	}
	vq_run(vq, false);
	mutex_unlock(&vq->mutex);
}

/* vhl_work.run_briefly: caller.h. */
static bool vq_turn(struct vhl_work *work)
{
	struct vhl_vq *vq = container_of(work, struct vhl_vq, work);
	const struct vhl_knobs *k = &vq->dev->knobs;

	if (!mutex_trylock(&vq->mutex))
		return false;
	/* A busy poll, and completions of frames by reference, are the thread's. */
	if (vq->busyloop_us || vq->zc) {
		mutex_unlock(&vq->mutex);
		return false;
	}
	vq->weight = min(k->caller_weight, k->packet_weight);
	vq->stats.turns++;
	vq_run(vq, true);
	vq->weight = k->packet_weight;
	mutex_unlock(&vq->mutex);
	return true;
}

/* Initialises a queue, when the device is opened. */
void vhl_vq_init(struct vhl_dev *dev, struct vhl_vq *vq, u16 index)
{
	static struct lock_class_key keys[VHL_NVQS];

	mutex_init(&vq->mutex);
	spin_lock_init(&vq->pin_lock);
	lockdep_set_class(&vq->mutex, &keys[index]);
	vq->dev = dev;
	vq->index = index;
	vq->work.fn = vq_work;
	vq->work.run_briefly = vq_turn;
	vhl_poll_init(&vq->kick_poll, vq, EPOLLIN, true);
	vhl_poll_init(&vq->sock_poll, vq, index == VHL_RX ? EPOLLIN : EPOLLOUT, false);
	vq->num = 1;
	vhl_vq_set_features(vq, 0);
}

/* Updates vq->ring_plain, when one of its conditions may have changed. */
static void vq_set_access(struct vhl_vq *vq)
{
	vq->ring_plain = !vq->iotlb && !vq->pinned && !vq->prefetch;
}

/*
 * Switches the IOTLB on or off for a queue. Its ring addresses become invalid, since
 * with an IOTLB they are I/O virtual addresses. Caller holds vq->mutex; sleeps.
 */
void vhl_vq_set_iotlb(struct vhl_vq *vq, bool on)
{
	vhl_miss_forget(vq);
	memset(vq->area, 0, sizeof(vq->area));
	vq->area_set = false;
	vq->starting = false;
	vhl_ahead_forget(vq);
	vhl_pin_drop(vq);
	vq->iotlb = on;
	vq_set_access(vq);
}

/*
 * Allocates the arrays of the packet path and copies the knobs, at VHOST_SET_OWNER.
 * Returns 0 or -ENOMEM; vhl_vq_free() follows in both cases. Sleeps.
 */
int vhl_vq_alloc(struct vhl_vq *vq)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT;

	vq->iov = kvmalloc_array(VHL_MAX_SEGS, sizeof(*vq->iov), gfp);
	vq->gpa = kvmalloc_array(VHL_MAX_SEGS, sizeof(*vq->gpa), gfp);
	vq->done = kvmalloc_array(VHL_MAX_SEGS + VHL_MAX_BATCH, sizeof(*vq->done), gfp);
	if (vq->index == VHL_RX) {
		vq->queue = kvmalloc_array(VHL_MAX_BATCH, sizeof(*vq->queue), gfp);
		vq->hdrs = kvmalloc_array(VHL_MAX_BATCH, sizeof(*vq->hdrs), gfp);
	} else {
		vq->xdp = kvmalloc_array(VHL_MAX_BATCH, sizeof(*vq->xdp), gfp);
	}
	if (!vq->iov || !vq->gpa || !vq->done || (vq->queue ? !vq->hdrs : !vq->xdp))
		return -ENOMEM;
	if (vq->index == VHL_TX && vhl_zc_alloc(vq))
		return -ENOMEM;
	vq->weight = vq->dev->knobs.packet_weight;
	vq->busyloop_us = vq->dev->knobs.poll_us;
	vq->pinned = vq->dev->knobs.pinned;
	vhl_pin_owner(vq);
	vq->prefetch = vq->dev->knobs.prefetch;
	vq->pin_next = jiffies;
	vq_set_access(vq);
	return 0;
}

/* Undoes vhl_vq_alloc(), also one that has failed; what the client has set stays. Sleeps. */
void vhl_vq_free(struct vhl_vq *vq)
{
	vhl_pin_disown(vq);
	vhl_zc_free(vq);
	kvfree(vq->iov);
	kvfree(vq->gpa);
	kvfree(vq->done);
	kvfree(vq->queue);
	kvfree(vq->hdrs);
	kvfree(vq->xdp);
	vq->iov = NULL;
	vq->gpa = NULL;
	vq->done = NULL;
	vq->queue = NULL;
	vq->hdrs = NULL;
	vq->xdp = NULL;
	vq->busyloop_us = 0;
	vq->pinned = false;
	vq->prefetch = false;
	vq_set_access(vq);
}

/*
 * Puts the queue back into its state after open(). The caller has detached the
 * backend and stopped the workers, so no lock is needed. Sleeps.
 */
void vhl_vq_reset(struct vhl_vq *vq)
{
	if (vq->kick)
		fput(vq->kick);
	if (vq->call)
		eventfd_ctx_put(vq->call);
	if (vq->error)
		eventfd_ctx_put(vq->error);
	vq->kick = NULL;
	vq->call = NULL;
	vq->error = NULL;

	vhl_pin_drop(vq);
	vhl_frags_drain(&vq->frags);
	vhl_vq_free(vq);

	vq->num = 1;
	memset(vq->area, 0, sizeof(vq->area));
	vq->area_set = false;
	vq->last_avail = 0;
	vq->avail_seen = 0;
	vhl_ahead_forget(vq);
	vq->used_idx = 0;
	vq->signalled_valid = false;
	vq->log_used = false;
	vq->last = NULL;
	memset(&vq->poll_time, 0, sizeof(vq->poll_time));
	vhl_vq_set_features(vq, 0);
}

/*
 * Copies the negotiated features into the fields that the packet path reads. Caller
 * holds vq->mutex, or no worker can run; sleeps.
 */
void vhl_vq_set_features(struct vhl_vq *vq, u64 features)
{
	bool packed = features & BIT_ULL(VIRTIO_F_RING_PACKED);

	/* The size of an area depends on the features. */
	vhl_pin_drop(vq);
	/* Positions have another format in the other layout. */
	if (packed != vq->packed)
		vhl_packed_base_set(vq, packed ? VHL_WRAP : 0);
	vq->packed = packed;
	vq->features = features;
	vq->area_ok = false;
	vq->event_idx = vhl_has(vq, VIRTIO_RING_F_EVENT_IDX);
	vq->mergeable = vhl_has(vq, VIRTIO_NET_F_MRG_RXBUF);
	/* Each receive buffer needs its own entry, for its length. */
	vq->used_folded = vq->index == VHL_TX && vhl_has(vq, VIRTIO_F_IN_ORDER);
	/* Section 2.7.3: legacy devices use the guest's byte order. */
	vq->little_endian = packed || vhl_has(vq, VIRTIO_F_VERSION_1) ||
			    virtio_legacy_is_little_endian();
	/* Section 5.1.6.1: the header has num_buffers in these two cases. */
	vq->guest_hlen = vq->mergeable || vhl_has(vq, VIRTIO_F_VERSION_1)
				 ? sizeof(struct virtio_net_hdr_mrg_rxbuf)
				 : sizeof(struct virtio_net_hdr);
	vq->sock_hlen = vhl_has(vq, VHOST_NET_F_VIRTIO_NET_HDR) ? 0 : vq->guest_hlen;
	vq_set_access(vq);
}

/* Checks the areas' user addresses; with an IOTLB each access is checked instead. */
static bool areas_ok(struct vhl_vq *vq, void __user *const *area)
{
	enum vhl_area i;

	for (i = 0; i < VHL_NAREAS && !vq->iotlb; i++)
		if (!area[i] || !access_ok(area[i], vhl_area_size(vq, i)))
			return false;
	return true;
}

/* Whether the used ring, if it is logged, is in the log. */
static bool log_ok(const struct vhl_vq *vq, bool logged, u64 addr)
{
	return !logged || vhl_area_log_ok(vq, vq->dev->log_base, addr);
}

/* Whether the ring's layout allows a size of @num (sections 2.7 and 2.8.10.1). */
static bool num_ok(const struct vhl_vq *vq, u32 num)
{
	return num && (vq->packed ? num <= VHL_PACKED_MAX : num <= 0xffff && is_power_of_2(num));
}

/* Whether addresses have the alignment of a packed ring's areas (section 2.8.10.1). */
static bool packed_aligned(u64 desc, u64 avail)
{
	return !(desc & (VRING_DESC_ALIGN_SIZE - 1)) &&
	       !(avail & (sizeof(struct vring_packed_desc_event) - 1));
}

/* Whether the setup allows a backend to be attached. Caller holds vq->mutex; does not sleep. */
bool vhl_vq_access_ok(struct vhl_vq *vq)
{
	/* Size, position and addresses may have been set before the layout was negotiated. */
	if (!num_ok(vq, vq->num))
		return false;
	if (vq->packed &&
	    (!vhl_packed_base_ok(vq) || !packed_aligned((unsigned long)vq->area[VHL_DESC],
							(unsigned long)vq->area[VHL_AVAIL])))
		return false;
	return (vq->dev->mem || vq->iotlb) && vq->area_set && areas_ok(vq, vq->area) &&
	       log_ok(vq, vq->log_used, vq->log_addr) &&
	       (!(vq->features & BIT_ULL(VHOST_F_LOG_ALL)) ||
		vhl_log_ok(vq->dev->log_base, vq->dev->mem));
}

static long vring_num(struct vhl_vq *vq, void __user *argp)
{
	struct vhost_vring_state s;

	/* The ring's size is fixed while a backend uses it. */
	if (vq->sock)
		return -EBUSY;
	if (copy_from_user(&s, argp, sizeof(s)))
		return -EFAULT;
	if (!num_ok(vq, s.num))
		return -EINVAL;
	vhl_pin_drop(vq);
	vq->num = s.num;
	vq->area_ok = false;
	vhl_ahead_forget(vq);
	return 0;
}

static long vring_base(struct vhl_vq *vq, void __user *argp)
{
	struct vhost_vring_state s;

	if (vq->sock)
		return -EBUSY;
	if (copy_from_user(&s, argp, sizeof(s)))
		return -EFAULT;
	if (vq->packed) {
		vhl_packed_base_set(vq, s.num);
		return 0;
	}
	if (s.num > 0xffff)
		return -EINVAL;
	vq->last_avail = s.num;
	vq->avail_seen = s.num;
	vhl_ahead_forget(vq);
	return 0;
}

static bool fits(u64 addr)
{
	return addr == (unsigned long)addr;
}

static long vring_addr(struct vhl_vq *vq, void __user *argp)
{
	struct vhost_vring_addr a;
	void __user *area[VHL_NAREAS];
	bool logged;

	if (copy_from_user(&a, argp, sizeof(a)))
		return -EFAULT;
	if (a.flags & ~BIT(VHOST_VRING_F_LOG))
		return -EOPNOTSUPP;
	if (!fits(a.desc_user_addr) || !fits(a.avail_user_addr) || !fits(a.used_user_addr))
		return -EFAULT;
	if (vq->packed && !packed_aligned(a.desc_user_addr, a.avail_user_addr))
		return -EINVAL;
	if (a.avail_user_addr & (VRING_AVAIL_ALIGN_SIZE - 1) ||
	    a.used_user_addr & (VRING_USED_ALIGN_SIZE - 1) ||
	    a.log_guest_addr & (VRING_USED_ALIGN_SIZE - 1))
		return -EINVAL;

	area[VHL_DESC] = (void __user *)(unsigned long)a.desc_user_addr;
	area[VHL_AVAIL] = (void __user *)(unsigned long)a.avail_user_addr;
	area[VHL_USED] = (void __user *)(unsigned long)a.used_user_addr;
	/* Without a backend the addresses are checked when one is attached. */
	logged = a.flags & BIT(VHOST_VRING_F_LOG);
	if (vq->sock && (!areas_ok(vq, area) || !log_ok(vq, logged, a.log_guest_addr)))
		return -EINVAL;

	/* A kick may have found no addresses: serve what it announced. */
	if (vq->sock && !vq->area_set)
		vhl_work_queue(vq->worker, &vq->work);
	vhl_pin_drop(vq);
	vq->pin_next = jiffies;
	memcpy(vq->area, area, sizeof(area));
	memset(vq->area_last, 0, sizeof(vq->area_last));
	vq->area_set = true;
	vq->area_ok = false;
	vq->log_used = logged;
	vq->log_addr = a.log_guest_addr;
	vhl_ahead_forget(vq);
	return 0;
}

static long vring_kick(struct vhl_vq *vq, const struct vhost_vring_file *f)
{
	struct file *file = NULL, *old;
	long err = 0;

	if (f->fd != VHOST_FILE_UNBIND) {
		file = eventfd_fget(f->fd);
		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	old = vq->kick;
	vhl_poll_stop(&vq->kick_poll);
	if (file)
		err = vhl_poll_start(&vq->kick_poll, file);
	if (err) {
		fput(file);
		if (old)
			vhl_poll_start(&vq->kick_poll, old);
		return err;
	}
	vq->kick = file;
	if (old)
		fput(old);
	return 0;
}

static long vring_eventfd(struct eventfd_ctx **slot, const struct vhost_vring_file *f)
{
	struct eventfd_ctx *ctx = NULL;

	if (f->fd != VHOST_FILE_UNBIND) {
		ctx = eventfd_ctx_fdget(f->fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	swap(*slot, ctx);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

static long vring_file(struct vhl_vq *vq, unsigned int cmd, void __user *argp)
{
	struct vhost_vring_file f;

	if (copy_from_user(&f, argp, sizeof(f)))
		return -EFAULT;
	switch (cmd) {
	case VHOST_SET_VRING_KICK:
		return vring_kick(vq, &f);
	case VHOST_SET_VRING_CALL:
		return vring_eventfd(&vq->call, &f);
	default:
		return vring_eventfd(&vq->error, &f);
	}
}

static long vring_state(struct vhl_vq *vq, unsigned int cmd, void __user *argp)
{
	struct vhost_vring_state s = { .index = vq->index };

	switch (cmd) {
	case VHOST_SET_VRING_BUSYLOOP_TIMEOUT:
		if (copy_from_user(&s, argp, sizeof(s)))
			return -EFAULT;
		vq->busyloop_us = s.num;
		WRITE_ONCE(vq->poll_time.end, 0);
		return 0;
	case VHOST_GET_VRING_BUSYLOOP_TIMEOUT:
		s.num = vq->busyloop_us;
		break;
	default:
		s.num = vq->packed ? vhl_packed_base(vq) : vq->last_avail;
		break;
	}
	return copy_to_user(argp, &s, sizeof(s)) ? -EFAULT : 0;
}

/*
 * The ioctls for one queue; @cmd is one of them, and the calling task is the owner.
 * Returns 0 or a negative errno: -ENOBUFS for a queue that does not exist, -EINTR
 * when the caller is killed, and those of the ioctl. Caller holds dev->mutex; takes
 * vq->mutex, so that no run sees half of a change; sleeps.
 */
long vhl_vring_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp)
{
	struct vhl_vq *vq;
	bool drain;
	long r = 0;
	u32 i;

	if (get_user(i, (u32 __user *)argp))
		return -EFAULT;
	if (i >= VHL_NVQS)
		return -ENOBUFS;
	i = array_index_nospec(i, VHL_NVQS);
	vq = &dev->vqs[i];

	/* The heads of frames under way are published in the ring from which they
	 * were taken, and before the queue's position is returned.
	 */
	drain = cmd == VHOST_GET_VRING_BASE || cmd == VHOST_SET_VRING_ADDR;
	if (drain)
		r = vhl_zc_drain(vq);
	r = r ?: vhl_vq_lock_killable(vq);
	if (r) {
		if (drain)
			vhl_zc_resume(vq);
		return r;
	}
	switch (cmd) {
	case VHOST_SET_VRING_NUM:
		r = vring_num(vq, argp);
		break;
	case VHOST_SET_VRING_BASE:
		r = vring_base(vq, argp);
		break;
	case VHOST_SET_VRING_ADDR:
		r = vring_addr(vq, argp);
		break;
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
	case VHOST_SET_VRING_ERR:
		r = vring_file(vq, cmd, argp);
		break;
	default:
		r = vring_state(vq, cmd, argp);
		break;
	}
	mutex_unlock(&vq->mutex);
	if (drain)
		vhl_zc_resume(vq);
	return r;
}
