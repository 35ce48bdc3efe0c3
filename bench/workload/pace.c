// SPDX-License-Identifier: GPL-2.0-only
/* Requests at fixed times. */
#include <sys/prctl.h>
#include <time.h>

#include "lib/clock.h"
#include "pace.h"

void pace_start(struct pace *pace, const struct options *o)
{
	*pace = (struct pace){ .clock = o->clock, .interval = o->pace };
	/* The kernel may else wake a sleeper 50 us late, to wake several at once. */
	if (pace->interval)
		prctl(PR_SET_TIMERSLACK, 1UL);
	pace->due = clock_now(pace->clock) + pace->interval;
}

uint64_t pace_next(struct pace *pace)
{
	uint64_t now = clock_now(pace->clock), due = pace->due;

	if (!pace->interval)
		return now;
	pace->due += pace->interval;
	pace->late += now > due;
	/* A nanosecond is an instruction on the other clock. Signals cut a sleep short. */
	for (; now < due; now = clock_now(pace->clock)) {
		struct timespec left = { (due - now) / 1000000000, (due - now) % 1000000000 };

		nanosleep(&left, NULL);
	}
	return due;
}
