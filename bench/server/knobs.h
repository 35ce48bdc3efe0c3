/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters of the module: written for one device, then put back. */
#ifndef VL_KNOBS_H
#define VL_KNOBS_H

#include "lib/options.h"

struct knob_state {
	const struct options *o;
	unsigned int applied;
	char before[MAX_MODULE_KNOBS][128];
};

/* Writes o's module knobs. RC_USAGE for a name or a value the module refuses. */
int knobs_apply(struct knob_state *k, const struct options *o);

/* Writes back what was there; to be called whatever knobs_apply() returned. */
int knobs_restore(struct knob_state *k);

#endif
