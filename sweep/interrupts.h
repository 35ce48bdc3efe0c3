/* SPDX-License-Identifier: GPL-2.0-only */
/* The interrupts of the measuring machine, and which processors they may go to. */
#ifndef HOST_INTERRUPTS_H
#define HOST_INTERRUPTS_H

#include "../bench/lib/cpus.h"

#define INTERRUPTS_MAX 4096

/* Their numbers in order, at most @max; returns how many. */
unsigned int interrupts_all(int *irq, unsigned int max);

/* May that one go to one of these processors? */
bool interrupt_reaches(int irq, const struct cpus *c);

#endif
