// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rough model of a sweep's duration: what every measurement costs before its
 * first packet, and what its packets cost, on each kind of machine. The program
 * progress corrects it by what the sweep has measured so far.
 *
 * The row of tcg comes from sweeps on two processors without KVM, as modelled and
 * as they took, in seconds: quick.conf 209 and 203, ablation.conf 216 and 195,
 * scaling.conf 297 and 279, paper.conf 778 and 973; on the wall clock
 * threads-wall.conf 314 and 318, ablation-wall.conf 862 and 685, producer.conf
 * 1308 and 1482. The other two rows keep what the bench waits for in real time; the
 * rest of them is by the speed of such machines, not measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "estimate.h"

static const struct machine {
	const char *accel;
	double start; /* boot, modules, environment */
	double process; /* a process guest: namespace, tap, warm-up, counting, the end */
	double wall; /* more for one on the wall clock: rests are not skipped */
	double real; /* a workload in a guest that is already up */
	double boot; /* guests of one boot */
	double packet; /* one of a burst */
	double kick; /* more for a packet with a kick and a call of its own */
	double tool; /* knob trace: a tool is attached and detached */
} machines[] = {
	{ "tcg", 15, 0.5, 4, 15, 40, 9e-6, 30e-6, 3 },
	{ "kvm", 4, 0.1, 1.7, 10, 8, 0.6e-6, 4e-6, 1 },
	{ "bare", 1, 0.1, 1.7, 10, 6, 0.5e-6, 3e-6, 1 },
};

/*
 * Clock native: a program that starts and ends, and its buffers, with those of the warm-up and of the
 * pass behind the windows.
 */
#define RIG_START  0.03
#define RIG_BUFFER 0.15e-6
#define RIG_TRIP   2.2e-6

static const struct machine *machine = &machines[0];

bool estimate_machine(const char *accel)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strcmp(machines[i].accel, accel))
			continue;
		machine = &machines[i];
		return true;
	}
	return false;
}

double estimate_start(void)
{
	return machine->start;
}

double estimate_point(const struct point *p, const struct config *config, bool boots)
{
	double burst = atol(p->value[AXIS_BURST]);
	double seconds = machine->process + p->packets * (machine->packet + machine->kick / burst);

	if (!strcmp(config->clock, "native"))
		return RIG_START +
		       p->packets *
			       (!strcmp(p->value[AXIS_WORKLOAD], "rr") ? RIG_TRIP : RIG_BUFFER);
	if (strcmp(p->value[AXIS_GUEST], "process"))
		return machine->real + (boots ? machine->boot : 0);
	if (!strcmp(config->clock, "wall"))
		seconds += machine->wall;
	/* A measurement of that many packets first, by which the second one lasts so long. */
	if (config->duration)
		seconds += seconds + config->duration / 1e3;
	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "trace") && strcmp(p->knob[i], "out"))
			seconds += machine->tool;
	return seconds;
}

void estimate_kind(const struct point *p, bool boots, char *text, size_t size)
{
	snprintf(text, size, "%s%s/%s/%s/%s/%s/%s", p->value[AXIS_GUEST], boots ? "-boot" : "",
		 p->value[AXIS_SERVER], p->value[AXIS_WORKLOAD], p->value[AXIS_BURST],
		 p->value[AXIS_SIZE], p->hash);
}
