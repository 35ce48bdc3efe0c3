/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time in ticks of the time stamp counter, read in order with what is around it; their length comes
 * from the monotonic clock at the ends of the measured pass. Where the counter is not invariant,
 * ticks are the nanoseconds of clock_gettime().
 */
#ifndef NATIVE_TICKS_H
#define NATIVE_TICKS_H

#include <stdbool.h>
#include <stdint.h>

struct ticks {
	uint64_t tick, at; /* at the beginning: ticks, and ns of the monotonic clock */
	double ns; /* of a tick; after ticks_end() */
};

uint64_t ticks_now(void);
void ticks_begin(struct ticks *t);
void ticks_end(struct ticks *t);
/*
 * The processor's clock, in GHz, as it is now on this processor: a loop that takes one cycle a
 * turn. 0 where the counter is not used. Takes about 2 ms.
 */
double ticks_ghz(const struct ticks *t);
/* What is read: "rdtscp" or "clock_gettime". */
const char *ticks_name(void);

#endif
