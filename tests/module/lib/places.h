/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the device sees guest memory. A stretch of it is cut into pieces, and
 * each piece can be at one of two places, with a page that must not be touched
 * behind it. The driver's own mapping is another one, so that taking a place
 * away hurts only a device that still uses it.
 */
#ifndef VHOSTLAB_TEST_PLACES_H
#define VHOSTLAB_TEST_PLACES_H

#include "guest.h"

#define PLACES_MAX 509u /* what QEMU has slots for */

struct places {
	struct guest *g;
	uint8_t *arena;
	size_t arena_len, stride, piece, len;
	unsigned int n;
	uint8_t side[PLACES_MAX]; /* which of its two places a piece is at */
};

/* The first len bytes of guest memory in n pieces. */
void places_init(struct places *p, struct guest *g, size_t len, unsigned int n);
void places_free(struct places *p);
uint8_t *places_at(const struct places *p, size_t off);
/* The piece that holds an offset, and how long it is. */
unsigned int places_piece(const struct places *p, size_t off);
size_t places_len(const struct places *p, unsigned int i);
/* Piece i appears at its other place; the first one is still there. */
void places_move(struct places *p, unsigned int i);
/* Touching the place piece i has left is a fault from now on. */
void places_leave(struct places *p, unsigned int i);
/*
 * VHOST_SET_MEM_TABLE, a region a piece, shift bytes behind where they are
 * usually; VHOST_SET_VRING_ADDR of both rings, whose used rings are logged
 * shift bytes behind where they are, or not (PLACES_NO_LOG).
 */
#define PLACES_NO_LOG UINT64_MAX
int places_set_table(const struct places *p, uint64_t shift);
int places_set_rings(const struct places *p, uint64_t log_shift);

#endif
