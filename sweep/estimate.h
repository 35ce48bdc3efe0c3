/* SPDX-License-Identifier: GPL-2.0-only */
/* How long a sweep will take. */
#ifndef PLAN_ESTIMATE_H
#define PLAN_ESTIMATE_H

#include "points.h"

/*
 * Seconds the whole sweep takes on a machine like the one estimate.c was
 * calibrated on, boot of the lab included.
 */
long estimate_seconds(const struct points *points, const struct config *config);

#endif
