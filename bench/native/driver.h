/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's half of the native rig: the bench's rings and memory (guest/), used as Linux's
 * virtio_net does. Transmit: before each frame what is used is freed; calls are off, and asked for
 * with the last frame of a burst, for three quarters of what is under way; a full ring waits for
 * that call. Receive: up to 64 buffers at a time are taken, with calls off, and given back when
 * half of the ring is free. Knob publish says whether each buffer is shown at once, as Linux does,
 * or all of a burst together. Kicks and calls are doorbells. All functions: the driver's thread.
 */
#ifndef NATIVE_DRIVER_H
#define NATIVE_DRIVER_H

#include "guest/guest.h"
#include "server.h"

struct driver {
	const struct options *o;
	struct options own; /* of the guest: its slots are the ring's */
	struct guest guest;
	struct doorbell kick[QUEUES], call[QUEUES];
	uint64_t heard[QUEUES]; /* calls */
	unsigned int *slots, unused; /* transmit slots that are free */
	unsigned int room; /* all of them */
	bool muted[QUEUES];
	uint32_t held[1024]; /* received buffers, not yet given back */
	unsigned int n_held;
	uint64_t sent, received, corrupt, misordered;
	uint64_t kicks;
	/* Called again and again while the driver waits; adds up the wait, with timed. */
	void (*wait)(void);
	bool timed;
	uint64_t waited; /* ticks */
	char *frame; /* a frame's content, to write or to read into */
};

/* Makes memory and rings. Returns an RC_ value; close even after a failure. */
int driver_open(struct driver *d, const struct options *o);
void driver_close(struct driver *d);
/* What the server is told of it. */
void driver_describe(struct driver *d, struct rig_setup *s);

/* Each returns an RC_ value after one line on stderr; RC_FAIL when watch_stop is set. */
int driver_send(struct driver *d, unsigned int frames); /* a burst, and a kick if it is wanted */
int driver_settle(struct driver *d); /* waits until all that was sent is used */
int driver_receive(struct driver *d, uint64_t frames); /* until so many more were received */

#endif
