// SPDX-License-Identifier: GPL-2.0-only
/* The measuring mode without a virtqueue: see VHOSTLAB_FLOOR. */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "backend.h"
#include "floor.h"
#include "frag.h"
#include "netdev.h"
#include "vhostlab_uapi.h"

/* A run of it. */
struct vhl_floor {
	struct vhl_backend b;
	struct vhl_vq *tx; /* its scratch is used, and its fragments */
	struct vhl_vq *rx;
	void *frame;
	unsigned int len;
	unsigned int pad;
	unsigned int buflen;
	unsigned int tx_batch;
	unsigned int rx_batch;
};

/*
 * Between batches: the caller decides how many follow, and may be killed.
 * Returns 0 or -EINTR.
 */
static int floor_pause(void)
{
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

/* Hands over @left frames. Returns 0, -EINTR, -ENOMEM or what the backend said. */
static int floor_send(struct vhl_floor *f, unsigned int left)
{
	struct vhl_vq *vq = f->tx;

	while (left) {
		unsigned int n = min(left, f->tx_batch), i;
		int err;

		for (i = 0; i < n; i++) {
			void *buf = vhl_frag_get(&vq->frags, f->buflen);

			if (unlikely(!buf)) {
				vhl_array_free(vq->xdp, i);
				return -ENOMEM;
			}
			memset(vhl_xdp_hdr(buf, f->buflen), 0, sizeof(struct virtio_net_hdr));
			memcpy(buf + f->pad, f->frame, f->len);
			xdp_init_buff(&vq->xdp[i], f->buflen, NULL);
			xdp_prepare_buff(&vq->xdp[i], buf, f->pad, f->len, true);
		}
		err = vhl_array_send(f->b.sock, vq->xdp, n) ?: floor_pause();
		if (unlikely(err))
			return err;
		left -= n;
	}
	return 0;
}

/*
 * A tun whose interface is deleted says so by RCV_SHUTDOWN, then wakes its
 * readers; the wait's own barrier orders the test after the wake-up.
 */
static bool floor_gone(const struct vhl_floor *f)
{
	return READ_ONCE(f->b.sock->sk->sk_shutdown) & RCV_SHUTDOWN;
}

/*
 * Takes @left frames, as they come. Returns 0, -EINTR, or -ENODEV when there is
 * no interface any more. ptr_ring_empty() takes the consumer's lock: without it
 * the ring's array may be freed meanwhile by a change of txqueuelen.
 */
static int floor_take(struct vhl_floor *f, unsigned int left)
{
	void **queue = f->rx->queue;

	while (left) {
		int n = ptr_ring_consume_batched(f->b.ring, queue, min(left, f->rx_batch)), i;

		for (i = 0; i < n; i++)
			tun_ptr_free(queue[i]);
		left -= n;
		if (floor_pause())
			return -EINTR;
		if (n)
			continue;
		if (wait_event_interruptible(*sk_sleep(f->b.sock->sk),
					     !ptr_ring_empty(f->b.ring) || floor_gone(f)))
			return -EINTR;
		if (floor_gone(f))
			return -ENODEV;
	}
	return 0;
}

/* Checks what was asked for and fetches the frame. */
static int floor_prepare(struct vhl_floor *f, const struct vhostlab_floor *u)
{
	struct sock *sk = f->b.sock->sk;

	if (!u->send && !u->take)
		return -EINVAL;
	if (u->take && !f->b.ring)
		return -EINVAL;
	if (!u->send)
		return 0;
	f->pad = vhl_frag_headroom(sk);
	if (!f->b.netdev.ethernet || sk->sk_sndbuf != INT_MAX || u->len < ETH_HLEN ||
	    u->len > PAGE_SIZE)
		return -EINVAL;
	f->len = u->len;
	f->buflen =
		SKB_DATA_ALIGN(f->pad + f->len) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	if (f->buflen > PAGE_SIZE)
		return -EINVAL;
	f->frame = memdup_user(u64_to_user_ptr(u->frame), f->len);
	return PTR_ERR_OR_ZERO(f->frame);
}

/*
 * VHOSTLAB_FLOOR, for the owner. Holds dev->mutex, so that no backend is
 * attached meanwhile and the queues' scratch is free; sleeps. The interface is
 * not held meanwhile: it may be deleted.
 */
long vhl_floor_run(struct vhl_dev *dev, void __user *argp)
{
	struct vhl_floor f = {
		.tx = &dev->vqs[VHL_TX],
		.rx = &dev->vqs[VHL_RX],
		.tx_batch = dev->knobs.tx_batch,
		.rx_batch = dev->knobs.rx_batch,
	};
	struct vhostlab_floor u;
	int err;

	if (copy_from_user(&u, argp, sizeof(u)))
		return -EFAULT;
	if (f.tx->sock || f.rx->sock)
		return -EBUSY;
	err = vhl_backend_get(&f.b, u.backend);
	if (err)
		return err;
	err = floor_prepare(&f, &u);
	if (err)
		goto out;
	for (u.done = 0; u.done < u.turns && !err; u.done += !err)
		err = floor_send(&f, u.send) ?: floor_take(&f, u.take);
	kfree(f.frame);
	if (copy_to_user(argp, &u, sizeof(u)))
		err = -EFAULT;
out:
	vhl_backend_put(&f.b);
	return err;
}
