// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit: frames from the guest's chains to the backend. Frames for tun and tap
 * are copied into page fragments and sent in arrays; frames for other backends are
 * sent one by one. Kicks stay disabled until the last array is sent and its heads
 * are published.
 */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "chain.h"
#include "deliver.h"
#include "frag.h"
#include "gather.h"
#include "rule.h"
#include "trace.h"
#include "tx.h"
#include "tx_header.h"
#include "used.h"
#include "user.h"
#include "weight.h"
#include "zerocopy.h"

/* Counts and traces frames that the backend refused; not a rule that the guest broke. */
static void tx_refused(struct vhl_vq *vq, unsigned int frames)
{
	vq->stats.dropped += frames;
	vq->stats.errors[VHL_RULE_BACKEND]++;
	trace_error(vq, VHL_RULE_BACKEND);
}

/*
 * Sends the array of frames in vq->xdp[], which belongs to others then: to the stack
 * in the tap's name if none of them asks for anything, or to the backend.
 */
static void tx_send_array(struct vhl_vq *vq)
{
	unsigned int n = vq->n_xdp;
	bool plain = !vq->xdp_asks;
	int done;

	vq->n_xdp = 0;
	vq->xdp_asks = 0;
	vq->stats.batches++;
	vq->stats.batch_max = max_t(u64, vq->stats.batch_max, n);
	if (vhl_by(vq, VHL_IDEA_DELIVER))
		done = vhl_hand_over(&vq->netdev, vq->sock, vq->xdp, n, plain,
				     &vq->stats.delivered);
	else
		done = vhl_array_send(vq->sock, vq->xdp, n) ?: n;
	if (likely(done == n))
		return;
	n -= max(done, 0);
	vq->stats.packets -= n;
	tx_refused(vq, n);
}

/* Sends the frames in vq->xdp[], then publishes the heads that are done. */
static void tx_flush(struct vhl_vq *vq)
{
	if (vq->n_xdp)
		tx_send_array(vq);
	if (unlikely(vq->zc))
		vhl_zc_collect(vq);
	vhl_used_publish(vq);
}

/* A place in the chain: a segment, and how many of its bytes were taken. */
struct tx_cursor {
	const struct iovec *iov;
	size_t off;
};

/* Copies the next @len bytes of the chain, which has at least as many. Returns 0 or -EFAULT. */
static int tx_copy_pieces(struct tx_cursor *at, void *dst, size_t len)
{
	while (len) {
		size_t part = min(len, at->iov->iov_len - at->off);

		if (unlikely(vhl_copy_in(dst, at->iov->iov_base + at->off, part)))
			return -EFAULT;
		dst += part;
		len -= part;
		at->off += part;
		if (at->off == at->iov->iov_len) {
			at->iov++;
			at->off = 0;
		}
	}
	return 0;
}

/* The same, with a fast path for bytes in one segment. */
static __always_inline int tx_copy(struct tx_cursor *at, void *dst, size_t len)
{
	if (unlikely(len > at->iov->iov_len - at->off))
		return tx_copy_pieces(at, dst, len);
	return vhl_copy_in(dst, at->iov->iov_base + at->off, len);
}

/* Copies the guest's virtio-net header from the start of the chain. Returns 0 or -EFAULT. */
static __always_inline int tx_header(struct vhl_vq *vq, struct tx_cursor *at,
				     struct virtio_net_hdr *hdr)
{
	size_t len = vq->guest_hlen;
	u8 all[sizeof(struct virtio_net_hdr_mrg_rxbuf)];

	if (unlikely(at->iov->iov_len < len)) {
		if (tx_copy_pieces(at, all, len))
			return -EFAULT;
		memcpy(hdr, all, sizeof(*hdr));
		return 0;
	}
	if (unlikely(vhl_read_hdr(hdr, at->iov->iov_base)))
		return -EFAULT;
	at->off = len;
	if (at->off == at->iov->iov_len) {
		at->iov++;
		at->off = 0;
	}
	return 0;
}

/*
 * Copies one frame into a page fragment, after @pad bytes, and adds it to the array.
 * Returns 0; -ENOSPC for a frame too long for a fragment; -ENOMEM; or -EINVAL after
 * reporting the broken rule.
 */
static __always_inline int tx_gather(struct vhl_vq *vq, const struct vhl_chain *c, unsigned int pad)
{
	size_t len = c->out_len - vq->guest_hlen;
	size_t buflen = SKB_DATA_ALIGN(pad + len) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct tx_cursor at = { .iov = vq->iov };
	struct virtio_net_hdr *hdr;
	struct xdp_buff *xdp;
	void *buf;

	if (unlikely(len > PAGE_SIZE || buflen > PAGE_SIZE))
		return -ENOSPC;
	if (unlikely(len < ETH_HLEN))
		return vhl_rule_broken(vq, VHL_RULE_TX_SHORT);

	buf = vhl_frag_get(&vq->frags, buflen);
	if (unlikely(!buf))
		return -ENOMEM;
	hdr = vhl_xdp_hdr(buf, buflen);
	if (unlikely(tx_header(vq, &at, hdr) || tx_copy(&at, buf + pad, len))) {
		page_frag_free(buf);
		return vhl_rule_broken(vq, VHL_RULE_TX_ACCESS);
	}
	if (unlikely(!vq->sock_hlen)) {
		memset(hdr, 0, sizeof(*hdr));
	} else if (unlikely(!vhl_tx_header_ok(vq, hdr, len))) {
		page_frag_free(buf);
		return vhl_rule_broken(vq, VHL_RULE_TX_HEADER);
	}

	vq->xdp_asks |= hdr->flags | hdr->gso_type;
	xdp = &vq->xdp[vq->n_xdp++];
	xdp_init_buff(xdp, buflen, NULL);
	xdp_prepare_buff(xdp, buf, pad, len, true);
	return 0;
}

/*
 * Sends a frame again, without hdr_len, after the backend has refused it with
 * -EINVAL. The reason may be hdr_len: tun and packet sockets require that it is
 * inside the frame, tap that it is not shorter than a link header. The frame is
 * copied, since the driver's header must not be written and an iov_iter cannot mix
 * kernel and user memory. Returns as tx_send_one().
 */
static noinline int tx_send_copy(struct vhl_vq *vq, const struct vhl_chain *c)
{
	size_t hlen = vq->guest_hlen, len = c->out_len - hlen;
	struct virtio_net_hdr_mrg_rxbuf all = {};
	struct tx_cursor at = { .iov = vq->iov };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct kvec kvec = { .iov_len = c->out_len };
	int err = -EINVAL;

	if (tx_header(vq, &at, &all.hdr) || !all.hdr.hdr_len ||
	    !vhl_tx_header_ok(vq, &all.hdr, len))
		return err;
	all.hdr.hdr_len = 0;
	kvec.iov_base = kvmalloc(kvec.iov_len, GFP_KERNEL_ACCOUNT);
	if (!kvec.iov_base)
		return -ENOMEM;
	memcpy(kvec.iov_base, &all, hlen);
	if (!tx_copy(&at, kvec.iov_base + hlen, len)) {
		iov_iter_kvec(&msg.msg_iter, WRITE, &kvec, 1, kvec.iov_len);
		err = vq->sock->ops->sendmsg(vq->sock, &msg, kvec.iov_len);
	}
	kvfree(kvec.iov_base);
	return err < 0 ? err : 0;
}

/*
 * Sends one frame from guest memory, without a copy in this module. Returns 0,
 * -EAGAIN when the backend is full, or the errno with which it refused the frame.
 */
static int tx_send_one(struct vhl_vq *vq, const struct vhl_chain *c)
{
	size_t skip = vq->guest_hlen - vq->sock_hlen;
	size_t len = c->out_len - skip;
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	int err;

	iov_iter_init(&msg.msg_iter, WRITE, vq->iov, c->out, c->out_len);
	iov_iter_advance(&msg.msg_iter, skip);
	err = vq->sock->ops->sendmsg(vq->sock, &msg, len);
	if (unlikely(err == -EINVAL && vq->sock_hlen))
		return tx_send_copy(vq, c);
	return err < 0 ? err : 0;
}

/* Sends one frame by reference; see vhl_zc_send(). */
static int tx_reference(struct vhl_vq *vq, const struct vhl_chain *c)
{
	int err;

	/* To keep the order, send the frames in vq->xdp[] first. */
	if (vq->n_xdp)
		tx_send_array(vq);
	err = vhl_zc_send(vq, c);
	/* The reason may be hdr_len: tx_send_one() handles that. */
	if (unlikely(err == -EINVAL))
		return -ENOSPC;
	if (unlikely(err && err != -ENOSPC && err != -EAGAIN))
		vq->stats.errors[VHL_RULE_BACKEND]++;
	return err;
}

/* Not inlined: a disabled tracepoint must not cost the common path a register. */
static noinline void tx_trace(struct vhl_vq *vq, u16 head, size_t len)
{
	trace_copy_tx(vq, head, len);
}

/*
 * Sends the frame of chain @c, and moves last_avail by @taken: in the array, or with
 * @pad 0 by itself, or with @zc possibly by reference. Returns 0 when the chain was
 * taken, even if its frame was dropped, or -EAGAIN when the backend is full and the
 * chain was not taken.
 */
static __always_inline int tx_one(struct vhl_vq *vq, const struct vhl_chain *c, unsigned int taken,
				  unsigned int pad, const bool zc)
{
	u64 len = c->out_len - vq->guest_hlen;
	int err = -ENOSPC;

	if (unlikely(c->in)) {
		err = vhl_rule_broken(vq, VHL_RULE_TX_WRITABLE);
		goto drop;
	}
	/* Also true for a chain without a frame or a complete header: @len wraps. */
	if (unlikely(len - 1 >= VHL_MAX_FRAME)) {
		err = vhl_rule_broken(vq, c->out_len <= vq->guest_hlen ? VHL_RULE_TX_SHORT
								       : VHL_RULE_TX_LONG);
		goto drop;
	}
	if (zc && vhl_zc_wants(vq, len)) {
		err = tx_reference(vq, c);
		if (err == -EAGAIN)
			return err;
	}
	if (pad && err == -ENOSPC)
		err = tx_gather(vq, c, pad);
	if (err == -ENOSPC) {
		/* To keep the order, send the frames in vq->xdp[] first. */
		if (vq->n_xdp)
			tx_send_array(vq);
		err = tx_send_one(vq, c);
		if (err == -EAGAIN)
			return err;
		if (err)
			vq->stats.errors[VHL_RULE_BACKEND]++;
	}
	if (unlikely(err))
		goto drop;

	vq->stats.packets++;
	vq->stats.bytes += len;
	if (trace_copy_tx_enabled())
		tx_trace(vq, c->head, len);
	goto done;

drop:
	/* The guest gets its buffer back; the lost frame is counted. */
	vq->stats.dropped++;
done:
	vq->last_avail += taken;
	if (zc)
		vhl_zc_done(vq, c->head, taken);
	else
		vhl_used_add(vq, c->head, 0);
	return 0;
}

/*
 * Waits for a full backend: it wakes the queue when it has room, but only after it
 * was polled. If it already has room, the work is queued again at once.
 */
static void tx_wait_backend(struct vhl_vq *vq)
{
	/* EPOLLERR of a tun or tap says that it is deleted: nothing would wake the queue, and
	 * the next frame shows what it is. A packet socket has it for as long as its error
	 * queue is not empty, full or not, and wakes the queue when it has room.
	 */
	__poll_t ready = vq->ring ? EPOLLOUT | EPOLLERR : EPOLLOUT;

	if (vhl_poll_ask(&vq->sock_poll, vq->sock_file) & ready) {
		vq->stats.requeues++;
		vhl_work_queue(vq->worker, &vq->work);
	}
}

/* vhl_busy_poll(); a busy-polling worker does not see completions of frames by reference. */
static __always_inline enum vhl_polled tx_poll(struct vhl_vq *vq, const bool zc)
{
	enum vhl_polled polled;

	if (!zc)
		return vhl_busy_poll(vq);
	if (!vq->busyloop_us)
		return VHL_POLL_DRY;
	vhl_zc_leave(vq);
	polled = vhl_busy_poll(vq);
	vhl_zc_look(vq);
	return polled;
}

/*
 * Whether no more heads can be held, after publishing those that are complete. The
 * completion of the oldest frame then queues the work.
 */
static bool tx_full(struct vhl_vq *vq)
{
	if (likely(!vhl_zc_full(vq)))
		return false;
	tx_flush(vq);
	if (!vhl_zc_full(vq))
		return false;
	vq->stats.zc_waits++;
	return true;
}

/* vhl_tx_run(); @zc is a constant at both calls, so that false costs no instructions. */
static __always_inline unsigned int tx_run(struct vhl_vq *vq, const bool zc)
{
	const struct vhl_knobs *k = &vq->dev->knobs;
	bool arrays = READ_ONCE(vq->netdev.ethernet) && vq->sock->sk->sk_sndbuf == INT_MAX &&
		      vhl_by(vq, VHL_IDEA_ARRAY);
	unsigned int pad = arrays ? vhl_frag_headroom(vq->sock->sk) : 0;
	/* At most as many used entries as the ring has are published at once. */
	unsigned int batch = min(k->tx_batch, vq->num);
	unsigned int sent = 0, idle = 0, since = 0, most;
	/* After a wrong frame the rest of the run is the general case: the next frames
	 * may be as wrong, and what was done for them then had no use.
	 */
	bool gather = !zc && pad && vhl_by(vq, VHL_IDEA_GATHER);
	enum vhl_polled polled;
	struct vhl_chain c;
	int n, taken;

	vhl_notify_disable(vq);
	vq->budget = VHL_BYTE_WEIGHT;
	while (sent + idle < vq->weight && vq->budget > 0) {
		n = vhl_avail_pending(vq);
		if (n > 0) {
			if (zc && tx_full(vq))
				return sent;
			/* Its passes cost more than they save when there is one frame. */
			if (!zc && likely(gather) && likely(n > 1)) {
				most = min(batch - vq->n_done, vq->weight - sent - idle);
				taken = vhl_tx_gather(vq, pad, most);
				if (likely(taken > 0)) {
					sent += taken;
					if (vq->n_done >= batch)
						tx_flush(vq);
					continue;
				}
				gather = !taken;
			}
			taken = vhl_chain_next(vq, 0, &c, false);
			if (unlikely(taken < 0)) {
				tx_flush(vq);
				if (taken != -EAGAIN)
					vhl_notify_repair(vq);
				return sent;
			}
			if (unlikely(tx_one(vq, &c, taken, pad, zc))) {
				tx_flush(vq);
				tx_wait_backend(vq);
				return sent;
			}
			vq->budget -= c.out_len;
			sent++;
			/* Held heads are not counted in vq->n_done. */
			if ((zc ? ++since : vq->n_done) >= batch) {
				tx_flush(vq);
				since = 0;
			}
			continue;
		}

		/* The avail ring is empty: send before kicks are enabled. */
		idle++;
		if (vhl_by(vq, VHL_IDEA_LATE))
			tx_flush(vq);
		if (unlikely(n < 0)) {
			tx_flush(vq);
			vhl_notify_repair(vq);
			return sent;
		}
		polled = tx_poll(vq, zc);
		if (polled == VHL_POLL_HIT)
			continue;
		if (polled == VHL_POLL_LATER || !vhl_notify_enable(vq)) {
			tx_flush(vq);
			return sent;
		}
		vhl_notify_disable(vq);
	}
	/* A weight is used up: other work runs first, then this queue again. */
	tx_flush(vq);
	vq->stats.requeues++;
	vhl_work_queue(vq->worker, &vq->work);
	return sent;
}

static noinline unsigned int tx_run_zerocopy(struct vhl_vq *vq)
{
	unsigned int n;

	vhl_zc_look(vq);
	n = tx_run(vq, true);
	vhl_zc_leave(vq);
	return n;
}

/*
 * Sends the frames of the available chains until there are none, the backend is
 * full, or a weight is used up. Returns how many chains were taken. Caller is the
 * queue's worker and holds vq->mutex; sleeps.
 */
unsigned int vhl_tx_run(struct vhl_vq *vq)
{
	if (unlikely(vq->poll_time.end))
		vhl_poll_resume(vq);
	return unlikely(vq->zc) ? tx_run_zerocopy(vq) : tx_run(vq, false);
}
