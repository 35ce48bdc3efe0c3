// SPDX-License-Identifier: GPL-2.0-only
/* How many reads of the tap to post at once. */
#include "rounds.h"

void rounds_posted(struct rounds *r, unsigned int n)
{
	r->pending += n;
}

void rounds_frame(struct rounds *r, bool slept)
{
	r->pending--;
	if (slept) {
		r->last = r->burst;
		r->burst = 0;
	}
	r->burst++;
	r->over = false;
}

void rounds_cancelled(struct rounds *r)
{
	r->pending--;
	r->over = true;
}

unsigned int rounds_next(const struct rounds *r)
{
	unsigned int n;

	if (r->pending)
		return 0;
	if (r->over)
		return 1;
	/* The last read of a round is the one that waits for the next burst. */
	if (r->burst < r->last)
		n = r->last - r->burst + 1;
	else if (r->burst == r->last) /* also before the first frame */
		n = 1;
	else
		n = r->burst;
	return n < ROUND_MAX ? n : ROUND_MAX;
}
