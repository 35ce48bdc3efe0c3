/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's code that was executed, by KCOV of the debug kernel (lab/debug.config). An area
 * takes the addresses that one thread executes, or those of the module's worker threads, whose
 * devices got their owner by the thread that opened the area or by a child of it
 * (kmod/coverage.h). A set has them as offsets in the module's code.
 */
#ifndef VHOSTLAB_TEST_COVERAGE_H
#define VHOSTLAB_TEST_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#define COVERAGE_CODE (4u << 20) /* bytes of code that a set knows */

struct coverage_set {
	unsigned int n;
	uint64_t bits[COVERAGE_CODE / 64];
};

struct coverage_area {
	int fd;
	unsigned int words, taken; /* of them by coverage_take() */
	uint64_t *mem; /* a count, then addresses */
};

/* Why there is no coverage, or NULL. */
const char *coverage_missing(void);
/* False where the kernel has none. The area takes nothing yet. */
bool coverage_open(struct coverage_area *a, unsigned int words);
void coverage_close(struct coverage_area *a);
/* From now on it takes what the calling thread executes: 0 or a negative errno. */
int coverage_own(const struct coverage_area *a);
/* From now on it takes what workers execute for this thread and for its later children. */
int coverage_workers(const struct coverage_area *a);
/* Empties the area into the set: how many of its addresses the set did not have. */
unsigned int coverage_take(struct coverage_area *a, struct coverage_set *set);
/* Adds them to a file, a line each: section and offset. */
bool coverage_write(const struct coverage_set *set, const char *path);

#endif
