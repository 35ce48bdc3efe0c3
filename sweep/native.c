// SPDX-License-Identifier: GPL-2.0-only
/* Clock native: what the rig of bench/native can measure. */
#include <stdio.h>
#include <string.h>

#include "native.h"

static bool is_one(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

bool native_has(const struct point *p)
{
	static const char *const workloads[] = { "tx", "rx", "rr", "stream", NULL };
	static const char *const sinks[] = { "drop", "check", NULL };
	static const char *const servers[] = { "vhostlab", "intree", NULL };
	static const char *const has[] = { "event_idx", "indirect",	 "packed",
					   "in_order",	"ring",		 "cores",
					   "publish",	"copy",		 "tx_batch",
					   "rx_batch",	"packet_weight", "ring_access",
					   "without",	"prefetch",	 NULL };

	for (int i = 0; i < p->knob_count; i++)
		if (!is_one(p->info[i]->name, has) ||
		    (!strcmp(p->info[i]->name, "copy") && !strcmp(p->value[AXIS_SINK], "check")))
			return false;
	if (!strcmp(p->value[AXIS_WORKLOAD], "rr") && strcmp(p->value[AXIS_BURST], "1"))
		return false;
	return is_one(p->value[AXIS_WORKLOAD], workloads) && is_one(p->value[AXIS_SINK], sinks) &&
	       is_one(p->value[AXIS_SERVER], servers) && !strcmp(p->value[AXIS_GUEST], "process") &&
	       !strcmp(p->value[AXIS_QUEUES], "1") && !strcmp(p->value[AXIS_GUESTS], "1");
}

/* What of a point only the rig has, or NULL. */
static const char *only_native(const struct point *p)
{
	for (int i = 0; i < p->knob_count; i++)
		if (p->info[i]->side == KNOB_RIG)
			return p->info[i]->name;
	return strcmp(p->value[AXIS_SINK], "drop") ? NULL : "sink = drop";
}

bool native_check(const struct points *points, const struct config *config)
{
	if (native_clock(config)) {
		if (config->kernel.count == 1 && !strcmp(config->kernel.value[0], "default") &&
		    !*config->append)
			return true;
		fprintf(stderr,
			"vhostlab: config: %s: clock = native measures without a kernel of the "
			"lab: remove kernel and append\n",
			config->path);
		return false;
	}
	for (int i = 0; i < points->count; i++) {
		const char *what = only_native(&points->point[i]);

		if (!what)
			continue;
		fprintf(stderr,
			"vhostlab: config: %s: %s is of the native rig: write clock = native in "
			"[sweep], or remove it\n",
			config->path, what);
		return false;
	}
	return true;
}
