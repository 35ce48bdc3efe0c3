// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit: frames from the guest's chains to the backend. Frames for tun and
 * tap are copied into page fragments and handed over many at a time; others
 * go one by one. Kicks stay waived until the last array is on its way and its
 * heads are published.
 */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "chain.h"
#include "frag.h"
#include "rule.h"
#include "trace.h"
#include "tx.h"
#include "used.h"
#include "user.h"
#include "weight.h"
#include "zerocopy.h"

/* The backend's fault, not the guest's: counted and traced, not called in. */
static void tx_refused(struct vhl_vq *vq, unsigned int frames)
{
	vq->stats.dropped += frames;
	vq->stats.errors[VHL_RULE_BACKEND]++;
	trace_error(vq, VHL_RULE_BACKEND);
}

/* Hands the gathered array to the backend, which owns its pages after that. */
static void tx_send_array(struct vhl_vq *vq)
{
	unsigned int n = vq->n_xdp;

	vq->n_xdp = 0;
	vq->stats.batches++;
	vq->stats.batch_max = max_t(u64, vq->stats.batch_max, n);
	if (likely(!vhl_array_send(vq->sock, vq->xdp, n)))
		return;
	vq->stats.packets -= n;
	tx_refused(vq, n);
}

static void tx_flush(struct vhl_vq *vq)
{
	if (vq->n_xdp)
		tx_send_array(vq);
	if (unlikely(vq->zc))
		vhl_zc_collect(vq);
	vhl_used_publish(vq);
}

/* A place in the chain: segment, and bytes of it already taken. */
struct tx_cursor {
	const struct iovec *iov;
	size_t off;
};

/* Copies the next @len bytes of the chain, which holds at least as many. */
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

/* The same; most often the bytes lie in one piece. */
static __always_inline int tx_copy(struct tx_cursor *at, void *dst, size_t len)
{
	if (unlikely(len > at->iov->iov_len - at->off))
		return tx_copy_pieces(at, dst, len);
	return vhl_copy_in(dst, at->iov->iov_base + at->off, len);
}

/* Takes the guest's header off the front of the chain into @hdr. */
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
 * Makes the virtio-net header one that can be carried out. Section 5.1.6.2.2:
 * hdr_len is a hint that a device must not rely on; drivers leave there what
 * they like, such as the size of a buffer, and no hint is better than one that
 * is wrong. A checksum must lie within the frame: false when it does not. Fields
 * that flags and gso_type do not refer to mean nothing, to backends as well.
 */
static __always_inline bool tx_header_ok(struct vhl_vq *vq, struct virtio_net_hdr *h, size_t len)
{
	if (unlikely(vhl16_to_cpu(vq, h->hdr_len) > len)) {
		/* Nothing can be segmented behind headers that end behind the frame. */
		if (h->gso_type != VIRTIO_NET_HDR_GSO_NONE)
			return false;
		h->hdr_len = 0;
	}
	return !(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       vhl16_to_cpu(vq, h->csum_start) + vhl16_to_cpu(vq, h->csum_offset) +
			       sizeof(__sum16) <=
		       len;
}

/*
 * Copies one frame into a page fragment, behind @pad bytes, and adds it to the
 * array. Returns 0, -ENOSPC for a frame too long for that, -ENOMEM, -EFAULT or
 * -EINVAL after reporting.
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
	} else if (unlikely(!tx_header_ok(vq, hdr, len))) {
		page_frag_free(buf);
		return vhl_rule_broken(vq, VHL_RULE_TX_HEADER);
	}

	xdp = &vq->xdp[vq->n_xdp++];
	xdp_init_buff(xdp, buflen, NULL);
	xdp_prepare_buff(xdp, buf, pad, len, true);
	return 0;
}

/*
 * The backend has refused a frame for what its header says, and that may be
 * hdr_len: tun and packet sockets want it within the frame, and tap not shorter
 * than a link header. So the frame is sent once more without the hint, as a
 * copy: the driver's header may not be written, and no vector has pieces of
 * both the kernel's memory and the owner's. Returns as tx_send_one().
 */
static noinline int tx_send_copy(struct vhl_vq *vq, const struct vhl_chain *c)
{
	size_t hlen = vq->guest_hlen, len = c->out_len - hlen;
	struct virtio_net_hdr_mrg_rxbuf all = {};
	struct tx_cursor at = { .iov = vq->iov };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct kvec kvec = { .iov_len = c->out_len };
	int err = -EINVAL;

	if (tx_header(vq, &at, &all.hdr) || !all.hdr.hdr_len || !tx_header_ok(vq, &all.hdr, len))
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
 * Sends one frame straight from guest memory. Returns 0, -EAGAIN when the
 * backend is full, or what it refused the frame with.
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

	/* In order: what was gathered goes first. */
	if (vq->n_xdp)
		tx_send_array(vq);
	err = vhl_zc_send(vq, c);
	/* If it was the header, tx_send_one() knows what to do. */
	if (unlikely(err == -EINVAL))
		return -ENOSPC;
	if (unlikely(err && err != -ENOSPC && err != -EAGAIN))
		vq->stats.errors[VHL_RULE_BACKEND]++;
	return err;
}

/* Out of line: an event that is off must not cost the others a register. */
static noinline void tx_trace(struct vhl_vq *vq, u16 head, size_t len)
{
	trace_copy_tx(vq, head, len);
}

/*
 * Deals with the chain at last_avail, which it moves by @taken: into the
 * array, or with @pad 0 to the backend by itself, or with @zc perhaps by
 * reference. Returns 0 when the chain was taken, sent or not, and -EAGAIN when
 * the backend cannot take it now.
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
	/* No frame behind the header, or not even that: a huge number. */
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
		/* In order: what was gathered goes first. */
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
	/* The guest gets its buffer back; the loss is counted, not hidden. */
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
 * A backend that is full wakes the queue when it has room, but only if it was
 * asked since; if it has room by now, the queue runs again at once.
 */
static void tx_wait_backend(struct vhl_vq *vq)
{
	if (vfs_poll(vq->sock_file, NULL) & EPOLLOUT) {
		vq->stats.requeues++;
		vhl_work_queue(vq->worker, &vq->work);
	}
}

/* See vhl_busy_poll(); who spins does not see what the stack completes. */
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
 * Whether heads are held to the last place, although those were published that
 * can be. Whoever completes the oldest one runs the queue again.
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

/* See vhl_tx_run(); @zc is known where this is called, and false costs nothing. */
static __always_inline unsigned int tx_run(struct vhl_vq *vq, const bool zc)
{
	const struct vhl_knobs *k = &vq->dev->knobs;
	bool arrays = READ_ONCE(vq->netdev.ethernet) && vq->sock->sk->sk_sndbuf == INT_MAX &&
		      vhl_by(vq, VHL_IDEA_ARRAY);
	unsigned int pad = arrays ? vhl_frag_headroom(vq->sock->sk) : 0;
	/* As many used entries are published at once as the ring has. */
	unsigned int batch = min(k->tx_batch, vq->num);
	unsigned int sent = 0, idle = 0, since = 0;
	enum vhl_polled polled;
	struct vhl_chain c;
	int n, taken;

	vhl_notify_disable(vq);
	vq->budget = VHL_BYTE_WEIGHT;
	while (sent + idle < k->packet_weight && vq->budget > 0) {
		n = vhl_avail_pending(vq);
		if (n > 0) {
			if (zc && tx_full(vq))
				return sent;
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
			/* Heads that are held are none of vq->n_done. */
			if ((zc ? ++since : vq->n_done) >= batch) {
				tx_flush(vq);
				since = 0;
			}
			continue;
		}

		/* Nothing waits: send before asking for kicks. */
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
	/* Somebody else's turn; more may wait here. */
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
 * Deals with what waits, up to a weight. Returns how many chains that were.
 * Caller is the queue's worker and holds vq->mutex; sleeps.
 */
unsigned int vhl_tx_run(struct vhl_vq *vq)
{
	if (unlikely(vq->poll_time.end))
		vhl_poll_resume(vq);
	return unlikely(vq->zc) ? tx_run_zerocopy(vq) : tx_run(vq, false);
}
