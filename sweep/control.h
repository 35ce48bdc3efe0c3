/* SPDX-License-Identifier: GPL-2.0-only */
/* Which cells of a sweep are measured again as its A/A control. */
#ifndef PLAN_CONTROL_H
#define PLAN_CONTROL_H

#include "points.h"

/*
 * Marks, in @again, one point of each family: the points of the same kind of
 * guest, workload and sink, of one guest or of several. Of a family the point
 * with most repetitions is taken, of these one of the server that has fewest
 * controls yet. The first family is always marked, the others while they add at
 * most CONTROL_SHARE to the estimated time of the sweep.
 */
void control_choose(const struct points *points, const struct config *config, bool *again);

#define CONTROL_SHARE 0.1

#endif
