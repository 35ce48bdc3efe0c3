/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames in both directions, without end, while a test turns the device
 * around. Two threads: the driver fills transmit buffers and empties receive
 * buffers, sleeping only in poll() on the call eventfds of the rings, as an
 * interrupt-driven guest does (a test may put other eventfds behind the
 * numbers); the far end reads what both taps send and feeds both. Every frame is
 * numbered and checked completely, so that lost, doubled and changed frames are
 * counted.
 *
 * Buffers lie all over guest memory, some over the border of two pages, some
 * over the border of two regions when there are many; received frames take up
 * to three of them.
 */
#ifndef VHOSTLAB_TEST_TRAFFIC_H
#define VHOSTLAB_TEST_TRAFFIC_H

#include <pthread.h>
#include <stdatomic.h>

#include "nic.h"

#define TRAFFIC_NUM 256u /* entries of each ring */

struct traffic {
	struct guest *g;
	struct tap *taps[2]; /* may be the same twice */
	bool scribble; /* overwrite a receive buffer before posting it again */

	atomic_bool paused, over;
	atomic_bool sending[2]; /* set before paused is read */
	atomic_uint tx_sent, tx_arrived, rx_sent, rx_arrived;
	atomic_uint tap_sent[2], tap_arrived[2]; /* of those received, by the tap they wait in */
	atomic_uint doubled, corrupt, call_missing;
	uint8_t *seen[2];
	pthread_t threads[2];
};

/* Started by guest_start() with TRAFFIC_NUM entries and a backend. */
void traffic_start(struct traffic *tr, struct guest *g, struct tap *a, struct tap *b);
void traffic_stop(struct traffic *tr);
/* Frames that arrived so far, both ways together. */
unsigned int traffic_arrived(struct traffic *tr);
/* True when so many more frames arrive, some of each way, before anything stalls. */
bool traffic_flows(struct traffic *tr, unsigned int frames);
/*
 * For a tap that drops what the guest sends: waits until so many are lost that no more are sent.
 * Returns how many, which count as arrived from then on, so that it goes on; or 0 when they arrive.
 * That none is missing is not to be asked after this.
 */
unsigned int traffic_all_lost(struct traffic *tr);
/* Sends no more; true when all that was sent has arrived. */
bool traffic_settle(struct traffic *tr);
/* All is as it should be since the last time: one test line each. */
void traffic_verdict(struct traffic *tr, const char *what);

/* Where the driver writes: its transmit buffers, as offsets in guest memory. */
size_t traffic_buffer(unsigned int way, unsigned int i);

#endif
