/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls by task and name, exits of the guest by reason, kicks and calls. */
#ifndef VM_CALLS_H
#define VM_CALLS_H

#include <jansson.h>
#include <stdbool.h>

#include "roles.h"

struct event;

struct calls {
	struct event *event;
	unsigned int count;
};

/* Opens one counter of the kernel for each name and task; nothing counts yet. */
int calls_open(struct calls *calls, const struct roles *roles);

/* Starts or stops all of them. */
int calls_enable(bool on);

/*
 * Reads and closes them: @by_role gets {role: {name: N}}, @exits {reason: N},
 * @kicks and @msis a number each, or null where no guest runs on KVM.
 */
int calls_read(struct calls *calls, json_t **by_role, json_t **exits, json_t **kicks,
	       json_t **msis);

#endif
