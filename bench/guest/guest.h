/* SPDX-License-Identifier: GPL-2.0-only */
/* The userspace guest: its memory, its two virtqueues, its notifications. */
#ifndef VL_GUEST_H
#define VL_GUEST_H

#include "lib/options.h"
#include "vring.h"

enum { QUEUE_RX, QUEUE_TX, QUEUES };

/* Where guest memory begins in the guest's own physical addresses. */
#define GUEST_GPA 0x100000UL

/* When the guest kicked and when a call woke it, on the time stamp counter. */
struct stamp {
	uint64_t tsc;
	uint8_t queue;
	bool awake;
};

struct stamps {
	struct stamp *at;
	size_t have, room;
};

struct guest {
	const struct options *o;
	int memfd; /* the memory, shared with a server in another process */
	char *mem;
	size_t bytes;

	struct vring_driver ring[QUEUES];
	size_t ring_offset[QUEUES]; /* of each ring in mem */
	int kick[QUEUES], call[QUEUES]; /* eventfds, owned */

	unsigned int hlen; /* bytes of the virtio-net header */
	size_t table_offset; /* indirect tables of tx slots */
	/*
	 * Where frames to send lie, in the order of their turns; from tx_at[0] on
	 * those of the next burst. Where receive buffers begin.
	 */
	size_t *tx_table, *tx_at, *rx_at; /* tx_table and rx_at owned */
	unsigned int tx_slots, tx_next, rx_buffers;
	uint32_t rx_buffer_bytes;
	/* Memory is shown as o->regions pieces: this many bytes with the rings, then equal ones. */
	size_t first_piece, piece;
	size_t rx_part; /* where the receive buffers begin in a piece */

	uint64_t kicks; /* eventfd writes made */
	uint64_t calls; /* sum of the values read from the call eventfds */
	uint64_t wakeups; /* reads that returned */
	uint64_t all_kicks, all_calls; /* of all phases; see guest_total() */
	struct stamps *stamps; /* NULL: none are taken */
};

/* Makes memory, rings and eventfds. Returns an RC_ value; close even after a failure. */
int guest_open(struct guest *g, const struct options *o);
void guest_close(struct guest *g);

/* Piece i of o->regions: its offset in memory; *bytes is its length. */
size_t guest_piece(const struct guest *g, unsigned int i, size_t *bytes);

/* The frame (without header) in tx slot i, g->tx_slots at first; o->size bytes. */
char *guest_tx_frame(struct guest *g, unsigned int i);

/*
 * After a burst: where there are more slots than a burst has frames, the next
 * ones begin behind it, so that all of memory takes part.
 */
static inline void guest_tx_turn(struct guest *g)
{
	if (g->tx_slots == g->o->burst)
		return;
	g->tx_next = (g->tx_next + g->o->burst) % g->tx_slots;
	g->tx_at = g->tx_table + g->tx_next;
}

/* Adds the frame in tx slot i (o->size bytes) to the ring; not yet visible. */
bool guest_tx_add(struct guest *g, unsigned int i);

/* Gives receive buffer i to the device; not yet visible. */
bool guest_rx_add(struct guest *g, unsigned int i);

/* Publishes queue q and kicks if the server asks for it. */
int guest_publish(struct guest *g, unsigned int q);

/*
 * Waits until `count` chains of queue q lie used; RC_FAIL when the watchdog
 * (watch_stop) says that it will not happen.
 */
int guest_wait(struct guest *g, unsigned int q, unsigned int count);

/*
 * The same for a caller that asked with guest_arm() before it published: then
 * the call is certain to come, and exactly one read is made for it.
 */
int guest_wait_armed(struct guest *g, unsigned int q, unsigned int count);
void guest_arm(struct guest *g, unsigned int q, unsigned int count);

/* One received frame: the buffers it lies in, in order; the first begins with the header. */
struct rx_frame {
	unsigned int pieces;
	uint32_t cookie[VRING_MAX_SEGS];
	uint32_t len[VRING_MAX_SEGS];
	uint32_t bytes; /* of the frame, without header */
};

/*
 * Takes one received frame off the ring. Returns 1, 0 (none), -1 when the
 * server broke the rules. The buffers stay with the caller, who gives them
 * back with guest_rx_return().
 */
int guest_rx_take(struct guest *g, struct rx_frame *f);
/* Copies the frame f (without header) to `to`, which has room for f->bytes. */
void guest_rx_copy(const struct guest *g, const struct rx_frame *f, char *to);
/* Where the frame f begins in guest memory; its first buffer holds all headers. */
const char *guest_rx_head(const struct guest *g, const struct rx_frame *f);
void guest_rx_return(struct guest *g, const struct rx_frame *f);

/* Sets the counters of notifications to zero. */
void guest_zero(struct guest *g);

/* Kicks and calls since the beginning; the server has stopped. */
void guest_total(struct guest *g, uint64_t *kicks, uint64_t *calls);

#endif
