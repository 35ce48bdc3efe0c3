/* SPDX-License-Identifier: GPL-2.0-only */
/* Counted instructions of measured windows, by function: what bench/probe/exact.c wrote. */
#ifndef STATS_PROFILE_H
#define STATS_PROFILE_H

#include <jansson.h>
#include <stdbool.h>

struct share {
	const char *function, *object, *side;
	double instructions; /* per packet, idle time excluded */
};

/* One cell; of its repetitions, all together. */
struct profile {
	json_t *head; /* what was measured: first line of the file */
	char *place; /* workload, sink, size, burst: what compared cells share */
	char *name; /* server and knobs */
	double packets, clock, counted; /* sums of all repetitions */
	struct share *share;
	int shares;
};

struct profiles {
	struct profile *profile;
	int count;
};

/*
 * Adds a file, or all files NAME.functions of a folder and of its raw/. Files of one cell are added
 * up. False after one line on stderr: none is there, or one is damaged or has samples.
 */
bool profiles_read(struct profiles *p, const char *path);

const char *profile_field(const struct profile *p, const char *field);

#endif
