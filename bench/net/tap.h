/* SPDX-License-Identifier: GPL-2.0-only */
/* A network namespace of our own, and the tap in it. */
#ifndef VL_TAP_H
#define VL_TAP_H

#include <linux/if_link.h>

#include "lib/options.h"

#define TAP_NAME    "vltap"
#define SENDER_NAME "vlsend" /* the dummy device that pktgen sends from */
#define AWAY_NAME   "vlaway" /* the dummy device that forwarded frames leave by */

struct tap {
	int fd;
	int ifindex;
	/* sink xdp_drop: the loaded program, and its map of counters */
	void *xdp_object;
	int xdp_map;
	int away; /* sink forward: the device that frames leave by, or 0 */
};

/*
 * Moves the process into a new network namespace, quiet (no IPv6, no
 * neighbour talk), that vanishes with the process. Call before any thread
 * exists. RC_CANNOT without the right to do so.
 */
int netns_enter(void);

/*
 * Makes the tap with a virtio-net header of hlen bytes, an unlimited send
 * buffer, the addresses of the echo, and up. RC_ value; close in any case.
 */
int tap_open(struct tap *t, const struct options *o);
void tap_close(struct tap *t);

/* Hangs the counting and dropping program on the tap. */
int tap_attach_xdp(struct tap *t);

/* Frames that the tap took from the guest (or the XDP program dropped, or that left), so far. */
int tap_delivered(const struct tap *t, uint64_t *frames);

/* The kernel's counters of an interface. */
int link_stats(int ifindex, struct rtnl_link_stats64 *st);

/*
 * A dummy device whose received frames are all mirrored to the tap's transmit
 * queue (towards the guest) and then dropped: a burst that pktgen delivers to
 * it with bottom halves off reaches the tap's queue whole.
 */
int sender_device_open(const struct options *o);

/*
 * A dummy device for frames to leave by: what arrives at the tap is handed to
 * its transmission before the host's stack sees it, as it is, and ends there,
 * as at the wire. RC_ value.
 */
int tap_forward(struct tap *t, const struct options *o);

/* Runs `program` with the lines of `script` as its batch on stdin. */
int run_batch(const char *program, const char *const *argv, const char *script);

#endif
