/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a window's time goes, by function. On the instruction clock each
 * instruction is counted (exact.h). On the wall clock every so many nanoseconds
 * the kernel notes what each CPU was doing: a function's share of the samples
 * is its share of the time. Sampling costs; what it costs is not in the
 * samples, as it runs with interrupts off, but it is in the window.
 */
#ifndef VL_FUNCTIONS_H
#define VL_FUNCTIONS_H

#include "server/server.h"

/* Nanoseconds from one sample to the next: no multiple of what a packet or a burst costs. */
#define SAMPLE_PERIOD 20011

/* From now on each window is observed; to: the file where functions_save() puts it. RC_ values. */
int functions_open(const char *to, enum clock_kind clock);
/*
 * Writes what was seen in the last window, with its packets and its cost by
 * the clock: samples are a line of JSON for each function and side (guest,
 * server, other) with their number, and one with function null for what no
 * room was left for; counts are those of exact_save(). RC_ values.
 */
int functions_save(const struct server *s, uint64_t packets, double cost);

#endif
