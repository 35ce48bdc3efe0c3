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
#define VHL_IDEA_LIST(X) \
	/* tx: frames are sent in arrays */ \
	X(ARRAY, array) \
	/* rx: frames are copied from the skb, not by recvmsg() */ \
	X(DIRECT, direct) \
	/* the region of the last translation is tried first */ \
	X(REGION, region) \
	/* avail entries are read many at a time */ \
	X(AHEAD, ahead) \
	/* tx: kicks stay disabled until the last array is sent */ \
	X(LATE, late) \
	/* rx: the backend is checked again after the call */ \
	X(RECHECK, recheck) \
	/* tx: arrays go to the stack without the tap's code: deliver.c */ \
	X(DELIVER, deliver) \
	/* the worker yields before it sleeps: run.h */ \
	X(YIELD, yield) \
	/* descriptors are read with their avail entries: chain.c */ \
	X(WINDOW, window) \
	/* tx: frames of many chains are copied together: gather.c */ \
	X(GATHER, gather) \
	/* frames wake a queue at most twice a run: poll.c */ \
	X(ONCE, once) \
	/* rx: frames of a burst are copied in one loop: rx_burst.c */ \
	X(BURST, burst)

enum vhl_idea {
#define X(sym, name) VHL_IDEA_##sym,
	VHL_IDEA_LIST(X)
#undef X
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
