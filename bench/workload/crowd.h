/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several guests at once. Each is a process of its own, as a virtual machine
 * is, with its own memory, rings, namespace, tap and device; so a server that
 * serves them all has to change address spaces between them. A conductor
 * process starts them, tells all of them together what comes next, and adds up
 * what they measured.
 *
 * In the measured phase no guest has a fixed share: every guest takes bursts
 * out of one pot until it is empty, one burst under way each. A guest that is
 * served faster gets more of them, and fairness is computed from that. On one
 * CPU the scheduler lets them take turns, all under the policy of the point.
 *
 * Frames are received by several guests with sink check only: on one CPU the
 * generators, one for each, would compete with the server for it, and would
 * decide how much each guest gets.
 */
#ifndef VL_CROWD_H
#define VL_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct crowd;
struct point;

/* A workload's part in each guest. All return RC_ values. */
struct crowd_work {
	/* Once, before anything is sent. */
	int (*open)(struct point *p);
	/* So many frames of this guest's own, in whole bursts. */
	int (*some)(struct point *p, uint64_t frames);
	/*
	 * Before the measured phase, all guests at rest: reads counters, and
	 * warms up again, as reading them disturbs.
	 */
	int (*begin)(struct point *p);
	/* The measured phase: takes with crowd_take() and counts p->result.offered. */
	int (*share)(struct point *p);
	/* After it: p->result.packets and lost. */
	int (*end)(struct point *p);
};

/*
 * Takes the next burst out of the pot; false: it is empty. *at is the number
 * of its first frame among those of all guests.
 */
bool crowd_take(struct crowd *c, uint64_t *at);

/* Where the duration of each round trip of the measured phase is put, by that number. */
uint64_t *crowd_trips(struct crowd *c);

/* Measures a point with several guests and fills p->result. Returns an RC_ value. */
int crowd_run(struct point *p);

#endif
