// SPDX-License-Identifier: GPL-2.0-only
/*
 * Server intree of the native rig: the packet path of the in-tree algorithm, see intree.h. Frames
 * to send are gathered 64 at a time through an iterator, and kicks are enabled before the last of
 * them are sent; received frames go through the socket's recvmsg(). Compiled as kernel code.
 */
#include "intree.h"

#include "frag.h"
#include "shim/iter.h"

static struct tree_queue queue[RIG_QUEUES];
static struct rb_root_cached memory;
static struct tree_region region;
static struct socket *sock;
static struct ptr_ring *ring;
static struct xdp_buff xdp[TREE_BATCH];
static unsigned int n_xdp;
static struct vhl_frags frags; /* page fragments are not what is compared */
static void *frames[TREE_BATCH];
static unsigned int frame_at, frame_end;

static const size_t hlen = sizeof(struct virtio_net_hdr_mrg_rxbuf);

static int open_queues(const struct rig_setup *s)
{
	/* It has neither layout nor feature; version_1 without mergeable buffers writes 10 bytes. */
	if (s->packed || s->in_order || !s->mergeable)
		return -1;
	memset(queue, 0, sizeof(queue));
	memory = RB_ROOT_CACHED;
	region = (struct tree_region){
		.node = { .start = s->gpa, .last = s->gpa + s->bytes - 1 },
		.gpa = s->gpa,
		.size = s->bytes,
		.hva = (u64)(uintptr_t)s->mem,
	};
	interval_tree_insert(&region.node, &memory);
	sock = tun_get_socket(fget(0));
	ring = tun_get_tx_ring(fget(0));
	n_xdp = frame_at = frame_end = 0;
	shim_copies = s->copies;
	for (int i = 0; i < RIG_QUEUES; i++) {
		struct tree_queue *q = &queue[i];

		q->num = s->num;
		q->desc = s->area[i][0];
		q->avail = s->area[i][1];
		q->used = s->area[i][2];
		q->event_idx = s->event_idx;
		q->mergeable = s->mergeable;
		q->call.bell = s->call[i];
		q->memory = &memory;
	}
	return 0;
}

/* One frame from @from into a page fragment and the array. */
static int build(struct iov_iter *from)
{
	size_t len = from->count - hlen;
	unsigned int pad = SKB_DATA_ALIGN(sizeof(struct tun_xdp_hdr) + NET_SKB_PAD + NET_IP_ALIGN);
	unsigned int buflen =
		SKB_DATA_ALIGN(len + pad) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct tun_xdp_hdr *hdr;
	u8 all[sizeof(struct virtio_net_hdr_mrg_rxbuf)];
	void *buf;

	if (unlikely(from->count < hlen + ETH_HLEN || buflen > PAGE_SIZE))
		return -EINVAL;
	buf = vhl_frag_get(&frags, buflen);
	if (unlikely(!buf))
		return -ENOMEM;
	hdr = buf;
	if (unlikely(shim_iter_copy(from, all, hlen, false)))
		goto fault;
	memcpy(&hdr->gso, all, sizeof(hdr->gso));
	if (unlikely(hdr->gso.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
		     hdr->gso.csum_start + hdr->gso.csum_offset + 2 > hdr->gso.hdr_len))
		hdr->gso.hdr_len = hdr->gso.csum_start + hdr->gso.csum_offset + 2;
	if (unlikely(hdr->gso.hdr_len > len) ||
	    unlikely(shim_iter_copy(from, buf + pad, len, false)))
		goto fault;
	hdr->buflen = buflen;
	xdp_init_buff(&xdp[n_xdp], buflen, NULL);
	xdp_prepare_buff(&xdp[n_xdp], buf, pad, len, true);
	n_xdp++;
	return 0;
fault:
	page_frag_free(buf);
	return -EFAULT;
}

static void tx_batch(struct tree_queue *q)
{
	unsigned int n = n_xdp;

	n_xdp = 0;
	if (n && vhl_array_send(sock, xdp, n))
		q->dropped += n;
	tree_publish(q);
}

static bool exceeds(unsigned int packets, size_t bytes)
{
	return unlikely(packets >= TREE_WEIGHT || bytes >= TREE_BYTES);
}

static enum rig_run run_tx(struct tree_queue *q)
{
	unsigned int sent = 0, out, in;
	size_t total = 0;
	enum rig_run end = RIG_AGAIN;

	mutex_lock(&q->mutex);
	tree_notify_disable(q);
	do {
		struct iov_iter from;
		size_t len = 0;
		int head;

		if (q->done == TREE_BATCH)
			tx_batch(q);
		head = tree_next(q, &out, &in);
		if (unlikely(head < 0)) {
			q->dropped++;
			end = RIG_IDLE;
			break;
		}
		if (head == q->num) {
			if (unlikely(tree_notify_enable(q))) {
				tree_notify_disable(q);
				continue;
			}
			end = RIG_IDLE;
			break;
		}
		for (unsigned int i = 0; i < out; i++)
			len += q->iov[i].iov_len;
		iov_iter_init(&from, WRITE, q->iov, out, len);
		if (unlikely(in || build(&from)))
			q->dropped++;
		else
			q->packets++;
		total += len;
		q->heads[q->done].id = head;
		q->heads[q->done++].len = 0;
	} while (!exceeds(++sent, total));
	tx_batch(q);
	mutex_unlock(&q->mutex);
	return end;
}

/* The next frame, or NULL; stays the next one until frame_at moves on. */
static struct sk_buff *peek(void)
{
	if (frame_at == frame_end) {
		frame_at = 0;
		frame_end = ptr_ring_consume_batched(ring, frames, TREE_BATCH);
		if (!frame_end)
			return NULL;
	}
	return frames[frame_at];
}

/* Takes buffers for @need bytes after those in heads[]. How many; 0: there are too few. */
static unsigned int rx_buffers(struct tree_queue *q, size_t need, unsigned int *segs)
{
	u16 from = q->last_avail;
	unsigned int n = 0;

	*segs = 0;
	while (need) {
		struct vring_used_elem *e = &q->heads[q->done + n];
		unsigned int out, in;
		size_t len = 0, had;
		int head;

		/* The segments of another buffer come behind: a frame with several is rare here. */
		struct iovec keep[8];

		if (unlikely(*segs > ARRAY_SIZE(keep) || n == TREE_SEGS))
			goto undo;
		memcpy(keep, q->iov, *segs * sizeof(*keep));
		head = tree_next(q, &out, &in);
		if (head < 0 || head == q->num || out || !in)
			goto undo;
		for (unsigned int i = 0; i < in; i++)
			len += q->iov[i].iov_len;
		if (unlikely(*segs)) {
			memmove(q->iov + *segs, q->iov, in * sizeof(*q->iov));
			memcpy(q->iov, keep, *segs * sizeof(*keep));
		}
		had = min(len, need);
		e->id = head;
		e->len = had;
		need -= had;
		*segs += in;
		n++;
	}
	return n;
undo:
	q->last_avail = from;
	return 0;
}

static enum rig_run run_rx(struct tree_queue *q)
{
	unsigned int got = 0, segs;
	enum rig_run end = RIG_IDLE;
	struct sk_buff *skb;
	size_t total = 0;

	mutex_lock(&q->mutex);
	tree_notify_disable(q);
	while ((skb = peek())) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
		size_t len = skb->len + hlen;
		unsigned int heads = rx_buffers(q, len, &segs);
		struct iov_iter fixup;
		u16 buffers = heads;

		if (!heads) {
			if (!tree_notify_enable(q)) {
				end = RIG_BUFFERS;
				break;
			}
			tree_notify_disable(q);
			continue;
		}
		msg.msg_control = skb;
		frame_at++;
		iov_iter_init(&msg.msg_iter, READ, q->iov, segs, len);
		fixup = msg.msg_iter;
		if (unlikely(sock->ops->recvmsg(sock, &msg, len, MSG_DONTWAIT | MSG_TRUNC) !=
			     len)) {
			q->dropped++;
			continue;
		}
		iov_iter_advance(&fixup, sizeof(struct virtio_net_hdr));
		if (unlikely(shim_iter_copy(&fixup, &buffers, sizeof(buffers), true)))
			q->dropped++;
		q->packets++;
		q->done += heads;
		if (q->done > TREE_BATCH)
			tree_publish(q);
		total += len;
		if (exceeds(++got, total)) {
			end = RIG_AGAIN;
			break;
		}
	}
	tree_publish(q);
	mutex_unlock(&q->mutex);
	return end;
}

static enum rig_run run(unsigned int i)
{
	return i == RIG_TX ? run_tx(&queue[i]) : run_rx(&queue[i]);
}

static void counts(unsigned int i, uint64_t *packets, uint64_t *dropped)
{
	*packets = queue[i].packets;
	*dropped = queue[i].dropped;
}

static void close_queues(void)
{
	/* Frames that were taken and not delivered go back. */
	ptr_ring_unconsume(ring, frames + frame_at, frame_end - frame_at, tun_ptr_free);
	vhl_frags_drain(&frags);
}

const struct rig_server rig_intree = { open_queues, run, counts, close_queues };
