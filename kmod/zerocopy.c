// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit by reference: see zerocopy.h.
 *
 * The stack pins the pages; this file keeps only the heads, which are numbers. So
 * the client may change the memory table, invalidate entries of the IOTLB or unmap
 * memory while frames are under way: their pages do not change until the stack
 * unpins them.
 *
 * Detaching the backend, setting new ring addresses and VHOST_GET_VRING_BASE wait
 * until every head is published, or until the caller is killed. That takes as long
 * as the stack keeps the frames, which is not limited (a queueing discipline may
 * keep them). The heads are published by the queue's worker, which runs in the
 * owner's address space; therefore the waiting task must not hold vq->mutex.
 *
 * So do close() and VHOST_RESET_OWNER by the owner, until it is killed. A process that
 * ends does not wait, since the stack may keep a frame for a socket of that very
 * process: the table of heads and a reference to the module are left to the frames,
 * and go with the last of them. While VHL_ZC_MAX_LEFT frames are left no other is sent
 * by reference, so that processes that end one after the other do not pin memory
 * without a bound.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "lock.h"
#include "used.h"
#include "zerocopy.h"

/* zc_judge(): a window, in frames. */
#define ZC_WINDOW 64
/* Frames that are copied at once after a window most of whose frames the stack copied. */
#define ZC_PAUSE 4096
/* How often vhl_zc_drain() looks whether the worker has been killed, in jiffies. */
#define ZC_DRAIN_LOOK (HZ / 10)

/* Frames of all devices that are left to the stack. */
atomic_t vhl_zc_left = ATOMIC_INIT(0);

/* Whether there ever was a table, and with it a completion that may be under way. */
static bool used;

/* The slot for the next head. */
static struct vhl_zc_frame *zc_next(struct vhl_zc *zc)
{
	return &zc->frame[(zc->first + zc->held) % VHL_ZC_FRAMES];
}

static void zc_put(struct vhl_zc *zc)
{
	if (refcount_dec_and_test(&zc->refs))
		kvfree_rcu(zc, rcu);
}

/*
 * The stack's callback: it no longer uses the pages of a frame, or of one of the
 * segments into which it split it; @by_reference is false when it has copied them.
 * Any context but hard interrupts; holds no lock.
 */
static void zc_complete(struct sk_buff *skb, struct ubuf_info *ubuf, bool by_reference)
{
	struct vhl_zc_frame *f = container_of(ubuf, struct vhl_zc_frame, ubuf);
	struct vhl_zc *zc = f->zc;
	u32 state;

	if (!by_reference)
		WRITE_ONCE(f->copied, true);
	if (!refcount_dec_and_test(&ubuf->refcnt))
		return;
	state = READ_ONCE(f->copied) ? VHL_ZC_COPIED : VHL_ZC_SENT;
	/* After the exchange the head may be published and the queue freed, but not
	 * before vhl_zc_discard() has waited for RCU readers.
	 */
	rcu_read_lock();
	/*
	 * Fully ordered. The stack's reads come before the driver writes there again; and
	 * the state is stored, then the flag is read, where vhl_zc_leave() stores the flag,
	 * then reads the state.
	 */
	if (unlikely(xchg(&f->state, state) == VHL_ZC_LEFT)) {
		zc_put(zc);
		atomic_dec(&vhl_zc_left);
		module_put(THIS_MODULE);
	} else if (!READ_ONCE(zc->looking)) {
		vhl_work_queue(zc->vq->worker, &zc->vq->work);
	}
	rcu_read_unlock();
}

static const struct ubuf_info_ops zc_ops = {
	.complete = zc_complete,
};

/* Allocates the table of held heads, if the knob is on. Returns 0 or -ENOMEM. Sleeps. */
int vhl_zc_alloc(struct vhl_vq *vq)
{
	struct vhl_zc *zc;
	unsigned int i;

	if (!vq->dev->knobs.zerocopy)
		return 0;
	zc = kvzalloc(sizeof(*zc), GFP_KERNEL_ACCOUNT);
	if (!zc)
		return -ENOMEM;
	WRITE_ONCE(used, true);
	zc->vq = vq;
	refcount_set(&zc->refs, 1);
	zc->min = max(vq->dev->knobs.zerocopy, VHL_ZC_LEAST);
	init_waitqueue_head(&zc->wait);
	for (i = 0; i < VHL_ZC_FRAMES; i++) {
		zc->frame[i].zc = zc;
		zc->frame[i].ubuf.flags = SKBFL_ZEROCOPY_FRAG;
		vhl_ubuf_set_ops(&zc->frame[i].ubuf, &zc_ops);
	}
	vq->zc = zc;
	return 0;
}

/* Frees the table, or leaves it to its frames, after vhl_zc_discard(). */
void vhl_zc_free(struct vhl_vq *vq)
{
	if (vq->zc)
		zc_put(vq->zc);
	vq->zc = NULL;
}

/* Determines whether the new backend takes references. Caller holds vq->mutex. */
void vhl_zc_backend(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	/*
	 * A packet socket would interpret the reference as a control message. A macvtap
	 * whose interface is gone drops a frame, reports that it was sent and forgets the
	 * reference: it would never come back.
	 */
	zc->able = vq->sock && vq->ring && sock_flag(vq->sock->sk, SOCK_ZEROCOPY) &&
		   !IS_ERR(tun_get_socket(vq->sock_file));
	zc->tried = 0;
	zc->in_vain = 0;
	zc->pause = 0;
}

/*
 * Counts a frame that was sent by reference, @in_vain when it was copied after all.
 * When the stack copies most frames of a window, frames are copied at once for a
 * while. Caller holds vq->mutex.
 */
static void zc_judge(struct vhl_zc *zc, bool in_vain)
{
	zc->in_vain += in_vain;
	if (++zc->tried < ZC_WINDOW)
		return;
	if (zc->in_vain > ZC_WINDOW / 2)
		zc->pause = ZC_PAUSE;
	zc->tried = 0;
	zc->in_vain = 0;
}

/* Frees a frame's slot, and counts the frame by its final @state. */
static void zc_settle_frame(struct vhl_vq *vq, struct vhl_zc_frame *f, u32 state)
{
	if (state == VHL_ZC_OURS)
		return;
	f->state = VHL_ZC_OURS;
	if (state == VHL_ZC_SENT)
		vq->stats.zc_sent++;
	else
		vq->stats.zc_copied++;
	zc_judge(vq->zc, state == VHL_ZC_COPIED);
}

/*
 * Sends a frame by reference. Returns 0, and vhl_zc_done() must follow; -ENOSPC when
 * the caller has to copy it; -EAGAIN when the backend is full; or the errno with
 * which it refused the frame. Caller is the worker, holds vq->mutex and has checked
 * vhl_zc_full(); sleeps.
 */
int vhl_zc_send(struct vhl_vq *vq, const struct vhl_chain *c)
{
	struct vhl_zc_frame *f = zc_next(vq->zc);
	size_t skip = vq->guest_hlen - vq->sock_hlen;
	struct tun_msg_ctl ctl = {
		.type = TUN_MSG_UBUF,
		.ptr = &f->ubuf,
	};
	struct msghdr msg = {
		.msg_control = &ctl,
		.msg_controllen = sizeof(ctl),
		.msg_flags = MSG_DONTWAIT,
	};
	int err = -EFAULT;

	iov_iter_init(&msg.msg_iter, WRITE, vq->iov, c->out, c->out_len);
	iov_iter_advance(&msg.msg_iter, skip);
	/* tun copies a frame with more pages than an skb has fragments, and when an
	 * XDP program then drops it, tun does not call the completion.
	 */
	if (unlikely(iov_iter_npages(&msg.msg_iter, MAX_SKB_FRAGS + 1) > MAX_SKB_FRAGS))
		goto copy;

	f->copied = false;
	refcount_set(&f->ubuf.refcnt, 1);
	WRITE_ONCE(f->state, VHL_ZC_UNDERWAY);
	err = vq->sock->ops->sendmsg(vq->sock, &msg, c->out_len - skip);
	if (likely(err >= 0))
		return 0;
	/* Refused: the stack has not taken the frame, or has completed it by now. */
	WRITE_ONCE(f->state, VHL_ZC_OURS);
	/* Memory that cannot be pinned can still be copied. */
	if (err != -EFAULT)
		return err;
copy:
	vq->stats.zc_skipped++;
	zc_judge(vq->zc, true);
	return -ENOSPC;
}

/*
 * Records that the chain of @head was taken, which moved last_avail by @taken. Its
 * frame is under way after vhl_zc_send(), or was copied. Caller holds vq->mutex and
 * has checked vhl_zc_full().
 */
void vhl_zc_done(struct vhl_vq *vq, u32 head, unsigned int taken)
{
	struct vhl_zc *zc = vq->zc;
	struct vhl_zc_frame *f = zc_next(zc);
	u32 state = smp_load_acquire(&f->state); /* pairs with zc_complete() */

	if (!zc->held && state != VHL_ZC_UNDERWAY) {
		zc_settle_frame(vq, f, state);
		vhl_used_add(vq, head, 0);
		return;
	}
	f->head = head;
	f->taken = taken;
	vq->held += taken;
	WRITE_ONCE(zc->held, zc->held + 1);
}

/*
 * Moves the heads that may be published to vq->done[]: from the oldest one up to the
 * first one under way. Caller holds vq->mutex; does not sleep.
 */
void vhl_zc_collect(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	while (zc->held) {
		struct vhl_zc_frame *f = &zc->frame[zc->first];
		u32 state = smp_load_acquire(&f->state); /* pairs with zc_complete() */

		if (state == VHL_ZC_UNDERWAY)
			return;
		zc_settle_frame(vq, f, state);
		vhl_used_add(vq, f->head, 0);
		vq->held -= f->taken;
		zc->first = (zc->first + 1) % VHL_ZC_FRAMES;
		WRITE_ONCE(zc->held, zc->held - 1);
	}
}

/* From now on completions need not queue the work: the run will collect them. */
void vhl_zc_look(struct vhl_vq *vq)
{
	WRITE_ONCE(vq->zc->looking, true);
}

/* From now on completions queue the work; so does this, for the oldest frame. */
void vhl_zc_leave(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	WRITE_ONCE(zc->looking, false);
	smp_mb(); /* the flag is stored, then the state is read: pairs with zc_complete() */
	if (zc->held && READ_ONCE(zc->frame[zc->first].state) != VHL_ZC_UNDERWAY)
		vhl_work_queue(vq->worker, &vq->work);
}

/*
 * A run while an ioctl waits in vhl_zc_drain(): publishes heads and takes no chains.
 * Heads count as published even if the ring cannot be written, since there is no
 * other way to return them. Caller is the worker, or an ioctl of the owner when the
 * worker is dead, and holds vq->mutex; sleeps.
 */
void vhl_zc_settle(struct vhl_vq *vq)
{
	vhl_zc_collect(vq);
	vhl_used_publish(vq);
	if (!vq->zc->held)
		wake_up(&vq->zc->wait);
}

/*
 * Waits until all heads are published. No chain is taken from then until
 * vhl_zc_resume(), which must follow whatever this returns. Caller is the owner and
 * holds dev->mutex, but no vq->mutex; sleeps. Returns 0, or a negative errno when
 * the caller is killed.
 */
int vhl_zc_drain(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;
	long left;
	int err;

	if (!zc)
		return 0;
	err = vhl_vq_lock_killable(vq);
	if (err)
		return err;
	WRITE_ONCE(zc->draining, true);
	if (zc->held)
		vhl_work_queue(vq->worker, &vq->work);
	mutex_unlock(&vq->mutex);
	for (;;) {
		left = wait_event_killable_timeout(zc->wait, !READ_ONCE(zc->held), ZC_DRAIN_LOOK);
		if (left)
			return min(left, 0L);
		/*
		 * A thread of the owner may have been killed while another process
		 * with the same memory is the caller. Then this publishes.
		 */
		if (!READ_ONCE(vq->worker->dead))
			continue;
		err = vhl_vq_lock_killable(vq);
		if (err)
			return err;
		vhl_zc_settle(vq);
		mutex_unlock(&vq->mutex);
	}
}

/*
 * Discards all heads; frames under way are left to the stack. For a device that is
 * closing (dev->closing): its runs take no chains any more. Caller holds no vq->mutex;
 * sleeps, but does not wait for the stack.
 */
void vhl_zc_discard(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;
	unsigned int i;

	if (!zc)
		return;
	/* A run that has not seen dev->closing may still send frames: wait for it. */
	mutex_lock(&vq->mutex);
	zc->held = 0;
	vq->held = 0;
	mutex_unlock(&vq->mutex);
	for (i = 0; i < VHL_ZC_FRAMES; i++) {
		if (READ_ONCE(zc->frame[i].state) != VHL_ZC_UNDERWAY)
			continue;
		/* Taken first: the completion of a frame that is left drops them. */
		refcount_inc(&zc->refs);
		atomic_inc(&vhl_zc_left);
		__module_get(THIS_MODULE);
		if (cmpxchg(&zc->frame[i].state, VHL_ZC_UNDERWAY, VHL_ZC_LEFT) == VHL_ZC_UNDERWAY)
			continue;
		refcount_dec(&zc->refs);
		atomic_dec(&vhl_zc_left);
		module_put(THIS_MODULE);
	}
	/* Other completions may still be in zc_complete(), and use the queue. */
	synchronize_rcu();
}

/* Ends vhl_zc_drain(): the queue runs again if it has a backend. Caller holds dev->mutex. */
void vhl_zc_resume(struct vhl_vq *vq)
{
	if (!vq->zc)
		return;
	WRITE_ONCE(vq->zc->draining, false);
	/* Kicks during the drain were not served. */
	if (vq->sock)
		vhl_work_queue(vq->worker, &vq->work);
}

/* Adds file `frames_left` to debugfs directory @root, with which it is removed. Sleeps. */
void vhl_zc_add(struct dentry *root)
{
	debugfs_create_atomic_t("frames_left", 0444, root, &vhl_zc_left);
}

/*
 * Before the module's code is freed: a completion may still have to return, also in a
 * task that is preempted (unless the kernel is preemptible and has no
 * CONFIG_TASKS_RCU: then nothing waits for such a task). Sleeps.
 */
void vhl_zc_exit(void)
{
	if (!READ_ONCE(used))
		return;
	synchronize_rcu();
	synchronize_rcu_tasks();
}
