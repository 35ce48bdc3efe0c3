/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What the device understands beside <linux/vhost.h>: the measuring mode in
 * which there is no virtqueue and no guest.
 */
#ifndef VHOSTLAB_UAPI_H
#define VHOSTLAB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vhost.h>

/* Turns that each hand over and take some frames. */
struct vhostlab_floor {
	__s32 backend; /* descriptor of a tun or tap with unlimited sndbuf */
	__u32 len; /* bytes of the frame that is handed over, no header */
	__u64 frame; /* its address; read once */
	__u32 send; /* frames handed over in a turn; may be 0 */
	__u32 take; /* frames waited for and taken in a turn; may be 0 */
	__u64 turns;
	__u64 done; /* out: whole turns, also when the call fails */
};

/*
 * What a server of this backend cannot be cheaper than: frames go to the
 * backend in arrays as they do from a transmit queue, but out of a buffer of
 * the kernel; and are taken from its queue as for a receive queue, but freed
 * at once. For the owner of a device without a backend; returns when all turns
 * are done. EINTR: a signal came, which ends a turn in its middle, however long.
 * EINVAL: nothing to do, a length or a backend that will not do. EBUSY: a queue
 * has a backend. ENODEV: the tun or tap waited for was deleted; a macvtap does not
 * tell, and its wait ends by a signal.
 */
#define VHOSTLAB_FLOOR _IOWR(VHOST_VIRTIO, 0xf0, struct vhostlab_floor)

#endif /* VHOSTLAB_UAPI_H */
