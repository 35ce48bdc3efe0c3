/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server of the native rig, and what it is told. Files that are compiled as kernel code and files
 * of the bench both include this, so it has no type of either.
 */
#ifndef NATIVE_SERVER_H
#define NATIVE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/doorbell.h"

enum { RIG_RX, RIG_TX, RIG_QUEUES };

/* What the client of a vhost device sets up. Addresses are of this process. */
struct rig_setup {
	unsigned int num; /* entries of each ring */
	bool packed, event_idx, in_order, mergeable, version_1;
	void *area[RIG_QUEUES][3]; /* descriptors, driver's area, device's area */
	void *mem; /* the guest's memory: bytes from gpa on, as one region */
	size_t bytes;
	uint64_t gpa;
	struct doorbell *call[RIG_QUEUES];
	bool copies; /* false: frames are not copied, headers are */

	/* The module's parameters. */
	unsigned int tx_batch, rx_batch, packet_weight, without;
	bool prefetch, pinned;
};

/* How a run of a queue ended. */
enum rig_run {
	RIG_IDLE, /* nothing is left: a kick, or a frame to receive, starts the next one */
	RIG_AGAIN, /* a weight is used up: to run again at once */
	RIG_BUFFERS, /* there are no buffers to receive into: only a kick starts the next one */
};

/* Each returns 0, or -1 where what is asked for is not there. One at a time; not thread-safe. */
struct rig_server {
	int (*open)(const struct rig_setup *setup);
	/* One run of a queue, as after a wake-up. */
	enum rig_run (*run)(unsigned int queue);
	/* Frames delivered and frames dropped so far. */
	void (*counts)(unsigned int queue, uint64_t *packets, uint64_t *dropped);
	void (*close)(void);
};

/* kmod's own ring code. */
extern const struct rig_server rig_vhostlab;
/* The algorithm of the in-tree vhost_net, written for this rig. */
extern const struct rig_server rig_intree;

/* Bits of rig_setup.without by the name that the module's parameter has; -1: there is none. */
int rig_without(const char *name);

#endif
