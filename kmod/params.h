/* SPDX-License-Identifier: GPL-2.0-only */
/* The knobs: module parameters, read at VHOST_SET_OWNER. */
#ifndef VHOSTLAB_PARAMS_H
#define VHOSTLAB_PARAMS_H

#include <linux/types.h>

#include "worker.h"

/*
 * Optimizations of this server that need no support of the guest. Each can be
 * switched off by itself with parameter `without`, to measure its gain alone. Some
 * need others: deliver needs array; gather array, region, ahead and, on a split ring,
 * window, and is off on queues with zerocopy; burst needs direct.
 */
enum vhl_idea {
	VHL_IDEA_ARRAY, /* tx: frames are sent in arrays */
	VHL_IDEA_DIRECT, /* rx: frames are copied from the skb, not by recvmsg() */
	VHL_IDEA_REGION, /* the region of the last translation is tried first */
	VHL_IDEA_AHEAD, /* avail entries are read many at a time */
	VHL_IDEA_LATE, /* tx: kicks stay disabled until the last array is sent */
	VHL_IDEA_RECHECK, /* rx: the backend is checked again after the call */
	VHL_IDEA_DELIVER, /* tx: arrays go to the stack without the tap's code: deliver.c */
	VHL_IDEA_YIELD, /* the worker yields before it sleeps: run.h */
	VHL_IDEA_WINDOW, /* descriptors are read with their avail entries: chain.c */
	VHL_IDEA_GATHER, /* tx: frames of many chains are copied together: gather.c */
	VHL_IDEA_ONCE, /* frames wake a queue at most twice a run: poll.c */
	VHL_IDEA_BURST, /* rx: frames of a burst are copied in one loop: rx_burst.c */
	VHL_NIDEAS
};

/* The knobs of a device: a copy of the parameters, constant while it has an owner. */
struct vhl_knobs {
	enum vhl_worker_model worker;
	unsigned int tx_batch; /* frames */
	unsigned int rx_batch; /* frames */
	unsigned int packet_weight; /* packets per run */
	unsigned int caller_weight; /* packets per run by the task that kicks */
	unsigned int poll_us; /* busy poll, in microseconds; 0: none */
	unsigned int shared_poll_us; /* of a pool thread, in microseconds */
	unsigned int without; /* optimizations switched off: bits of enum vhl_idea */
	unsigned int zerocopy; /* shortest frame by reference, in bytes; 0: none */
	bool poll_adapt;
	bool prefetch;
	bool pinned;
	bool charge;
};

extern char *vhl_devname;
void vhl_knobs_read(struct vhl_knobs *k);
u64 vhl_features_offered(void);

#endif /* VHOSTLAB_PARAMS_H */
