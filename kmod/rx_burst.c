// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive: plain frames that come many at a time, each into one buffer. First all of them
 * are checked, then all virtio-net headers are written in one access to user memory, then
 * the frames are copied. What is not plain, and whatever goes wrong, is left to rx.c,
 * frame by frame.
 */
#include <linux/if_tun.h>
#include <linux/skbuff.h>

#include "vhostlab.h"
#include "chain.h"
#include "netdev.h"
#include "rx.h"
#include "trace.h"
#include "user.h"

/* Whether rx.c would copy the frame from its skb, without recvmsg(). */
static __always_inline bool burst_plain(struct sk_buff *skb, const struct net_device *dev)
{
	return !tun_is_xdp_frame(skb) && !skb_is_nonlinear(skb) && !skb_is_gso(skb) &&
	       !skb_vlan_tag_present(skb) && skb->dev == dev;
}

/* The header of a plain frame. Returns false when it has none. */
static __always_inline bool burst_header(struct vhl_vq *vq, const struct sk_buff *skb,
					 struct virtio_net_hdr_mrg_rxbuf *hdr)
{
	*hdr = (struct virtio_net_hdr_mrg_rxbuf){ .num_buffers = cpu_to_vhl16(vq, 1) };
	return likely(skb->ip_summed == CHECKSUM_NONE) ||
	       !virtio_net_hdr_from_skb(skb, &hdr->hdr, vq->little_endian, true, 0);
}

/*
 * Finds a buffer for each of the frames, up to @most, and makes its header: in vq->iov[],
 * vq->hdrs[] and behind the heads of vq->done[]. Moves last_avail. Returns for how many;
 * *@bytes is their length.
 */
static __always_inline unsigned int burst_match(struct vhl_vq *vq, void **frame, unsigned int most,
						u64 *bytes)
{
	const struct net_device *dev = rcu_access_pointer(vq->netdev.dev);
	struct vring_used_elem *e = &vq->done[vq->n_done];
	s64 budget = vq->budget;
	struct vhl_chain c;
	unsigned int n;

	/* A frame of an interface that was deleted has no dev either. */
	if (unlikely(!dev))
		most = 0;
	for (n = 0; n < most && budget > 0; n++, e++) {
		struct sk_buff *skb = frame[n];
		size_t need;

		if (unlikely(!burst_plain(skb, dev)))
			break;
		need = skb->len + sizeof(*vq->hdrs);
		if (unlikely(!vhl_chain_simple(vq, n, &c, false)) || unlikely(!c.in) ||
		    unlikely(c.in_len < need) || unlikely(!access_ok(vq->iov[n].iov_base, need)) ||
		    unlikely(!burst_header(vq, skb, &vq->hdrs[n])))
			break;
		e->id = cpu_to_vhl32(vq, c.head);
		e->len = cpu_to_vhl32(vq, need);
		vq->last_avail++;
		budget -= skb->len;
	}
	*bytes = vq->budget - budget;
	return n;
}

/* Writes @n headers to the checked addresses in vq->iov[]. Returns how many. May sleep. */
static __always_inline unsigned int burst_headers(struct vhl_vq *vq, unsigned int n)
{
	unsigned int i = 0;
	u64 first;
	u32 rest;

	/* What is opened here is user memory as a whole. */
	if (unlikely(!vhl_write_begin(vq->iov->iov_base, sizeof(*vq->hdrs))))
		return 0;
	for (i = 0; i < n; i++) {
		void __user *to = vq->iov[i].iov_base;
		const void *from = &vq->hdrs[i];

		memcpy(&first, from, sizeof(first));
		memcpy(&rest, from + sizeof(first), sizeof(rest));
		unsafe_put_user(first, (u64 __user *)to, fault);
		unsafe_put_user(rest, (u32 __user *)(to + sizeof(first)), fault);
	}
fault:
	user_write_access_end();
	return i;
}

/* Copies @n frames behind their headers. Returns how many. May sleep. */
static __always_inline unsigned int burst_copy(struct vhl_vq *vq, void **frame, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct sk_buff *skb = frame[i];

		if (unlikely(vhl_copy_out(vq->iov[i].iov_base + sizeof(*vq->hdrs), skb->data,
					  skb->len)))
			break;
	}
	return i;
}

/*
 * Frees @n frames that were delivered. napi_consume_skb() would take 70 instructions less
 * for each of 64, but keeps up to 64 sk_buffs on this CPU, for NAPI. What others pay for
 * theirs then depends on how the slabs were left, for as long as those are kept: up to
 * 2 % of a frame, and not the same from run to run.
 */
static __always_inline void burst_free(void **frame, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		consume_skb(frame[i]);
}

/*
 * Delivers up to @most of the frames at queue[q_head], which has as many; their heads
 * are in vq->done[] afterwards, which has room for @most. Returns how many: it ends at
 * the first frame that is not plain or has no buffer ready, and when the run's budget is
 * used up. A frame whose access fails is still there, so that rx.c finds the same and
 * reports it. Caller is the queue's worker and holds vq->mutex; sleeps.
 */
unsigned int vhl_rx_burst(struct vhl_vq *vq, unsigned int most)
{
	void **frame = vq->queue + vq->q_head;
	u16 from = vq->last_avail;
	unsigned int n, done, i;
	u64 bytes;

	most = min_t(unsigned int, most, (u16)(vq->avail_seen - from));
	n = burst_match(vq, frame, most, &bytes);
	if (unlikely(!n))
		return 0;
	done = burst_copy(vq, frame, burst_headers(vq, n));
	if (unlikely(done != n)) {
		for (i = done; i < n; i++)
			bytes -= ((struct sk_buff *)frame[i])->len;
		vq->last_avail = from + done;
	}
	vq->q_head += done;
	vq->n_done += done;
	vq->budget -= bytes;
	vq->stats.packets += done;
	vq->stats.bytes += bytes;
	vhl_netdev_count(&vq->netdev, done, bytes);
	burst_free(frame, done);
	return done;
}
