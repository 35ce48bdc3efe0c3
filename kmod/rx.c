// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive: frames from the backend to the guest's buffers. Frames of tun and tap
 * are taken from their ring many at a time; with VIRTIO_NET_F_MRG_RXBUF one frame
 * may use several buffers (virtio 1.2, section 5.1.6.4).
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

/* Guest buffers taken for one frame; their segments are in vq->iov[]. */
struct rx_bufs {
	unsigned int heads;
	u16 from; /* last_avail before the first of them */
	unsigned int segs;
	u64 room; /* bytes */
};

/* The result for one frame. */
enum rx_verdict {
	RX_OK, /* the frame is done with: delivered, or dropped after an error */
	RX_NO_BUFFERS, /* wait for the guest to add buffers */
	RX_TOO_LONG, /* the frame does not fit into any number of buffers: dropped */
	RX_FULL, /* heads in vq->done[] must be published first */
	RX_BAD_CHAIN, /* the next chain breaks a rule; wait for a kick */
	RX_NO_ADDRESS, /* the IOTLB lacks an address; wait for the answer */
	RX_SKIPPED, /* a chain that is no receive buffer was returned to the guest */
};

static size_t rx_frame_len(void *frame)
{
	struct sk_buff *skb = frame;

	if (tun_is_xdp_frame(frame))
		return tun_ptr_to_xdp(frame)->len;
	/* A VLAN tag that is kept outside the frame's data will be put back into it. */
	return skb->len + (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);
}

/*
 * Length in bytes of the next frame, without the virtio-net header, or 0 for none.
 * A frame from the backend's ring is then at queue[q_head]; a frame of a packet
 * socket stays in the socket's queue.
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
			n = vhl_ring_take(vq->sock_file, vq->ring, vq->queue,
					  vq->dev->knobs.rx_batch);
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

/* Drops the frame that rx_peek() found. */
static void rx_discard(struct vhl_vq *vq)
{
	struct msghdr msg = {};

	vq->stats.dropped++;
	if (vq->ring) {
		tun_ptr_free(vq->queue[vq->q_head++]);
		return;
	}
	/* An empty iterator: recvmsg() truncates the frame to nothing. */
	iov_iter_init(&msg.msg_iter, READ, vq->iov, 0, 0);
	vq->sock->ops->recvmsg(vq->sock, &msg, 0, MSG_DONTWAIT | MSG_TRUNC);
}

/*
 * Takes as many buffers as a frame of @need bytes (with header) needs. Their heads
 * and lengths are stored after those in vq->done[], but are counted in vq->n_done
 * only when the frame was copied. Both together never exceed the size of the used
 * ring, however many the guest makes available. On any result but RX_OK (and
 * RX_SKIPPED) last_avail is restored; the segments read count towards the run's
 * budget, since it could happen again for every frame.
 */
static enum rx_verdict rx_buffers(struct vhl_vq *vq, size_t need, struct rx_bufs *b)
{
	/* Without mergeable buffers one entry is free: a run publishes at num, at the latest. */
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

		/* A head has at least one segment, so vq->done[] has room for all. */
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
			/* Return it to the guest, unused, and try the next one.
			 * That counts as a turn of the run, since the guest could
			 * add such chains without end.
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

/* Writes @n bytes at byte @off of the buffers in vq->iov[]. Returns 0 or -EFAULT. */
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

/* Marks the first @len bytes of the buffers in vq->iov[] dirty. */
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

/* Writes num_buffers, when the backend has written the rest of the header. */
static int rx_write_heads(struct vhl_vq *vq, unsigned int heads)
{
	const size_t at = offsetof(struct virtio_net_hdr_mrg_rxbuf, num_buffers);
	__virtio16 v = cpu_to_vhl16(vq, heads);

	if (likely(vq->iov->iov_len >= at + sizeof(v)))
		return vhl_put_user(v, (__virtio16 __user *)(vq->iov->iov_base + at));
	return rx_write(vq, at, &v, sizeof(v));
}

/*
 * Copies a frame from its skb to the guest without recvmsg(). Only for an skb of
 * the interface itself that is linear, without GSO and without a VLAN tag outside
 * its data. Returns 0 or -EFAULT, and the frame is freed; or -EOPNOTSUPP, and the
 * frame is still at queue[q_head].
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
		vhl_netdev_count(&vq->netdev, 1, len);
		consume_skb(skb);
	} else {
		kfree_skb(skb);
	}
	return err;
}

/* Copies the frame of @len bytes into the buffers. Returns 0 or a negative errno. Sleeps. */
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
	/* The iterator has the frame's length, not that of the buffers. */
	if (likely(b->segs == 1))
		iov_iter_ubuf(&msg.msg_iter, READ, vq->iov->iov_base, want + skip);
	else
		iov_iter_init(&msg.msg_iter, READ, vq->iov, b->segs, want + skip);
	/* A packet socket's recvmsg() does not put the tag back into the frame. */
	if (unlikely(vq->rx_tagged) && !vq->ring)
		return vhl_rx_tagged(vq, &msg.msg_iter, b->heads, len);
	if (skip)
		iov_iter_advance(&msg.msg_iter, skip);

	got = vq->sock->ops->recvmsg(vq->sock, &msg, want, MSG_DONTWAIT | MSG_TRUNC);
	if (unlikely(got != want))
		return got < 0 ? got : -EMSGSIZE;
	/* tun's recvmsg() returns the length of a frame also when it could not be copied. */
	if (unlikely(iov_iter_count(&msg.msg_iter)))
		return -EFAULT;
	/* The backend has accepted this header length: later frames need no recvmsg(). */
	vq->rx_direct = vq->ring && !skip && vhl_by(vq, VHL_IDEA_DIRECT);
	vq->rx_bursts = vq->rx_direct && vhl_by(vq, VHL_IDEA_BURST);

	if (skip) {
		/* The backend writes no header: an empty one, without offloads. */
		hdr.num_buffers = cpu_to_vhl16(vq, b->heads);
		return rx_write(vq, 0, &hdr, skip);
	}
	return vq->guest_hlen == sizeof(hdr) ? rx_write_heads(vq, b->heads) : 0;
}

/* Not inlined: a disabled tracepoint must not cost the common path a register. */
static noinline void rx_trace(struct vhl_vq *vq, size_t len)
{
	trace_copy_rx(vq, vhl32_to_cpu(vq, vq->done[vq->n_done].id), len);
}

/* Delivers one frame of @len bytes to the guest. */
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
		/* The frame is dropped; its buffers are used for the next one. */
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
 * Lets frames wake the queue again; the caller reads the backend after this. The
 * backend adds a frame, executes the full barrier of skwq_has_sleeper() in
 * sock_def_readable(), then reads waiting_buffers in poll_wake(). Here the flag is
 * cleared, then the backend is read. Without a full barrier here as well, each side
 * could miss the other's store, and the frame would not be delivered before the
 * next one arrives. The barrier is skipped in a run that did not wait for buffers.
 * Caller holds vq->mutex.
 */
static void rx_frames_wake(struct vhl_vq *vq)
{
	if (likely(!vq->waiting_buffers))
		return;
	WRITE_ONCE(vq->waiting_buffers, false);
	smp_mb(); /* the flag, then the ring: pairs with poll_wake() */
}

/*
 * Prepares to wait for the guest to add buffers: from now on only a kick wakes the
 * queue. A frame that arrives before the backend sees the flag only causes an
 * unneeded run, so the store of the flag needs no barrier. Returns whether buffers
 * were added meanwhile, and then the run goes on.
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

/* Whether vhl_rx_burst() may be tried: it has no log, no tracepoint and one header length. */
static __always_inline bool rx_bursts(const struct vhl_vq *vq)
{
	return vq->rx_bursts && likely(vq->guest_hlen == sizeof(*vq->hdrs)) &&
	       likely(!vhl_has(vq, VHOST_F_LOG_ALL)) && likely(!trace_copy_rx_enabled());
}

/*
 * Delivers frames until there are none, or no buffers, or a weight is used up.
 * Returns how many frames were taken from the backend for delivery. Caller is the
 * queue's worker and holds vq->mutex; sleeps.
 */
unsigned int vhl_rx_run(struct vhl_vq *vq)
{
	const struct vhl_knobs *k = &vq->dev->knobs;
	/* At most as many used entries as the ring has are published at once. */
	unsigned int batch = min(k->rx_batch, vq->num);
	unsigned int turns = 0, got = 0, n;
	bool last = false;
	size_t len;

	rx_frames_wake(vq);
	vhl_notify_disable(vq);
	vq->budget = VHL_BYTE_WEIGHT;
	while (turns++ < vq->weight && vq->budget > 0) {
		len = rx_peek(vq);
		if (!len) {
			if (vq->n_done) {
				vhl_used_publish(vq);
				if (vhl_by(vq, VHL_IDEA_RECHECK)) {
					/* The call takes time: frames that arrived
					 * during it are taken now, without a wake-up.
					 * The next look at the backend is also the one
					 * that has to follow vhl_poll_back(). A queue
					 * that is about to busy-poll does not come back
					 * to the wait queue yet.
					 */
					if (likely(!vq->busyloop_us))
						vhl_poll_back(&vq->sock_poll);
					continue;
				}
			}
			if (!last && vhl_busy_poll(vq) == VHL_POLL_HIT)
				continue;
			/* The poll is over: only one more look. */
			last = vhl_poll_back(&vq->sock_poll);
			if (!last)
				return got;
			continue;
		}
		last = false;
		if (vq->q_tail - vq->q_head > 1 && rx_bursts(vq)) {
			n = vhl_rx_burst(vq, min3(vq->q_tail - vq->q_head, batch - vq->n_done,
						  vq->weight - turns + 1));
			if (likely(n)) {
				got += n;
				turns += n - 1;
				if (vq->n_done >= batch)
					vhl_used_publish(vq);
				continue;
			}
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
			/* The chain is read again after the next kick. */
			vhl_used_publish(vq);
			WRITE_ONCE(vq->waiting_buffers, true);
			vhl_notify_repair(vq);
			return got;
		case RX_NO_ADDRESS:
			/* The chain is read again after the client's answer. */
			vhl_used_publish(vq);
			WRITE_ONCE(vq->waiting_buffers, true);
			return got;
		}
	}
	/* A weight is used up: other work runs first, then this queue again. */
	vhl_used_publish(vq);
	vq->stats.requeues++;
	vhl_work_queue(vq->worker, &vq->work);
	return got;
}
