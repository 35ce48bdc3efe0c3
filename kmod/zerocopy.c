// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit by reference: see zerocopy.h.
 *
 * The pages are pinned by the stack, and only heads are kept here, which are
 * numbers. So the client may change the memory table, take entries from the
 * IOTLB or unmap memory while frames are under way: their pages stay what they
 * were until the stack lets go.
 *
 * Detaching the backend, setting other ring addresses and asking for the
 * position wait until every head is published, which takes as long as the stack
 * keeps the frames (a queueing discipline may keep them as long as it likes), or
 * until the caller is killed. The heads are published by the queue's worker,
 * which has the owner's address space; that is why the wait holds no vq->mutex.
 * Closing the device publishes nothing, but waits for the frames as well, since
 * the stack calls back into this module for each.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "lock.h"
#include "used.h"
#include "zerocopy.h"

/* Frames after which it is judged whether references were worth it. */
#define ZC_WINDOW 64
/* Frames that are copied at once when most of the window's were in vain. */
#define ZC_PAUSE 4096

/* Where the next head would be held. */
static struct vhl_zc_frame *zc_next(struct vhl_zc *zc)
{
	return &zc->frame[(zc->first + zc->held) % VHL_ZC_FRAMES];
}

/*
 * The stack is done with a frame, or with one of the pieces it cut it into;
 * @by_reference is false when it copied it. Any context but hard interrupts.
 */
static void zc_complete(struct sk_buff *skb, struct ubuf_info *ubuf, bool by_reference)
{
	struct vhl_zc_frame *f = container_of(ubuf, struct vhl_zc_frame, ubuf);
	struct vhl_zc *zc = f->zc;

	if (!by_reference)
		WRITE_ONCE(f->copied, true);
	if (!refcount_dec_and_test(&ubuf->refcnt))
		return;
	/* From the store on the head may be published and the queue be gone,
	 * but not before vhl_zc_discard() has waited for readers.
	 */
	rcu_read_lock();
	/* What the stack read comes before: the driver may write there again. */
	smp_store_release(&f->state, READ_ONCE(f->copied) ? VHL_ZC_COPIED : VHL_ZC_SENT);
	/* The state before the looks; vhl_zc_leave() and vhl_zc_discard() store
	 * what is looked at before they look at the state.
	 */
	smp_mb();
	if (unlikely(READ_ONCE(zc->discarding)))
		wake_up(&zc->wait);
	else if (!READ_ONCE(zc->looking))
		vhl_work_queue(zc->vq->worker, &zc->vq->work);
	rcu_read_unlock();
}

static const struct ubuf_info_ops zc_ops = {
	.complete = zc_complete,
};

/* Makes the table of a queue whose knob is on. Returns 0 or -ENOMEM. */
int vhl_zc_alloc(struct vhl_vq *vq)
{
	struct vhl_zc *zc;
	unsigned int i;

	if (!vq->dev->knobs.zerocopy)
		return 0;
	zc = kvzalloc(sizeof(*zc), GFP_KERNEL_ACCOUNT);
	if (!zc)
		return -ENOMEM;
	zc->vq = vq;
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

/* Frees it; vhl_zc_discard() has been there. */
void vhl_zc_free(struct vhl_vq *vq)
{
	kvfree(vq->zc);
	vq->zc = NULL;
}

/* Looks at the backend that vq->sock has become. Caller holds vq->mutex. */
void vhl_zc_backend(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	/* A packet socket would take the reference for a control message. */
	zc->able = vq->sock && vq->ring && sock_flag(vq->sock->sk, SOCK_ZEROCOPY);
	zc->tried = 0;
	zc->in_vain = 0;
	zc->pause = 0;
}

/* When most references were in vain, there are none for a while. */
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

/* The frame's slot is free again; counts what became of it. */
static void zc_settle_frame(struct vhl_vq *vq, struct vhl_zc_frame *f, u8 state)
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
 * Sends a frame by reference. Returns 0, and vhl_zc_done() must follow;
 * -ENOSPC when it has to be copied after all; -EAGAIN when the backend is
 * full; or what it refused the frame with. Caller is the worker, holds
 * vq->mutex, has room (vhl_zc_full()); sleeps.
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
	/* What does not fit into a buffer's fragments tun copies, and when a
	 * program then drops it, tun never completes it.
	 */
	if (unlikely(iov_iter_npages(&msg.msg_iter, MAX_SKB_FRAGS + 1) > MAX_SKB_FRAGS))
		goto copy;

	f->copied = false;
	refcount_set(&f->ubuf.refcnt, 1);
	WRITE_ONCE(f->state, VHL_ZC_UNDERWAY);
	err = vq->sock->ops->sendmsg(vq->sock, &msg, c->out_len - skip);
	if (likely(err >= 0))
		return 0;
	/* Refused: it was never taken up, or is completed by now. */
	WRITE_ONCE(f->state, VHL_ZC_OURS);
	/* Memory without pages can still be copied. */
	if (err != -EFAULT)
		return err;
copy:
	vq->stats.zc_skipped++;
	zc_judge(vq->zc, true);
	return -ENOSPC;
}

/*
 * Notes that the chain of @head was taken and moved last_avail by @taken:
 * whether its frame is under way, as vhl_zc_send() left it, or was copied.
 * Caller holds vq->mutex and has room.
 */
void vhl_zc_done(struct vhl_vq *vq, u32 head, unsigned int taken)
{
	struct vhl_zc *zc = vq->zc;
	struct vhl_zc_frame *f = zc_next(zc);
	u8 state = smp_load_acquire(&f->state); /* what the stack did is over */

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
 * Moves the heads that may be published to vq->done[]: from the oldest to the
 * first one under way. Caller holds vq->mutex.
 */
void vhl_zc_collect(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	while (zc->held) {
		struct vhl_zc_frame *f = &zc->frame[zc->first];
		u8 state = smp_load_acquire(&f->state); /* what the stack did is over */

		if (state == VHL_ZC_UNDERWAY)
			return;
		zc_settle_frame(vq, f, state);
		vhl_used_add(vq, f->head, 0);
		vq->held -= f->taken;
		zc->first = (zc->first + 1) % VHL_ZC_FRAMES;
		WRITE_ONCE(zc->held, zc->held - 1);
	}
}

/* The worker will look at what is completed: nobody need wake it. */
void vhl_zc_look(struct vhl_vq *vq)
{
	WRITE_ONCE(vq->zc->looking, true);
}

/* It will not any more; what was completed meanwhile runs the queue again. */
void vhl_zc_leave(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	WRITE_ONCE(zc->looking, false);
	smp_mb(); /* before the states are read, as zc_complete() the other way round */
	if (zc->held && READ_ONCE(zc->frame[zc->first].state) != VHL_ZC_UNDERWAY)
		vhl_work_queue(vq->worker, &vq->work);
}

/*
 * Waits until all heads are published; no chain is taken from then until
 * vhl_zc_resume(), which is due whatever this returns. Caller is the owner and
 * holds dev->mutex, no vq->mutex; sleeps. Returns 0, or -EINTR when the caller
 * is killed.
 */
int vhl_zc_drain(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;
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
	return wait_event_killable(zc->wait, !READ_ONCE(zc->held));
}

/* Whether the stack has none of the frames any more; no run adds one. */
static bool none_underway(struct vhl_zc *zc)
{
	unsigned int i;

	for (i = 0; i < VHL_ZC_FRAMES; i++)
		/* What the stack did with the frame is over. */
		if (smp_load_acquire(&zc->frame[i].state) == VHL_ZC_UNDERWAY)
			return false;
	return true;
}

/*
 * Waits until the stack is done with all frames, and forgets their heads. For a
 * device that is closing: its runs take no chains any more. Holds no vq->mutex;
 * sleeps.
 */
void vhl_zc_discard(struct vhl_vq *vq)
{
	struct vhl_zc *zc = vq->zc;

	if (!zc)
		return;
	/* The run that is under way may send one more. */
	mutex_lock(&vq->mutex);
	WRITE_ONCE(zc->discarding, true);
	mutex_unlock(&vq->mutex);
	/* The flag before the states: zc_complete(). wait_event() has the barrier. */
	wait_event(zc->wait, none_underway(zc));
	/* The last completion may still be in zc_complete(). */
	synchronize_rcu();
	zc->held = 0;
	vq->held = 0;
}

/*
 * What a run does instead of taking chains while somebody waits. A ring that
 * cannot be reached now is no reason to wait: then nobody can be told. Caller
 * is the worker and holds vq->mutex; sleeps.
 */
void vhl_zc_settle(struct vhl_vq *vq)
{
	vhl_zc_collect(vq);
	vhl_used_publish(vq);
	if (!vq->zc->held)
		wake_up(&vq->zc->wait);
}

/* After vhl_zc_drain(), with the backend that is there then. Caller holds dev->mutex. */
void vhl_zc_resume(struct vhl_vq *vq)
{
	if (!vq->zc)
		return;
	WRITE_ONCE(vq->zc->draining, false);
	/* Kicks may have come and gone. */
	if (vq->sock)
		vhl_work_queue(vq->worker, &vq->work);
}
