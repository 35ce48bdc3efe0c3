/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A notification between the two sides: a count in a cache line of its own, which one thread writes
 * and the other reads. It costs that line's way from one processor to the other, not an exit, an
 * interrupt or a wake-up.
 */
#ifndef VL_DOORBELL_H
#define VL_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

struct doorbell {
	uint64_t rung; /* by its one writer */
} __attribute__((aligned(64)));

/* What was written before is visible to the thread that sees the ring. */
static inline void doorbell_ring(struct doorbell *bell)
{
	__atomic_store_n(&bell->rung, bell->rung + 1, __ATOMIC_RELEASE);
}

/* Whether it was rung since *seen, which is updated. For the reading thread. */
static inline bool doorbell_heard(const struct doorbell *bell, uint64_t *seen)
{
	uint64_t rung = __atomic_load_n(&bell->rung, __ATOMIC_ACQUIRE);
	bool heard = rung != *seen;

	*seen = rung;
	return heard;
}

#endif
