/* SPDX-License-Identifier: GPL-2.0-only */
/* A sweep's configuration file, parsed and checked. */
#ifndef PLAN_CONFIG_H
#define PLAN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "vocab.h"

#define MAX_VALUES   32
#define MAX_KNOBS    16
#define MAX_SECTIONS 128

/* The values one axis or one knob takes in a section. */
struct value_list {
	char *value[MAX_VALUES];
	int count;
	int line; /* where it was given */
};

struct knob_list {
	const struct knob_info *info;
	struct value_list list;
};

/* A block of cells, or [defaults]: axes that are not given have count 0. */
struct section {
	char *name;
	int line;
	struct value_list axis[AXIS_COUNT];
	struct knob_list knob[MAX_KNOBS];
	int knob_count;
	long packets; /* 0: not given */
	long repetitions; /* 0: not given */
};

struct config {
	const char *path;
	char *experiment; /* the file's name without folder and .conf */
	char *question;
	struct value_list kernel; /* at least one: the lab is booted with each in turn */
	char *append; /* parameters of its command line, separated by spaces */
	char *clock;
	long timeout; /* seconds a single point may take */
	long duration; /* ms that a window lasts; 0: as many packets as asked for */
	bool control; /* some cells are measured twice: the A/A control */
	double precision; /* repetitions end when figures are known to this share; 0: never */
	struct value_list include; /* files whose sections are part of this one */
	struct section defaults;
	struct section section[MAX_SECTIONS];
	int section_count;
};

/*
 * Reads @path. Every mistake is reported on stderr with its line, what is wrong and
 * what is allowed; then the result is false. What it allocates lives as long as
 * the process.
 */
bool config_read(struct config *config, const char *path);

#endif
