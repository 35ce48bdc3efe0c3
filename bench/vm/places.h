/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tasks of real guests run, on a machine whose processors are named. */
#ifndef VM_PLACES_H
#define VM_PLACES_H

#include <jansson.h>

#include "lib/clock.h"
#include "roles.h"

/*
 * Ties virtual processors and guests to the processor of the guest, what serves
 * them to that of the server, and all else in this network namespace, the tools
 * at the far end and this program, to that of the far end; several virtual
 * processors or guests to any of the list. Their work is then the measurement's
 * own. RC_ values.
 */
int places_bind(const struct roles *roles, const struct cpus *c);

/* What of it belongs to the result: "cpus" by role, and "noise" in the window. */
void places_json(json_t *result, const struct roles *roles, const struct cpus *c,
		 const struct window *w);

#endif
