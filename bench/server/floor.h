/* SPDX-License-Identifier: GPL-2.0-only */
/* The server without a ring and without a guest: what the tap alone costs. */
#ifndef VL_FLOOR_H
#define VL_FLOOR_H

#include "point.h"

/* Opens the module's device; server_stop() closes it. */
int floor_start(struct server *s);

/* Any workload with any sink but check: warms up, measures, fills p->result. */
int floor_run(struct point *p);

#endif
