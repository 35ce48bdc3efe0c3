/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a window's instructions go, by function, each of them counted: by the
 * plugin of the lab's QEMU (lab/plugin), which the window's begin and end tell
 * to begin and to end by marks. Counting costs the machine nothing: the clock
 * is the same with it.
 */
#ifndef VL_EXACT_H
#define VL_EXACT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the counts may differ from the clock, of the clock. */
#define EXACT_LIMIT 0.001

/*
 * From now on each window is counted; RC_CANNOT, with the reason, where there
 * is no plugin or the kernel does not say where it switches tasks.
 */
int exact_open(void);
/* What was measured: it names the counts. */
struct exact_cell {
	const char *server, *workload, *sink;
	unsigned int size, burst;
	const char *const *knob; /* NAME=VALUE */
	unsigned int knobs;
};

/*
 * Writes the counts of the last window to file: a line of JSON with what was
 * measured, then one for each side (guest, server, other; idle: while the
 * kernel counted idle time, no part of the cost), function and object (kernel,
 * a module, a program; of a virtual machine that a thread runs, only whether
 * its kernel or a program ran). packets and cost: of that window, by the clock.
 *
 * @side_of: the side of a thread of this machine. @pid: 0, or a process whose
 * functions are named as this process's are. RC_FAIL when the counts are not
 * the cost within EXACT_LIMIT.
 */
int exact_save(const char *file, const struct exact_cell *cell, const char *(*side_of)(pid_t tid),
	       pid_t pid, uint64_t packets, double cost);
/* Whether a thread was one of this process when the window ended. */
bool exact_own(pid_t tid);

#endif
