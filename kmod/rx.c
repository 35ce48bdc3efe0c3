// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive: frames from the backend to the guest's buffers. Frames of tun and
 * tap are taken from their ring many at a time; one frame may need several
 * buffers (mergeable, section 5.1.6.4).
 */
#include <linux/if_tun.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "chain.h"
#include "log.h"
#include "netdev.h"
#include "rule.h"
#include "rx.h"
#include "trace.h"
#include "used.h"
#include "user.h"
#include "weight.h"

/* Guest buffers gathered for one frame; their segments are in vq->iov. */
struct rx_bufs {
	unsigned int heads;
	u16 from; /* where last_avail was */
	unsigned int segs;
	u64 room;
};

enum rx_verdict {
	RX_OK,
	RX_NO_BUFFERS, /* wait for the guest to add some */
	RX_TOO_LONG, /* no number of buffers will do */
	RX_FULL, /* what is done must be published first */
	RX_BAD_CHAIN, /* the next buffer is unusable until repaired */
	RX_NO_ADDRESS, /* wait for the IOTLB to have the next buffer's */
	RX_SKIPPED, /* a chain that is no buffer went back to the guest */
};

static size_t rx_frame_len(void *frame)
{
	struct sk_buff *skb = frame;

	if (tun_is_xdp_frame(frame))
		return tun_ptr_to_xdp(frame)->len;
	/* A tag kept beside the frame is put back into it. */
	return skb->len + (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);
}

/*
 * Length of the next frame, without the virtio-net header, or 0 for none. A
 * frame of the backend's ring is at queue[q_head]; one of a packet socket
 * stays there.
 */
static size_t rx_peek(struct vhl_vq *vq)
{
	struct sk_buff_head *q;
	struct sk_buff *skb;
	unsigned long flags;
	size_t len = 0;
	int n;

	if (vq->ring) {
		if (vq->q_head == vq->q_tail) {
			n = ptr_ring_consume_batched(vq->ring, vq->queue, vq->dev->knobs.rx_batch);
			vq->q_head = 0;
			vq->q_tail = n;
			if (!n)
				return 0;
			vq->stats.batches++;
			vq->stats.batch_max = max_t(u64, vq->stats.batch_max, n);
		}
		return rx_frame_len(vq->queue[vq->q_head]);
	}

	q = &vq->sock->sk->sk_receive_queue;
	spin_lock_irqsave(&q->lock, flags);
	skb = skb_peek(q);
	if (skb) {
		len = rx_frame_len(skb);
		vq->rx_tagged = skb_vlan_tag_present(skb);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return len;
}

/* Throws away the frame rx_peek() saw. */
static void rx_discard(struct vhl_vq *vq)
{
	struct msghdr msg = {};

	vq->stats.dropped++;
	if (vq->ring) {
		tun_ptr_free(vq->queue[vq->q_head++]);
		return;
	}
	/* An empty vector: all of it is truncated. */
	iov_iter_init(&msg.msg_iter, READ, vq->iov, 0, 0);
	vq->sock->ops->recvmsg(vq->sock, &msg, 0, MSG_DONTWAIT | MSG_TRUNC);
}

/*
 * Takes as many buffers as @need bytes ask for. Heads and their sizes go
 * behind those already done, not counted until the frame is there: done or
 * taken, they are never more than the used ring has entries, however many the
 * guest shows. On any verdict but RX_OK the buffers are given back, and were
 * read for nothing, which the run pays for: they may be as many for every
 * frame.
 */
static enum rx_verdict rx_buffers(struct vhl_vq *vq, size_t need, struct rx_bufs *b)
{
	/* Without merging one is left: a run publishes at num, at the latest. */
	unsigned int most = vq->mergeable ? vq->num - vq->n_done : 1;
	enum rx_verdict v = RX_TOO_LONG;
	struct vhl_chain c;
	int n;

	b->heads = 0;
	b->from = vq->last_avail;
	b->segs = 0;
	b->room = 0;
	while (b->room < need) {
		struct vring_used_elem *e = &vq->done[vq->n_done + b->heads];

		/* One head has one segment at least: the array suffices. */
		if (b->heads == most || b->segs == VHL_MAX_SEGS) {
			if (vq->mergeable && vq->n_done && b->segs != VHL_MAX_SEGS)
				v = RX_FULL;
			goto undo;
		}
		n = vhl_avail_pending(vq);
		if (n <= 0) {
			v = n ? RX_BAD_CHAIN : RX_NO_BUFFERS;
			goto undo;
		}
		n = vhl_chain_next(vq, b->segs, &c, true);
		if (unlikely(n < 0)) {
			v = n == -EAGAIN ? RX_NO_ADDRESS : RX_BAD_CHAIN;
			goto undo;
		}
		if (unlikely(c.out || !c.in_len)) {
			vhl_rule_broken(vq, VHL_RULE_RX_READABLE);
			if (b->heads) {
				v = RX_BAD_CHAIN;
				goto undo;
			}
			/* Back to the guest, empty; the next one may do. It
			 * counts as a turn: there could be ever more of them.
			 */
			vq->last_avail += n;
			vhl_used_add(vq, c.head, 0);
			vhl_used_publish(vq);
			return RX_SKIPPED;
		}
		e->id = cpu_to_vhl32(vq, c.head);
		e->len = cpu_to_vhl32(vq, min_t(u64, c.in_len, need - b->room));
		b->room += c.in_len;
		b->segs += c.in;
		b->heads++;
		vq->last_avail += n;
	}
	return RX_OK;

undo:
	vq->budget -= b->segs * VHL_DESC_COST;
	vq->last_avail = b->from;
	return v;
}

/* Writes @n bytes at byte @off of the gathered buffers. */
static int rx_write(struct vhl_vq *vq, size_t off, const void *src, size_t n)
{
	const struct iovec *iov = vq->iov;

	while (off >= iov->iov_len) {
		off -= iov->iov_len;
		iov++;
	}
	while (n) {
		size_t part = min(n, iov->iov_len - off);

		if (vhl_copy_out(iov->iov_base + off, src, part))
			return -EFAULT;
		src += part;
		n -= part;
		iov++;
		off = 0;
	}
	return 0;
}

/* Marks the first @len bytes of the gathered buffers dirty. */
static void rx_log(struct vhl_vq *vq, size_t len)
{
	unsigned int i;
	int err = 0;

	for (i = 0; len; i++) {
		size_t part = min(len, vq->iov[i].iov_len);

		if (vq->iotlb)
			err |= vhl_log_hva(vq, (unsigned long)vq->iov[i].iov_base, part);
		else
			err |= vhl_log_write(vq, vq->gpa[i], part);
		len -= part;
		if (unlikely(i % VHL_RESCHED == VHL_RESCHED - 1))
			cond_resched();
	}
	vhl_log_told(vq, err);
}

/* num_buffers is the device's to write, whoever wrote the rest. */
static int rx_write_heads(struct vhl_vq *vq, unsigned int heads)
{
	const size_t at = offsetof(struct virtio_net_hdr_mrg_rxbuf, num_buffers);
	__virtio16 v = cpu_to_vhl16(vq, heads);

	if (likely(vq->iov->iov_len >= at + sizeof(v)))
		return put_user(v, (__virtio16 __user *)(vq->iov->iov_base + at));
	return rx_write(vq, at, &v, sizeof(v));
}

/*
 * Copies a frame straight from the buffer the stack made it in. Only for what
 * takes no more than that: in one piece, not to be segmented, no tag beside
 * it. Returns 0, -EFAULT, or -EOPNOTSUPP and then the frame is still there.
 */
static __always_inline int rx_copy_direct(struct vhl_vq *vq, const struct rx_bufs *b, size_t len)
{
	struct sk_buff *skb = vq->queue[vq->q_head];
	struct virtio_net_hdr_mrg_rxbuf hdr;
	int err;

	if (unlikely(tun_is_xdp_frame(skb)) || unlikely(skb_is_nonlinear(skb)) ||
	    unlikely(skb_is_gso(skb)) || unlikely(skb_vlan_tag_present(skb)) ||
	    unlikely(!vhl_netdev_is(&vq->netdev, skb->dev)) ||
	    unlikely(virtio_net_hdr_from_skb(skb, &hdr.hdr, vq->little_endian, true, 0)))
		return -EOPNOTSUPP;
	vq->q_head++;
	hdr.num_buffers = cpu_to_vhl16(vq, b->heads);
	if (likely(b->segs == 1 && vq->guest_hlen == sizeof(hdr))) {
		err = vhl_write_hdr(vq->iov->iov_base, &hdr)
			      ?: vhl_copy_out(vq->iov->iov_base + sizeof(hdr), skb->data, len);
	} else {
		err = rx_write(vq, 0, &hdr, vq->guest_hlen)
			      ?: rx_write(vq, vq->guest_hlen, skb->data, len);
	}
	if (likely(!err)) {
		vhl_netdev_count(&vq->netdev, len);
		consume_skb(skb);
	} else {
		kfree_skb(skb);
	}
	return err;
}

/* Copies the frame of @len bytes into the buffers. Returns 0 or an errno. */
static int rx_copy(struct vhl_vq *vq, const struct rx_bufs *b, size_t len)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = {};
	size_t skip = vq->guest_hlen - vq->sock_hlen;
	size_t want = len + vq->sock_hlen;
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	int got;

	if (likely(vq->rx_direct)) {
		got = rx_copy_direct(vq, b, len);
		if (likely(got != -EOPNOTSUPP))
			return got;
	}
	if (vq->ring)
		msg.msg_control = vq->queue[vq->q_head++];
	/* What the iterator holds is the frame exactly, not the room. */
	if (likely(b->segs == 1))
		iov_iter_ubuf(&msg.msg_iter, READ, vq->iov->iov_base, want + skip);
	else
		iov_iter_init(&msg.msg_iter, READ, vq->iov, b->segs, want + skip);
	/* A packet socket's recvmsg() leaves the tag out of the frame. */
	if (unlikely(vq->rx_tagged) && !vq->ring)
		return vhl_rx_tagged(vq, &msg.msg_iter, b->heads, len);
	if (skip)
		iov_iter_advance(&msg.msg_iter, skip);

	got = vq->sock->ops->recvmsg(vq->sock, &msg, want, MSG_DONTWAIT | MSG_TRUNC);
	if (unlikely(got != want))
		return got < 0 ? got : -EMSGSIZE;
	/* The backend writes that header in front of a frame, and no other. */
	vq->rx_direct = vq->ring && !skip && vhl_by(vq, VHL_IDEA_DIRECT);

	if (skip) {
		/* The backend wrote no header: nothing is offloaded. */
		hdr.num_buffers = cpu_to_vhl16(vq, b->heads);
		return rx_write(vq, 0, &hdr, skip);
	}
	return vq->guest_hlen == sizeof(hdr) ? rx_write_heads(vq, b->heads) : 0;
}

/* Out of line: an event that is off must not cost the others a register. */
static noinline void rx_trace(struct vhl_vq *vq, size_t len)
{
	trace_copy_rx(vq, vhl32_to_cpu(vq, vq->done[vq->n_done].id), len);
}

/* Gives one frame to the guest. */
static enum rx_verdict rx_one(struct vhl_vq *vq, size_t len)
{
	size_t need = len + vq->guest_hlen;
	enum rx_verdict v;
	struct rx_bufs b;

	v = rx_buffers(vq, need, &b);
	if (v == RX_TOO_LONG) {
		vq->stats.truncated++;
		rx_discard(vq);
	}
	if (v != RX_OK)
		return v;

	if (unlikely(rx_copy(vq, &b, len))) {
		/* The frame is gone; the buffers serve the next one. */
		vq->last_avail = b.from;
		vq->stats.dropped++;
		vhl_rule_broken(vq, VHL_RULE_RX_ACCESS);
		return RX_OK;
	}
	if (unlikely(vhl_has(vq, VHOST_F_LOG_ALL)))
		rx_log(vq, need);
	if (trace_copy_rx_enabled())
		rx_trace(vq, len);
	vq->n_done += b.heads;
	vq->stats.packets++;
	vq->stats.bytes += len;
	return RX_OK;
}

/*
 * Frames wake the queue again, or are found by the caller, who looks at the
 * backend after this. The backend puts a frame where it is found, then reads
 * the flag in poll_wake(); the full barrier between is that of
 * skwq_has_sleeper() in sock_def_readable(). Here the flag is cleared, then the
 * backend is read. Without a full barrier here, too, each side could miss what
 * the other has written, and the frame would wait for the next one to come. A
 * run that did not wait for buffers pays nothing. Holds vq->mutex.
 */
static void rx_frames_wake(struct vhl_vq *vq)
{
	if (likely(!vq->waiting_buffers))
		return;
	WRITE_ONCE(vq->waiting_buffers, false);
	smp_mb(); /* the flag before the ring: poll_wake() */
}

/*
 * Waits for the guest to add buffers: only a kick wakes the queue now. A frame
 * that wakes it nevertheless, because it came before the flag was seen, costs
 * a run and no more; so nothing is ordered behind that store. Returns whether
 * some came meanwhile.
 */
static bool rx_wait_buffers(struct vhl_vq *vq)
{
	vq->stats.no_buffers++;
	vhl_used_publish(vq);
	WRITE_ONCE(vq->waiting_buffers, true);
	if (!vhl_notify_enable(vq))
		return false;
	rx_frames_wake(vq);
	vhl_notify_disable(vq);
	return true;
}

/*
 * Deals with what waits, up to a weight. Returns how many frames the guest
 * got. Caller is the queue's worker and holds vq->mutex; sleeps.
 */
unsigned int vhl_rx_run(struct vhl_vq *vq)
{
	const struct vhl_knobs *k = &vq->dev->knobs;
	/* As many used entries are published at once as the ring has. */
	unsigned int batch = min(k->rx_batch, vq->num);
	unsigned int turns = 0, got = 0;
	size_t len;

	rx_frames_wake(vq);
	vhl_notify_disable(vq);
	vq->budget = VHL_BYTE_WEIGHT;
	while (turns++ < k->packet_weight && vq->budget > 0) {
		len = rx_peek(vq);
		if (!len) {
			if (vq->n_done) {
				/* Frames that came while the guest was being
				 * called are taken now, not at a wake-up.
				 */
				vhl_used_publish(vq);
				if (!vhl_by(vq, VHL_IDEA_RECHECK) &&
				    vhl_busy_poll(vq) != VHL_POLL_HIT)
					return got;
				continue;
			}
			if (vhl_busy_poll(vq) == VHL_POLL_HIT)
				continue;
			return got;
		}
		switch (rx_one(vq, len)) {
		case RX_OK:
			got++;
			vq->budget -= len;
			if (vq->n_done >= batch)
				vhl_used_publish(vq);
			break;
		case RX_TOO_LONG:
		case RX_SKIPPED:
			break;
		case RX_FULL:
			vhl_used_publish(vq);
			break;
		case RX_NO_BUFFERS:
			if (!rx_wait_buffers(vq))
				return got;
			break;
		case RX_BAD_CHAIN:
			/* Tried again after the next kick. */
			vhl_used_publish(vq);
			WRITE_ONCE(vq->waiting_buffers, true);
			vhl_notify_repair(vq);
			return got;
		case RX_NO_ADDRESS:
			/* Tried again after the client's answer. */
			vhl_used_publish(vq);
			WRITE_ONCE(vq->waiting_buffers, true);
			return got;
		}
	}
	/* Somebody else's turn; more may wait here. */
	vhl_used_publish(vq);
	vq->stats.requeues++;
	vhl_work_queue(vq->worker, &vq->work);
	return got;
}
