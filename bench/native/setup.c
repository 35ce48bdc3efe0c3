// SPDX-License-Identifier: GPL-2.0-only
/* What a server of the native rig is told, from the options: see setup.h. */
#include "setup.h"

#include <stdlib.h>
#include <string.h>

#include "rig_tap.h"

/* The module's parameters, with its defaults. Returns an RC_ value. */
static int module_knobs(struct rig_setup *s, const struct options *o)
{
	s->tx_batch = s->rx_batch = 64;
	s->packet_weight = 256;
	for (unsigned int i = 0; i < o->module_knobs; i++) {
		const struct knob *k = &o->module_knob[i];
		const struct {
			const char *name;
			unsigned int *value;
			unsigned int most;
		} numbers[] = {
			{ "tx_batch", &s->tx_batch, 256 },
			{ "rx_batch", &s->rx_batch, 256 },
			{ "packet_weight", &s->packet_weight, 1 << 20 },
		};
		bool known = false;

		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++) {
			char *end;
			unsigned long n;

			if (strcmp(k->name, numbers[j].name))
				continue;
			n = strtoul(k->value, &end, 10);
			known = !*end && n && n <= numbers[j].most;
			*numbers[j].value = n;
		}
		if (!strcmp(k->name, "prefetch")) {
			s->prefetch = !strcmp(k->value, "1");
			known = s->prefetch || !strcmp(k->value, "0");
		} else if (!strcmp(k->name, "ring_access")) {
			s->pinned = !strcmp(k->value, "pinned");
			known = s->pinned || !strcmp(k->value, "uaccess");
		} else if (!strcmp(k->name, "without")) {
			int bits = rig_without(k->value);

			known = bits >= 0;
			s->without = bits;
		}
		if (!known)
			return fail(RC_USAGE,
				    "unknown knob: %s=%s: clock native has without, "
				    "prefetch, ring_access, tx_batch, rx_batch and "
				    "packet_weight of the module's",
				    k->name, k->value);
	}
	return RC_OK;
}

int setup_server(const struct rig_server *s, const struct options *o, struct driver *d,
		 uint64_t frames)
{
	struct tap_setup tap = {
		.mode = o->workload == WORK_RX	 ? TAP_SOURCE
			: o->workload == WORK_RR ? TAP_REFLECT
						 : TAP_DROP,
		.check = o->sink == SINK_CHECK,
		.size = o->size,
		.burst = o->burst,
		.frames = frames,
	};
	struct rig_setup setup = {
		.num = o->ring,
		.packed = o->packed,
		.event_idx = o->event_idx,
		.in_order = o->in_order,
		.mergeable = o->mrg_rxbuf,
		.version_1 = o->version_1,
		.copies = o->copy,
	};
	int rc = module_knobs(&setup, o);

	if (rc)
		return rc;
	driver_describe(d, &setup);
	if (tap_begin(&tap))
		return fail(RC_FAIL, "out of memory: tap: give the machine more");
	if (s->open(&setup))
		return fail(RC_FAIL, "server: %s: it refuses this ring", server_name(o->server));
	return RC_OK;
}
