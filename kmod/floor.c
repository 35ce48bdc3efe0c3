// SPDX-License-Identifier: GPL-2.0-only
/* The floor: a measurement mode without a virtqueue. See VHOSTLAB_FLOOR. */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "backend.h"
#include "deliver.h"
#include "floor.h"
#include "frag.h"
#include "netdev.h"
#include "vhostlab_uapi.h"

/* One call of VHOSTLAB_FLOOR. Lengths in bytes, batches in frames. */
struct vhl_floor {
	struct vhl_backend b;
	struct vhl_vq *tx; /* its array of frames and its fragments are used */
	struct vhl_vq *rx; /* its array of frames is used */
	void *frame;
	unsigned int len;
	unsigned int pad; /* in front of the frame */
	unsigned int buflen; /* of a fragment */
	unsigned int tx_batch;
	unsigned int rx_batch;
};

/*
 * Called between batches, since user space chooses how many there are: reschedules,
 * and returns -EINTR when a signal is pending, else 0.
 */
static int floor_pause(void)
{
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

/*
 * Sends the array of @n frames in f->tx->xdp[] as a transmit queue would: with the
 * same code where that is not switched off. Returns 0, -ENOMEM, or the backend's
 * errno; no frame is the caller's any more.
 */
static int floor_array(struct vhl_floor *f, unsigned int n)
{
	u64 delivered = 0;
	int done;

	if (!vhl_by(f->tx, VHL_IDEA_DELIVER))
		return vhl_array_send(f->b.sock, f->tx->xdp, n);
	done = vhl_hand_over(&f->b.netdev, f->b.sock, f->tx->xdp, n, true, &delivered);
	if (unlikely(done < 0))
		return done;
	return likely(done == n) ? 0 : -ENOMEM;
}

/*
 * Sends frames until they are @count with the *@sent that were sent already, and
 * keeps that number. Returns 0, -EINTR, -ENOMEM or an errno of the backend. Sleeps.
 */
static int floor_send(struct vhl_floor *f, unsigned int count, __u32 *sent)
{
	struct vhl_vq *vq = f->tx;

	while (*sent < count) {
		unsigned int n = min(count - *sent, f->tx_batch), i;
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
		err = floor_array(f, n);
		if (unlikely(err))
			return err;
		*sent += n;
		err = floor_pause();
		if (unlikely(err))
			return err;
	}
	return 0;
}

/*
 * Whether the interface is deleted: tun then sets RCV_SHUTDOWN and wakes its
 * readers. The barrier in wait_event orders this test after the wake-up.
 */
static bool floor_gone(const struct vhl_floor *f)
{
	return READ_ONCE(f->b.sock->sk->sk_shutdown) & RCV_SHUTDOWN;
}

/*
 * Receives and frees frames until they are @count with the *@taken that were taken
 * already, and keeps that number. Returns 0, -EINTR, or -ENODEV when the interface
 * was deleted. Sleeps. ptr_ring_empty() takes the consumer's lock: without it, a
 * change of txqueuelen could free the ring's array during the test.
 */
static int floor_take(struct vhl_floor *f, unsigned int count, __u32 *taken)
{
	void **queue = f->rx->queue;

	while (*taken < count) {
		unsigned int most = min(count - *taken, f->rx_batch);
		int n = vhl_ring_take(f->b.file, f->b.ring, queue, most), i;

		for (i = 0; i < n; i++)
			tun_ptr_free(queue[i]);
		*taken += n;
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

/* Checks the arguments and copies the frame. Returns 0 or a negative errno. */
static int floor_prepare(struct vhl_floor *f, const struct vhostlab_floor *u)
{
	struct sock *sk = f->b.sock->sk;

	if (!u->send && !u->take)
		return -EINVAL;
	if (u->sent > u->send || u->taken > u->take)
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
 * VHOSTLAB_FLOOR, for the owner. Returns 0 or a negative errno: see
 * vhostlab_uapi.h. Caller holds dev->mutex, so that no backend can be attached and
 * the queues' arrays are not in use; sleeps. No reference to the interface is
 * held: it may be deleted.
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
	for (u.done = 0; u.done < u.turns; u.done++) {
		err = floor_send(&f, u.send, &u.sent) ?: floor_take(&f, u.take, &u.taken);
		if (err)
			break;
		u.sent = 0;
		u.taken = 0;
	}
	kfree(f.frame);
	if (copy_to_user(argp, &u, sizeof(u)))
		err = -EFAULT;
out:
	vhl_backend_put(&f.b);
	return err;
}
