/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface of the device in addition to <linux/vhost.h>: a measurement mode
 * without a virtqueue and without a guest.
 */
#ifndef VHOSTLAB_UAPI_H
#define VHOSTLAB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vhost.h>

/* Argument of VHOSTLAB_FLOOR: a number of turns, each of which sends, then receives. */
struct vhostlab_floor {
	__s32 backend; /* descriptor of a tun or tap; for send: TUNSETSNDBUF INT_MAX */
	__u32 len; /* bytes of the frame to send, without virtio-net header */
	__u64 frame; /* its address; read once */
	__u32 send; /* frames sent per turn; may be 0 */
	__u32 take; /* frames received (waiting for each) per turn; may be 0 */
	__u64 turns;
	__u64 done; /* out: turns that this call completed, also when it fails */
	__u32 sent; /* in and out: frames sent in an incomplete turn: at first 0 */
	__u32 taken; /* in and out: frames received in it */
};

/*
 * Measures the lower bound of the cost of serving a queue with this backend:
 * frames are sent to the backend in arrays as from a transmit queue, but from a
 * kernel buffer; and are taken from its queue as for a receive queue, but freed
 * at once. For the owner of a device without a backend. Returns 0 when all turns
 * are done, or an error:
 *
 * EINTR: a signal was pending; the current turn is incomplete. A call with the same
 * sent and taken, and done turns less, goes on with it.
 * EINVAL: neither send nor take, a length or backend that is not supported, or more
 * frames sent or taken than a turn has.
 * EBUSY: a queue has a backend.
 * ENODEV: the tun or tap waited for was deleted. A macvtap does not report that:
 * there only a signal ends the wait.
 */
#define VHOSTLAB_FLOOR _IOWR(VHOST_VIRTIO, 0xf0, struct vhostlab_floor)

#endif /* VHOSTLAB_UAPI_H */
