/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A window by time. Inside the window nothing looks at the time, as that would
 * be part of the cost; so a measurement of the packets asked for comes first,
 * in a process of its own, and tells how many packets the time has room for.
 */
#ifndef VL_CALIBRATE_H
#define VL_CALIBRATE_H

#include <stdio.h>

#include "point.h"

/*
 * Sets p->o.packets so that the window lasts about p->o.duration_ms: @measure is
 * run by a child of this process, with its result in a file. RC_ values.
 */
int calibrate(struct point *p, int (*measure)(struct point *p, FILE *out));

#endif
