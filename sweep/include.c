// SPDX-License-Identifier: GPL-2.0-only
/* Sections of other configurations as if they stood in this one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include.h"
#include "kernels.h"

static bool mistake(const struct config *c, int line, const char *what, const char *name)
{
	fprintf(stderr, "vhostlab: config: %s:%d: include %s: %s\n", c->path, line, name, what);
	return false;
}

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "vhostlab: config: out of memory: close other programs\n");
	exit(1);
}

/* The path of a file that lies beside the configuration that names it. */
static char *beside(const struct config *c, const char *name)
{
	const char *slash = strrchr(c->path, '/');
	int folder = slash ? (int)(slash - c->path) + 1 : 0;
	size_t size = folder + strlen(name) + 1;
	char *path = checked(malloc(size));

	snprintf(path, size, "%.*s%s", folder, c->path, name);
	return path;
}

/* What a section takes from [defaults] becomes its own, so that it means the same anywhere. */
static bool fold_defaults(struct section *s, const struct section *defaults)
{
	for (int a = 0; a < AXIS_COUNT; a++)
		if (!s->axis[a].count)
			s->axis[a] = defaults->axis[a];
	for (int i = 0; i < defaults->knob_count; i++) {
		bool own = false;

		for (int j = 0; j < s->knob_count; j++)
			own = own || s->knob[j].info == defaults->knob[i].info;
		if (own)
			continue;
		if (s->knob_count == MAX_KNOBS)
			return false;
		s->knob[s->knob_count++] = defaults->knob[i];
	}
	if (!s->packets)
		s->packets = defaults->packets;
	if (!s->repetitions)
		s->repetitions = defaults->repetitions;
	return true;
}

static bool append(struct config *config, const char *name, int line)
{
	struct config *from = checked(calloc(1, sizeof(*from)));

	if (strchr(name, '/'))
		return mistake(config, line, "name a file in the same folder, without a slash",
			       name);
	/* Its words live on in the sections, so nothing of it is freed. */
	if (!config_read(from, beside(config, name)))
		return mistake(config, line, "it is not usable: see the line above", name);
	if (from->include.count)
		return mistake(config, line, "it includes others itself: name those here", name);
	if (strcmp(from->clock, config->clock) || !kernels_same(from, config) ||
	    strcmp(from->append, config->append))
		return mistake(
			config, line,
			"it asks for another clock or kernel (or append): sweep it by itself",
			name);
	if (from->timeout > config->timeout)
		config->timeout = from->timeout;
	for (int i = 0; i < from->section_count; i++) {
		struct section *s = &config->section[config->section_count];

		if (config->section_count == MAX_SECTIONS)
			return mistake(config, line, "too many sections: sweep it by itself", name);
		*s = from->section[i];
		if (!fold_defaults(s, &from->defaults))
			return mistake(config, line, "too many knobs in one section: split it",
				       name);
		config->section_count++;
	}
	return true;
}

bool config_include(struct config *config)
{
	const struct section *d = &config->defaults;
	const struct value_list *list = &config->include;
	bool any = d->knob_count;

	for (int a = 0; a < AXIS_COUNT; a++)
		any = any || d->axis[a].count;
	if (any && list->count)
		return mistake(config, list->line,
			       "it stands beside [defaults]: move those into the sections",
			       list->value[0]);
	for (int i = 0; i < list->count; i++)
		if (!append(config, list->value[i], list->line))
			return false;
	return true;
}
