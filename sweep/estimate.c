// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rough model of a sweep's duration: the time of every measurement before its
 * first packet, and the time per packet. Calibrated on two processors without
 * KVM, where the lab is emulated; with KVM everything is faster.
 */
#include <stdlib.h>
#include <string.h>

#include "estimate.h"

#define LAB_SECONDS	  15.0 /* boot, modules, environment */
#define PROCESS_SECONDS	  0.5 /* a process guest: namespace, tap, warm-up, counting, the end */
#define WALL_SECONDS	  4.0 /* more for one on the wall clock: rests are not skipped */
#define REAL_SECONDS	  15.0 /* a workload in a guest that is already up */
#define BOOT_SECONDS	  40.0 /* guests of one boot */
#define PACKET_SECONDS	  9e-6 /* emulated, in a burst */
#define KICK_SECONDS	  30e-6 /* more for a packet with a kick and a call of its own */
#define LOOKED_ON_SECONDS 3.0 /* knob trace: a tool is attached and detached */

static double one(const struct point *p, const struct config *config)
{
	double burst = atol(p->value[AXIS_BURST]);
	double seconds = PROCESS_SECONDS + p->packets * (PACKET_SECONDS + KICK_SECONDS / burst);

	if (strcmp(p->value[AXIS_GUEST], "process"))
		return REAL_SECONDS;
	if (!strcmp(config->clock, "wall"))
		seconds += WALL_SECONDS;
	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "trace") && strcmp(p->knob[i], "out"))
			seconds += LOOKED_ON_SECONDS;
	return seconds;
}

long estimate_seconds(const struct points *points, const struct config *config)
{
	long boots = 0, last_rep = 0;
	double seconds = LAB_SECONDS;

	for (int i = 0; i < points->count; i++) {
		const struct point *p = &points->point[i];

		seconds += one(p, config) * p->repetitions;
		if (p->repetitions > last_rep)
			last_rep = p->repetitions;
		if (!strcmp(p->value[AXIS_GUEST], "qemu") && p->group >= boots)
			boots = p->group + 1;
	}
	return (long)(seconds + boots * last_rep * BOOT_SECONDS + 0.5);
}
