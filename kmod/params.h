/* SPDX-License-Identifier: GPL-2.0-only */
/* The knobs: module parameters, read when a device gets its owner. */
#ifndef VHOSTLAB_PARAMS_H
#define VHOSTLAB_PARAMS_H

#include <linux/types.h>

#include "worker.h"

/*
 * The ideas that make this server faster than a plain one and need nothing of
 * the guest. Each can be left out by itself, to know what it is worth:
 * parameter `without`.
 */
enum vhl_idea {
	VHL_IDEA_ARRAY, /* tx: frames gathered into arrays */
	VHL_IDEA_DIRECT, /* rx: copied from where they are, not by the socket */
	VHL_IDEA_REGION, /* the region of the last translation tried first */
	VHL_IDEA_AHEAD, /* avail entries read many at a time */
	VHL_IDEA_LATE, /* tx: kicks waived until the last array is sent */
	VHL_IDEA_RECHECK, /* rx: backend looked at again after the call */
	VHL_IDEA_YIELD, /* worker gives way before it sleeps: worker.c */
	VHL_NIDEAS
};

/* What a device was told to do; read from the parameters at SET_OWNER. */
struct vhl_knobs {
	enum vhl_worker_model worker;
	unsigned int tx_batch;
	unsigned int rx_batch;
	unsigned int packet_weight;
	unsigned int poll_us;
	unsigned int shared_poll_us;
	unsigned int without; /* bits of enum vhl_idea */
	unsigned int zerocopy; /* bytes of a frame; 0: never */
	bool poll_adapt;
	bool prefetch;
	bool pinned;
	bool charge;
};

extern char *vhl_devname;
void vhl_knobs_read(struct vhl_knobs *k);
u64 vhl_features_offered(void);

#endif /* VHOSTLAB_PARAMS_H */
