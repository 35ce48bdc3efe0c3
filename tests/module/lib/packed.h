/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packed ring for tests that speak of a split one: struct ring's desc, avail
 * and used are then private memory, out of which what is published goes into
 * the packed ring, and into which comes what the device has used. guest.c
 * calls these; tests look at struct packed when they break a ring.
 */
#ifndef VHOSTLAB_TEST_PACKED_H
#define VHOSTLAB_TEST_PACKED_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKED_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define PACKED_USED  (1u << VRING_PACKED_DESC_F_USED)
#define PACKED_KEEP  1024u /* used entries kept: as many as the largest ring */

struct ring;

/* An index into the ring and the wrap counter there. */
struct packed_at {
	uint16_t i;
	bool wrap;
};

struct packed {
	struct vring_packed_desc *ring;
	struct vring_packed_desc_event *driver, *device; /* which side writes it */
	struct packed_at avail, used;
	uint16_t used_descs; /* count of descriptors that came back */
	uint16_t unasked; /* descriptors since the last question about a kick */
	uint8_t *shadow; /* what desc, avail and used point into */
	uint16_t descs[PACKED_KEEP]; /* of the chain with this head */
	uint16_t order[PACKED_KEEP]; /* heads as they were published */
};

/* The vring base of a ring at that count of descriptors. */
uint32_t packed_base(const struct ring *q, uint16_t count);
/* The count nearest behind what has come back, or a negative errno. */
int packed_count(struct ring *q, uint32_t base);
void packed_layout(struct ring *q, uint16_t count);
void packed_publish(struct ring *q, uint16_t head);
/* Fetches what the device has used. */
void packed_sync(struct ring *q);
void packed_call_at(struct ring *q, uint16_t used);
bool packed_wants_kick(struct ring *q);

#endif
