/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock native: what the rig of bench/native can measure. */
#ifndef PLAN_NATIVE_H
#define PLAN_NATIVE_H

#include "points.h"

static inline bool native_clock(const struct config *config)
{
	return !strcmp(config->clock, "native");
}

/* Whether the rig has what the point asks for. */
bool native_has(const struct point *p);

/*
 * Whether the clock suits the points: sink drop and the rig's knobs are of clock native alone,
 * which has no lab and so no kernel of its own. False after one line on stderr.
 */
bool native_check(const struct points *points, const struct config *config);

#endif
