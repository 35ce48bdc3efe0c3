/* SPDX-License-Identifier: GPL-2.0-only */
/* The server without a ring and without a guest: what the tap alone costs. */
#ifndef VL_FLOOR_H
#define VL_FLOOR_H

#include "server.h"

/* Opens the module's device; server_stop() closes it. */
int floor_start(struct server *s);

/*
 * @count turns, each of which moves @send frames of the workload to the tap
 * and then @take from it. RC_ value.
 */
int floor_turns(const struct server *s, const struct tap *t, unsigned int send, unsigned int take,
		uint64_t count);

#endif
