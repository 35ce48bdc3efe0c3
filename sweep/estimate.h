/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a sweep will take. */
#ifndef PLAN_ESTIMATE_H
#define PLAN_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "points.h"

/*
 * Chooses the machine that is measured on: tcg and kvm are the lab VM under either
 * accelerator, bare is this machine itself. False when @accel is none of them;
 * tcg until it is called.
 */
bool estimate_machine(const char *accel);

/* Seconds until the first measurement: boot of the lab, modules, environment. */
double estimate_start(void);

/* Seconds of one measurement; @boots: its guests are booted for it. */
double estimate_point(const struct point *p, const struct config *config, bool boots);

/*
 * What a measurement is like, as words joined by slashes, the most general first:
 * two whose texts begin alike take a like multiple of what the model says.
 */
void estimate_kind(const struct point *p, bool boots, char *text, size_t size);

#endif
