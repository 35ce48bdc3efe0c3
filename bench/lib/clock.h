/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two clocks of a measured window.
 *
 * insn: the lab counts one virtual nanosecond an instruction, and the time
 * stamp counter counts those without the kernel's calibration of it. What the
 * CPU idled in the window is taken off.
 * wall: nanoseconds; the cost is what the tasks of all CPUs ran, as the
 * scheduler accounts it, so idle time never enters; of named processors only
 * (clock_cpus()) what ran on those.
 */
#ifndef VL_CLOCK_H
#define VL_CLOCK_H

#include "cpus.h"
#include "options.h"

struct window {
	enum clock_kind kind;
	uint64_t begin, end; /* clock_now() */
	uint64_t begin_tsc, end_tsc; /* the time stamp counter beside them */
	uint64_t busy_begin, busy_end; /* wall: ns that all CPUs ran tasks, or those named */
	uint64_t elsewhere_begin, elsewhere_end; /* wall: the same of CPUs that are not named */
	uint64_t ticks_begin, ticks_end; /* what /proc/stat says of the latter, ns */
	bool flowing; /* frames flow when it begins and ends */
	uint64_t own_begin, own_end; /* with named ones: ns that tasks of own.h ran */
	uint64_t self_end; /* the same of this thread alone, at the end stamp */
	uint64_t idle_begin, idle_end; /* insn: ns that all CPUs idled */
};

/* Checks that the clock can be read here; RC_CANNOT with the reason when not. */
int clock_open(enum clock_kind kind);

/* wall: from now on the cost is that of these processors. */
void clock_cpus(const struct cpus *c);

/* insn: instructions, wall: ns; only differences mean something. */
uint64_t clock_now(enum clock_kind kind);

/* Called when a window begins and ends, just outside the stamps. NULL: nothing is called. */
extern void (*window_watcher)(bool begins);

/* The bookkeeping is read outside the stamps, so it is not part of the window. */
int window_begin(struct window *w, enum clock_kind kind);
int window_end(struct window *w);

/*
 * The same in the midst of traffic: a pause, which makes the scheduler account
 * this thread, would let frames pile up. It must have slept a moment ago.
 */
int window_begin_flowing(struct window *w, enum clock_kind kind);

/* The end stamp alone, when the moment matters; window_end() leaves it then. */
void window_stamp(struct window *w);

/* Instructions or CPU nanoseconds spent in the window. */
double window_cost(const struct window *w);
/*
 * Work of others in it: on the processors named, and on all others, each as a
 * share of the time that these had. False where no processors are named.
 */
bool window_noise(const struct window *w, double *processors, double *machine);
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
