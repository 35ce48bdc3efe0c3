/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a window's time goes, by function: every so many ticks of the clock
 * the kernel notes what each CPU was doing. On the instruction clock a tick is
 * an instruction, so a function's share of the samples is its share of the
 * instructions. Sampling costs; what it costs is not in the samples, as it
 * runs with interrupts off, but it is in the window.
 */
#ifndef VL_FUNCTIONS_H
#define VL_FUNCTIONS_H

#include "server/server.h"

/* Ticks from one sample to the next: no multiple of what a packet or a burst costs. */
#define SAMPLE_PERIOD 20011

/* From now on each window is sampled; file: where functions_save() puts it. RC_ values. */
int functions_open(const char *file);
/*
 * Writes what was seen in the last window: a line of JSON for each function
 * and side (guest, server, other) with its number of samples, and one with
 * function null for what no room was left for. RC_ values.
 */
int functions_save(const struct server *s);

#endif
