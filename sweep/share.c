// SPDX-License-Identifier: GPL-2.0-only
/* Which points of a sweep stay together when several machines measure it: see share.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "share.h"

/* More machines than any cluster has. */
#define MAX_SHARES 9999

static void *room(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		fprintf(stderr, "vhostlab: plan: out of memory: close other programs\n");
		exit(1);
	}
	return memory;
}

bool share_parse(const char *text, long *share, long *shares)
{
	char copy[32], *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (slash && parse_number(slash, 1, MAX_SHARES, shares) &&
	    parse_number(copy, 1, *shares, share))
		return true;
	fprintf(stderr,
		"vhostlab: --share: %s is not known; allowed: K/N, two whole numbers with K from 1 "
		"to N and N up to %d\n",
		text, MAX_SHARES);
	return false;
}

static void add_text(char *text, size_t size, const char *name, const char *value)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s=%s ", name, value);
}

/* What all servers of a cell have in common, on whatever kernel. */
static uint64_t cell_key(const struct point *p)
{
	char text[2048] = "cell ", packets[24];

	for (int i = 0; i < AXIS_COUNT; i++)
		if (i != AXIS_SERVER)
			add_text(text, sizeof(text), axes[i].name, p->value[i]);
	for (int i = 0; i < p->knob_count; i++)
		if (!knob_of_server(p->info[i]))
			add_text(text, sizeof(text), p->info[i]->name, p->knob[i]);
	snprintf(packets, sizeof(packets), "%ld", p->packets);
	add_text(text, sizeof(text), "packets", packets);
	return random_hash(text);
}

/* By which a point finds the floor it is compared with: as in stats/floor.c. */
static uint64_t floor_key(const struct point *p)
{
	static const enum axis axis[] = { AXIS_WORKLOAD, AXIS_SIZE, AXIS_BURST, AXIS_SINK };
	char text[1024] = "floor ";

	for (size_t i = 0; i < sizeof(axis) / sizeof(axis[0]); i++)
		add_text(text, sizeof(text), axes[axis[i]].name, p->value[axis[i]]);
	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "trace"))
			add_text(text, sizeof(text), "trace", p->knob[i]);
	return random_hash(text);
}

static int root_of(const int *unit, int group)
{
	while (unit[group] != group)
		group = unit[group];
	return group;
}

/* The groups of two points that have one key become one unit. */
static void join(const struct points *points, const uint64_t *key, const bool *has, int *unit)
{
	for (int i = 0; i < points->count; i++)
		for (int j = 0; has[i] && j < i; j++) {
			if (!has[j] || key[i] != key[j])
				continue;
			unit[root_of(unit, points->point[i].group)] =
				root_of(unit, points->point[j].group);
			break;
		}
}

int share_units(const struct points *points, int *unit)
{
	uint64_t *key = room(points->count, sizeof(*key));
	bool *has = room(points->count, sizeof(*has));
	int units = 0;

	for (int g = 0; g < points->groups; g++)
		unit[g] = g;
	for (int i = 0; i < points->count; i++) {
		key[i] = cell_key(&points->point[i]);
		has[i] = true;
	}
	join(points, key, has, unit);
	/* Where no floor is measured, its key joins nothing. */
	for (int i = 0; i < points->count; i++)
		key[i] = floor_key(&points->point[i]);
	for (int i = 0; i < points->count; i++) {
		has[i] = false;
		for (int j = 0; j < points->count && !has[i]; j++)
			has[i] = key[i] == key[j] &&
				 !strcmp(points->point[j].value[AXIS_SERVER], "floor");
	}
	join(points, key, has, unit);
	for (int g = 0; g < points->groups; g++) {
		unit[g] = root_of(unit, g);
		units += unit[g] == g;
	}
	free(key);
	free(has);
	return units;
}

bool share_keep(struct points *points, const int *order, int count, long share, long shares)
{
	int *unit = room(points->groups, sizeof(*unit)), dealt = 0, kept = 0;
	int *turn = room(points->groups, sizeof(*turn)), units = share_units(points, unit);

	for (int i = 0; i < count; i++)
		if (!turn[unit[order[i]]])
			turn[unit[order[i]]] = ++dealt;
	for (int i = 0; i < points->count; i++)
		if ((turn[unit[points->point[i].group]] - 1) % shares == share - 1)
			points->point[kept++] = points->point[i];
	points->count = kept;
	free(unit);
	free(turn);
	if (kept)
		return true;
	fprintf(stderr,
		"vhostlab: --share: %ld/%ld has no point: what must stay on one machine makes %d "
		"shares at most: ask for fewer\n",
		share, shares, units);
	return false;
}
