// SPDX-License-Identifier: GPL-2.0-only
/* The backend of the native rig: see rig_tap.h. Compiled as kernel code, with the shim. */
#include "rig_tap.h"

#include "lib/frame.h"
#include "frag.h"
#include "shim/iter.h"

/* Frames under way towards the guest at once: twice as many as are taken at once, at most. */
#define FRAMES 512
/* Room for the longest frame, in whole cache lines. */
#define ROOM	  ((FRAME_MAX + 63UL) & ~63UL)
#define FRAME_MAX 65535UL

static struct tap_setup tap;
static uint64_t sent, corrupt, given;
static unsigned int left; /* of the burst that is there */
static struct sk_buff frame[FRAMES];
static unsigned int first, queued; /* reflected frames that wait */
static unsigned int free_at; /* the frame to use next */
static char *bytes; /* of all frames to receive */
static size_t stride;
static char one[ROOM] __attribute__((aligned(64)));
static struct net_device device;
static struct vhl_frags frags; /* of frames that are reflected, and came by themselves */

static int send_any(struct socket *sock, struct msghdr *msg, size_t len);
static int receive(struct socket *sock, struct msghdr *msg, size_t len, int flags);
static const struct proto_ops ops = { .sendmsg = send_any, .recvmsg = receive };
static struct sock sk = { .sk_sndbuf = INT_MAX };
static struct socket socket_of_tap = { .sk = &sk, .ops = &ops };
static struct ptr_ring ring;
static struct file file;

int tap_begin(const struct tap_setup *setup)
{
	tap = *setup;
	sent = corrupt = given = 0;
	left = tap.burst;
	first = queued = free_at = 0;
	stride = (tap.size + 63UL) & ~63UL;
	bytes = aligned_alloc(PAGE_SIZE, (FRAMES * stride + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
	if (!bytes)
		return -1;
	for (unsigned int i = 0; i < FRAMES; i++) {
		frame[i] = (struct sk_buff){ .dev = &device,
					     .len = tap.size,
					     .data = (u8 *)bytes + i * stride };
		frame_fill((char *)frame[i].data, tap.size, guest_mac, tap_mac, i);
	}
	return 0;
}

void tap_end(void)
{
	vhl_frags_drain(&frags);
	free(bytes);
	bytes = NULL;
}

bool tap_ready(void)
{
	return tap.mode == TAP_SOURCE ? given < tap.frames : queued;
}

void tap_counts(uint64_t *all, uint64_t *bad)
{
	*all = sent;
	*bad = corrupt;
}

/* What becomes of a frame that was sent. False: it is to be freed. */
static inline bool take(void *data, size_t len)
{
	if (unlikely(tap.check))
		corrupt += !frame_intact(data, len, tap.size, tap_mac, guest_mac, sent);
	sent++;
	if (likely(tap.mode != TAP_REFLECT))
		return false;
	if (queued == FRAMES)
		shim_bug("more frames are reflected than one round trip has");
	frame[(first + queued++) % FRAMES] =
		(struct sk_buff){ .dev = &device, .len = len, .data = data };
	return true;
}

static int send_array(const struct tun_msg_ctl *ctl)
{
	const struct xdp_buff *x = ctl->ptr;

	for (unsigned int i = 0; i < ctl->num; i++)
		if (!take(x[i].data, x[i].data_end - x[i].data))
			page_frag_free(x[i].data);
	return 0;
}

/* As tun for a frame by itself: the header, then the rest, into a buffer of its own. */
static int send_any(struct socket *sock, struct msghdr *msg, size_t len)
{
	const size_t most = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	struct virtio_net_hdr_mrg_rxbuf hdr;
	char *to = one;

	(void)sock;
	if (likely(msg->msg_control))
		return send_array(msg->msg_control);
	if (tap.mode == TAP_REFLECT && len - most <= PAGE_SIZE)
		to = vhl_frag_get(&frags, SKB_DATA_ALIGN(len - most));
	if (!to || len < most || len - most > ROOM ||
	    shim_iter_copy(&msg->msg_iter, &hdr, most, false) ||
	    shim_iter_copy(&msg->msg_iter, to, len - most, false))
		return -EFAULT;
	take(to, len - most);
	return len;
}

/* The next frame to receive, or NULL: those that were reflected, or `burst` and then none once. */
static struct sk_buff *next(void)
{
	struct sk_buff *skb;

	if (tap.mode != TAP_SOURCE) {
		if (!queued)
			return NULL;
		queued--;
		skb = &frame[first];
		first = (first + 1) % FRAMES;
		return skb;
	}
	if (!left || given == tap.frames) {
		left = tap.burst;
		return NULL;
	}
	left--;
	skb = &frame[free_at];
	free_at = (free_at + 1) % FRAMES;
	if (unlikely(tap.check))
		frame_fill((char *)skb->data, tap.size, guest_mac, tap_mac, given);
	given++;
	return skb;
}

unsigned int ptr_ring_consume_batched(struct ptr_ring *r, void **to, int n)
{
	int got = 0;

	(void)r;
	while (got < n && (to[got] = next()))
		got++;
	return got;
}

void ptr_ring_unconsume(struct ptr_ring *r, void **batch, int n, void (*destroy)(void *p))
{
	(void)r;
	while (n)
		destroy(batch[--n]);
}

void consume_skb(struct sk_buff *skb)
{
	if (tap.mode == TAP_REFLECT)
		page_frag_free(skb->data);
}

void kfree_skb(struct sk_buff *skb)
{
	consume_skb(skb);
}

void tun_ptr_free(void *p)
{
	consume_skb(p);
}

/* As tun: the header, then the frame, into what the iterator has. */
static int receive(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	const size_t hlen = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	struct virtio_net_hdr_mrg_rxbuf hdr = {};
	struct sk_buff *skb = msg->msg_control;

	(void)sock;
	(void)flags;
	if (!skb)
		return -EAGAIN;
	virtio_net_hdr_from_skb(skb, &hdr.hdr, true, true, 0);
	if (len != skb->len + hlen ||
	    shim_iter_copy(&msg->msg_iter, &hdr.hdr, sizeof(hdr.hdr), true))
		return -EFAULT;
	iov_iter_advance(&msg->msg_iter, hlen - sizeof(hdr.hdr));
	if (shim_iter_copy(&msg->msg_iter, skb->data, skb->len, true))
		return -EFAULT;
	consume_skb(skb);
	return len;
}

struct file *fget(int fd)
{
	return fd < 0 ? NULL : &file;
}

void fput(struct file *f)
{
	(void)f;
}

struct socket *tun_get_socket(struct file *f)
{
	(void)f;
	return &socket_of_tap;
}

struct ptr_ring *tun_get_tx_ring(struct file *f)
{
	(void)f;
	return &ring;
}

int vfs_poll(struct file *f, poll_table *table)
{
	(void)f;
	(void)table;
	return EPOLLOUT;
}

/* kmod/netdev.c: the interface behind a tap. */
#include "netdev.h"

void vhl_netdev_watch_tun(struct vhl_netdev *w, struct file *f, struct sock *s)
{
	(void)f;
	(void)s;
	w->dev = &device;
	w->ethernet = true;
}

/* Never known here, so that arrays go to the tap. */
int vhl_deliver(const struct vhl_netdev *w, const struct sock *sk, const struct xdp_buff *xdp,
		unsigned int n)
{
	(void)w;
	(void)sk;
	(void)xdp;
	(void)n;
	return -1;
}

int vhl_deliver_learn(struct vhl_netdev *w, struct socket *sock, struct xdp_buff *xdp,
		      unsigned int n)
{
	(void)w;
	return vhl_array_send(sock, xdp, n);
}

void vhl_netdev_set_ethernet(struct vhl_netdev *w)
{
	w->ethernet = true;
}

void vhl_netdev_forget(struct vhl_netdev *w)
{
	w->dev = NULL;
	w->ethernet = false;
}

void vhl_netdev_move(struct vhl_netdev *to, struct vhl_netdev *from)
{
	*to = *from;
	vhl_netdev_forget(from);
}
