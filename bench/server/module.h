/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters that vhostlab_net keeps of a device since it was opened. */
#ifndef VL_MODULE_H
#define VL_MODULE_H

#include <stdbool.h>

#define MODULE_DEVICES 1024

struct module_devices {
	bool there[MODULE_DEVICES];
};

/* Which devices are open now; none where there is no debugfs. */
void module_devices(struct module_devices *d);

/* The number of the device opened since, or -1 when that is not certain. */
int module_new_device(const struct module_devices *before);

/* Its counters as a JSON object the caller frees, or NULL. */
char *module_counters(int device);

#endif
