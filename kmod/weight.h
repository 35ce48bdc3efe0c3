/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much a guest can make the device do at once: what a frame may be, and what
 * a run of a queue may take of the lock and the processor before others have
 * their turn.
 */
#ifndef VHOSTLAB_WEIGHT_H
#define VHOSTLAB_WEIGHT_H

#include <linux/sched.h>

#include "vhostlab.h"

/*
 * The longest frame a guest may send, without the virtio-net header: IPv6's
 * 65,535 bytes behind its own header, a link header and two VLAN tags. What is
 * longer is no packet of any protocol, and backends count in int.
 */
#define VHL_MAX_FRAME (65535 + 40 + 14 + 2 * 4)
/*
 * Entries an indirect table may have. Section 2.7.5.3.1 forbids chains longer
 * than the ring, but drivers make them where the ring is small; it is
 * VHL_MAX_SEGS that bounds a chain.
 */
#define VHL_MAX_INDIRECT 65536
/* Bytes one run may move before the worker turns to its next queue. */
#define VHL_BYTE_WEIGHT 0x80000
/*
 * What a descriptor takes from that weight, as bytes: unless a chain is one
 * that chain.h deals with. A guest could otherwise let a run read a quarter of
 * a million descriptors for as many bytes.
 */
#define VHL_DESC_COST 128
/* Turns of a loop whose length the guest chooses, between two looks at need_resched(). */
#define VHL_RESCHED 64

/*
 * A table's length is the guest's choice: others run meanwhile. Caller holds
 * vq->mutex and no lock that forbids to sleep.
 */
static inline void vhl_chain_resched(const struct vhl_chain *c)
{
	if (unlikely(!(c->descs % VHL_RESCHED)))
		cond_resched();
}

#endif /* VHOSTLAB_WEIGHT_H */
