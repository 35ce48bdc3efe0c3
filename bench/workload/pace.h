/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An open loop: requests are due at fixed times, whatever became of the ones
 * before. A client that waits for each answer and takes the time from then asks
 * nothing while a server stalls, and so sees one long answer where users would
 * have seen many; a length that counts from when a request was due has them all.
 */
#ifndef VL_PACE_H
#define VL_PACE_H

#include "lib/options.h"

struct pace {
	enum clock_kind clock;
	uint64_t due; /* when the next request is due, by clock_now() */
	uint64_t interval; /* 0: a closed loop, the next is due when it is sent */
	uint64_t late; /* requests that could not be sent when they were due */
};

/* The first request is due one interval from now. */
void pace_start(struct pace *pace, const struct options *o);

/*
 * Waits until the next request is due and returns that time, which may be long
 * past. The wait is a sleep: idle on the instruction clock, and the wake-up from
 * it belongs to the length of the answer.
 */
uint64_t pace_next(struct pace *pace);

#endif
