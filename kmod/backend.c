// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends: a file descriptor of a tun, tap or macvtap, or an AF_PACKET socket of
 * type SOCK_RAW.
 */
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/netdevice.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "backend.h"
#include "lock.h"
#include "netdev.h"
#include "packed.h"
#include "pin.h"
#include "used.h"
#include "vring.h"
#include "zerocopy.h"

/* The socket of @file if it is AF_PACKET, SOCK_RAW, else NULL; valid as long as @file. */
static struct socket *raw_socket(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	if (!sock || !sock->sk || sock->sk->sk_family != AF_PACKET || sock->sk->sk_type != SOCK_RAW)
		return NULL;
	return sock;
}

/*
 * Takes a reference on the file behind @fd, determines its kind, and tracks its
 * interface; vhl_backend_put() ends both. @fd is looked up once, since another
 * thread may change the descriptor table. Returns 0 or -ENOTSOCK. Called from an
 * ioctl of the owner; takes the rtnl lock, sleeps.
 */
int vhl_backend_get(struct vhl_backend *b, int fd)
{
	struct socket *sock;

	memset(b, 0, sizeof(*b));
	b->file = fget(fd);
	if (!b->file)
		return -ENOTSOCK;

	sock = tun_get_socket(b->file);
	if (!IS_ERR(sock)) {
		b->ring = tun_get_tx_ring(b->file);
		/* The array interface of tun treats every frame as Ethernet, so
		 * frames for an interface without link headers are sent one by one.
		 */
		vhl_netdev_watch_tun(&b->netdev, b->file, sock->sk);
		goto found;
	}
	sock = tap_get_socket(b->file);
	if (!IS_ERR(sock)) {
		b->ring = tap_get_ptr_ring(b->file);
		vhl_netdev_set_ethernet(&b->netdev);
		goto found;
	}
	sock = raw_socket(b->file);
	if (!sock) {
		fput(b->file);
		return -ENOTSOCK;
	}
	b->sock = sock;
	return 0;

found:
	b->sock = sock;
	if (IS_ERR(b->ring))
		b->ring = NULL;
	return 0;
}

/* Ends what vhl_backend_get() began. Sleeps. */
void vhl_backend_put(struct vhl_backend *b)
{
	vhl_netdev_forget(&b->netdev);
	if (b->file)
		fput(b->file);
	b->file = NULL;
}

/* Puts frames back that were taken from the backend's ring and not delivered. */
static void frames_unproduce(struct vhl_vq *vq)
{
	if (vq->ring && vq->q_head != vq->q_tail)
		ptr_ring_unconsume(vq->ring, vq->queue + vq->q_head, vq->q_tail - vq->q_head,
				   tun_ptr_free);
	vq->q_head = 0;
	vq->q_tail = 0;
}

/* Moves backend @b, with its file reference and its tracked interface, to @vq. */
static void backend_install(struct vhl_vq *vq, struct vhl_backend *b)
{
	vq->sock_file = b->file;
	vq->ring = b->ring;
	vq->rx_direct = false;
	vq->rx_bursts = false;
	vhl_netdev_move(&vq->netdev, &b->netdev);
	vq->sock = b->sock;
	if (vq->zc)
		vhl_zc_backend(vq);
	WRITE_ONCE(vq->waiting_buffers, false);
}

/*
 * Detaches the backend; the queue's position is kept. Cannot fail and does not
 * access the owner's memory. Caller holds vq->mutex, after vhl_zc_drain() or
 * vhl_zc_discard(); sleeps.
 */
void vhl_backend_drop(struct vhl_vq *vq)
{
	struct vhl_backend none = {};

	if (!vq->sock)
		return;
	vhl_poll_stop(&vq->sock_poll);
	frames_unproduce(vq);
	fput(vq->sock_file);
	vhl_pin_drop(vq);
	vq->pin_next = jiffies;
	backend_install(vq, &none);
	vhl_miss_forget(vq);
	/* What was seen and not taken is read again: it may be another ring by then. */
	if (vq->packed) {
		vhl_packed_rewind(vq);
	} else {
		vq->avail_seen = vq->last_avail;
		vhl_ahead_forget(vq);
	}
}

/*
 * Attaches @b. After success @b holds the old backend's file reference, for the
 * caller to put. After an error the old backend is still attached. Caller holds
 * vq->mutex; sleeps.
 */
static int backend_attach(struct vhl_vq *vq, struct vhl_backend *b)
{
	struct vhl_backend old = {
		.file = vq->sock_file,
		.sock = vq->sock,
		.ring = vq->ring,
	};
	int err;

	if (b->sock == old.sock) {
		/* The file may have been attached to another interface meanwhile. */
		vhl_netdev_move(&vq->netdev, &b->netdev);
		vhl_work_queue(vq->worker, &vq->work);
		return 0;
	}
	vhl_poll_stop(&vq->sock_poll);
	err = vhl_used_start(vq);
	if (err)
		goto err_restore;
	/* Frames not yet delivered go back to the old backend. */
	frames_unproduce(vq);
	vhl_netdev_move(&old.netdev, &vq->netdev);
	backend_install(vq, b);
	err = vhl_poll_start(&vq->sock_poll, b->file);
	if (err)
		goto err_install;
	*b = (struct vhl_backend){ .file = old.file };
	vhl_netdev_forget(&old.netdev);
	/* Kicks before this point found no backend: serve what they announced. */
	vhl_work_queue(vq->worker, &vq->work);
	return 0;

err_install:
	backend_install(vq, &old);
err_restore:
	if (old.file)
		vhl_poll_start(&vq->sock_poll, old.file);
	return err;
}

/*
 * VHOST_NET_SET_BACKEND. @fd -1 detaches, which fails only when the caller is
 * killed (-EINTR). To attach returns 0; -EFAULT for ring addresses or a log that
 * cannot be accessed; -ENOTSOCK; -EINVAL for a file in error; -EINTR; the old
 * backend stays then. Caller holds dev->mutex; takes vq->mutex; sleeps.
 */
int vhl_backend_set(struct vhl_dev *dev, unsigned int index, int fd)
{
	struct vhl_backend b;
	struct vhl_vq *vq = &dev->vqs[index];
	int err;

	if (fd == VHOST_FILE_UNBIND) {
		err = vhl_zc_drain(vq) ?: vhl_vq_lock_killable(vq);
		if (!err) {
			vhl_backend_drop(vq);
			mutex_unlock(&vq->mutex);
		}
		vhl_zc_resume(vq);
		return err;
	}
	err = vhl_vq_lock_killable(vq);
	if (err)
		return err;
	err = vhl_vq_access_ok(vq) ? 0 : -EFAULT;
	mutex_unlock(&vq->mutex);
	if (err)
		return err;

	/* Outside vq->mutex: this takes the rtnl lock. */
	err = vhl_backend_get(&b, fd);
	if (err)
		return err;
	err = vhl_zc_drain(vq) ?: vhl_vq_lock_killable(vq);
	if (!err) {
		err = backend_attach(vq, &b);
		mutex_unlock(&vq->mutex);
	}
	vhl_zc_resume(vq);
	vhl_backend_put(&b);
	return err;
}
