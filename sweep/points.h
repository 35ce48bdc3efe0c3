/* SPDX-License-Identifier: GPL-2.0-only */
/* The points of a sweep: cross product of a configuration, filtered and named. */
#ifndef PLAN_POINTS_H
#define PLAN_POINTS_H

#include <jansson.h>
#include <stdbool.h>

#include "config.h"

struct point {
	const char *value[AXIS_COUNT];
	const char *kernel; /* as the configuration names it */
	const char *knob[MAX_KNOBS]; /* values, in the order of info[] */
	const struct knob_info *info[MAX_KNOBS]; /* only knobs off their default */
	int knob_count;
	long packets;
	long repetitions;
	char hash[17]; /* of all settings */
	bool control; /* the A/A control: has the settings of another point */
	int group; /* points that follow each other: the servers of a cell, or one boot of QEMU */
};

struct points {
	struct point *point;
	int count;
	int groups;
	long most; /* repetitions of a point, at most; those of another share count, too */
};

/* One condition "axis=a|b" of --only; all must hold. */
struct filter {
	char *name;
	char *value[MAX_VALUES];
	int count;
};

/* Conditions of one --only. */
#define MAX_FILTERS (AXIS_COUNT + MAX_KNOBS + 1)

/* Is it of a server, so that the others of its cell do not have it? */
static inline bool knob_of_server(const struct knob_info *info)
{
	return info->side == KNOB_INTREE || info->side == KNOB_MODULE || info->side == KNOB_VMM;
}

/* Parses "server=vhostlab|intree,size=64"; false after one line on stderr. */
bool filter_parse(const char *text, struct filter *filter, int *count);

/* Crosses the sections of @config; false after one line on stderr. */
bool points_make(struct points *points, const struct config *config, const struct filter *filter,
		 int filter_count);

/*
 * The identity fields of the result contract as a new object, without rep. The kernel is one of
 * them where the configuration has several.
 */
json_t *point_identity(const struct point *point, const struct config *config);

#endif
