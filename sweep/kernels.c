// SPDX-License-Identifier: GPL-2.0-only
/* The kernels a configuration is measured on. */
#include <stdio.h>
#include <string.h>

#include "kernels.h"

static bool refuse(const char *name, const char *why)
{
	fprintf(stderr, "vhostlab: --kernel: %s %s\n", *name ? name : "a name that is empty", why);
	return false;
}

bool kernels_set(struct config *config, char *text)
{
	struct value_list list = { 0 };
	char why[200];

	for (char *name = text, *next; name; name = next) {
		next = strchr(name, ',');
		if (next)
			*next++ = '\0';
		if (!kernel_check(name, why, sizeof(why)))
			return refuse(name, why);
		if (list.count == MAX_VALUES)
			return refuse(name, "is one too many: sweep it by itself");
		for (int i = 0; i < list.count; i++)
			if (!strcmp(list.value[i], name))
				return refuse(name, "is named twice: remove one");
		list.value[list.count++] = name;
	}
	config->kernel = list;
	return true;
}

bool kernels_same(const struct config *a, const struct config *b)
{
	for (int i = 0; i < a->kernel.count && i < b->kernel.count; i++)
		if (strcmp(a->kernel.value[i], b->kernel.value[i]))
			return false;
	return a->kernel.count == b->kernel.count;
}
