// SPDX-License-Identifier: GPL-2.0-only
/* The module's own counters of one device, out of debugfs, as a piece of JSON. */
#include "module.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/common.h"

#define ROOT "/sys/kernel/debug/vhostlab"

void module_devices(struct module_devices *d)
{
	DIR *dir = opendir(ROOT);
	struct dirent *e;

	memset(d, 0, sizeof(*d));
	while (dir && (e = readdir(dir))) {
		unsigned long id = strtoul(e->d_name, NULL, 10);

		if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && id < MODULE_DEVICES)
			d->there[id] = true;
	}
	if (dir)
		closedir(dir);
}

int module_new_device(const struct module_devices *before)
{
	struct module_devices now;
	int found = -1;

	module_devices(&now);
	for (int i = 0; i < MODULE_DEVICES; i++) {
		if (!now.there[i] || before->there[i])
			continue;
		/* Another process opened one, too: which one is ours is not known. */
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

static bool queue_counters(FILE *out, int device, const char *queue)
{
	char path[64], name[64];
	const char *comma = "";
	uint64_t value;
	FILE *f;

	snprintf(path, sizeof(path), ROOT "/%d/%s", device, queue);
	f = fopen(path, "re");
	if (!f)
		return false;
	fprintf(out, "\"%s\":{", queue);
	while (fscanf(f, "%63s %" SCNu64, name, &value) == 2) {
		fprintf(out, "%s\"%s\":%" PRIu64, comma, name, value);
		comma = ",";
	}
	fputc('}', out);
	fclose(f);
	return *comma;
}

char *module_counters(int device)
{
	char *text = NULL;
	size_t len = 0;
	bool whole;
	FILE *out;

	if (device < 0)
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	fprintf(out, "{\"device\":%d,", device);
	whole = queue_counters(out, device, "rx");
	fputc(',', out);
	whole = queue_counters(out, device, "tx") && whole;
	fputc('}', out);
	if (fclose(out) || !whole) {
		free(text);
		return NULL;
	}
	return text;
}
