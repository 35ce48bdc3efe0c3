/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many reads of the tap to post at once, when it is not known how many frames
 * wait there. Too few cost a system call more; one too many finds nothing and
 * must be armed, woken or taken back, which costs more than the frame. So a
 * burst is expected to be as long as the one before, and while one turns out
 * longer, the rounds double.
 */
#ifndef VL_ROUNDS_H
#define VL_ROUNDS_H

#include "lib/common.h"

/* Reads posted at once at most, and so buffers to read into. */
#define ROUND_MAX 64

struct rounds {
	unsigned int pending; /* reads posted and not finished */
	unsigned int burst; /* frames since the last sleep */
	unsigned int last; /* frames of the burst before */
	bool over; /* a read found nothing: only the next sleep is to be posted for */
};

/* n reads were posted. */
void rounds_posted(struct rounds *r, unsigned int n);

/* A read has finished with a frame; slept: it had to wait for it, a burst begins. */
void rounds_frame(struct rounds *r, bool slept);

/* A read was taken back, as it had found nothing. */
void rounds_cancelled(struct rounds *r);

/* How many reads to post now: 0 while one waits. */
unsigned int rounds_next(const struct rounds *r);

#endif
