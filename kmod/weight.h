/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits on the work that a guest can cause at once: the length of a frame, and
 * how long a run of a queue may hold the lock and the processor before other
 * queues and tasks have their turn.
 */
#ifndef VHOSTLAB_WEIGHT_H
#define VHOSTLAB_WEIGHT_H

#include <linux/sched.h>

#include "vhostlab.h"

/*
 * The longest frame a guest may send, in bytes without the virtio-net header: an
 * IPv6 payload of 65,535 bytes, its header, a link header and two VLAN tags. No
 * protocol has longer packets, and backends hold lengths in an int.
 */
#define VHL_MAX_FRAME (65535 + 40 + 14 + 2 * 4)
/*
 * Most entries of an indirect table. Section 2.7.5.3.1 forbids chains longer than
 * the ring, but drivers with a small ring make them; VHL_MAX_SEGS is the bound of
 * a chain.
 */
#define VHL_MAX_INDIRECT 65536
/* Bytes that one run may move before the worker serves its next queue. */
#define VHL_BYTE_WEIGHT 0x80000
/*
 * What a descriptor counts towards that weight, in bytes, except in the common
 * case of chain.h. A guest could otherwise make a run read a quarter of a million
 * descriptors with as many bytes.
 */
#define VHL_DESC_COST 128
/* Iterations between two calls of cond_resched() in a loop whose length a guest chooses. */
#define VHL_RESCHED 64

/*
 * Reschedules from time to time while the chain is read, since the guest chooses
 * the length of a table. Caller holds vq->mutex and may sleep.
 */
static inline void vhl_chain_resched(const struct vhl_chain *c)
{
	if (unlikely(!(c->descs % VHL_RESCHED)))
		cond_resched();
}

#endif /* VHOSTLAB_WEIGHT_H */
