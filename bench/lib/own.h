/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tasks that a measurement consists of, and how long they ran. All other
 * work on the same processors is noise.
 */
#ifndef VL_OWN_H
#define VL_OWN_H

#include <sys/types.h>

#include "cpus.h"

/*
 * A task that belongs to the measurement: a process with all its threads, a
 * thread of this process, or a thread of the kernel. Named twice it counts once.
 */
void own_add(pid_t tid);

/* This process, and of the kernel what handles packets on these processors. */
void own_add_usual(const struct cpus *c);

/* How many have been added. */
unsigned int own_count(void);

/*
 * Nanoseconds that they ran so far. Exact for tasks that sleep and for this
 * thread; others may lack what they ran since the last timer tick. A task that
 * has ended counts with what it had when it was last looked at.
 */
uint64_t own_ns(void);

/* Nanoseconds that this thread ran so far, exact. */
uint64_t own_self_ns(void);

#endif
