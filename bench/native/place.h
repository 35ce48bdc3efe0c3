/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the two threads of the native rig run. */
#ifndef NATIVE_PLACE_H
#define NATIVE_PLACE_H

#include "lib/options.h"

/*
 * Ties the caller to a processor and, with @thread, starts a thread on another one: of another
 * core, or with CORES_SMT of the same one. cpu[0] is the caller's, cpu[1] the thread's. Returns an
 * RC_ value after one line on stderr: RC_CANNOT where there are no such two.
 */
int place_pair(enum cores cores, int cpu[2], void *(*thread)(void *));
/* Waits for the end of the thread, if there is one. */
void place_join(void);

#endif
