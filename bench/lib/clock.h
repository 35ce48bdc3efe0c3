/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two clocks of a measured window.
 *
 * insn: the lab counts one virtual nanosecond an instruction, and the time
 * stamp counter counts those without the kernel's calibration of it. What the
 * CPU idled in the window is taken off.
 * wall: nanoseconds; the cost is what the tasks of all CPUs ran, as the
 * scheduler accounts it, so idle time never enters.
 */
#ifndef VL_CLOCK_H
#define VL_CLOCK_H

#include "options.h"

struct window {
	enum clock_kind kind;
	uint64_t begin, end; /* clock_now() */
	uint64_t begin_tsc, end_tsc; /* the time stamp counter beside them */
	uint64_t busy_begin, busy_end; /* wall: ns that all CPUs ran tasks */
	uint64_t idle_begin, idle_end; /* insn: ns that all CPUs idled */
};

/* Checks that the clock can be read here; RC_CANNOT with the reason when not. */
int clock_open(enum clock_kind kind);

/* insn: instructions, wall: ns; only differences mean something. */
uint64_t clock_now(enum clock_kind kind);

/* Called when a window begins and ends, just outside the stamps. NULL: nothing is called. */
extern void (*window_watcher)(bool begins);

/* The bookkeeping is read outside the stamps, so it is not part of the window. */
int window_begin(struct window *w, enum clock_kind kind);
int window_end(struct window *w);

/* The end stamp alone, when the moment matters; window_end() leaves it then. */
void window_stamp(struct window *w);

/* Instructions or CPU nanoseconds spent in the window. */
double window_cost(const struct window *w);
/* Seconds (virtual ones under insn) it lasted. */
double window_seconds(const struct window *w);
/* Ticks idle in it (insn), 0 for wall. */
double window_idle(const struct window *w);

/* Sleeps, so that all other tasks come to rest. */
void clock_rest(unsigned int ms);

/*
 * insn: sleeps until a moment that stands at a fixed distance from the kernel's
 * own periodic work, so that what follows meets that work at the same places
 * each time. wall: returns at once, as nothing repeats there to that degree.
 */
void clock_align(enum clock_kind kind);

#endif
