/* SPDX-License-Identifier: GPL-2.0-only */
/* A results file read into cells: repetitions of one point, metric by metric. */
#ifndef STATS_CELLS_H
#define STATS_CELLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "sample.h"

enum metric {
	PACKETS,
	LOST,
	CORRUPT,
	SECONDS,
	COST,
	ABOVE_FLOOR,
	SYSCALLS,
	KICKS,
	CALLS,
	LATENCY_P50,
	LATENCY_P99,
	LATENCY_P999,
	METRICS
};

extern const char *const metric_name[METRICS];

/* The scheduling policy that a name leaves out: that of the bench's guest and its servers. */
#define USUAL_POLICY "other"

struct cell {
	json_t *identity; /* server, guest, workload, ..., knobs, clock, accel, policy; kernel
			   * where the run has several */
	json_t *settings; /* the knobs, with policy where it is another than the usual one */
	char *key; /* identity without the accelerator, with settings as knobs, canonical text */
	char *bare; /* the same without the policy */
	uint64_t seed; /* for what is drawn at random: the same for the same cell every time */
	struct sample sample[METRICS];
	struct sample half[2]; /* of the cost: even and odd repetitions */
	struct histogram latency; /* of all repetitions */
	int repetitions;
	double loss; /* of the frames offered, in the repetition that lost most: 0 to 1 */
};

/*
 * An A/A control of a sweep is a cell measured once more under another
 * identity: the same question twice, so that what differs is noise. It has the
 * key of the cell it repeats, and stands apart from the others.
 */
struct cells {
	struct cell *cell;
	int count;
	struct cell *control;
	int controls;
};

/* The metric of that name, or -1. */
int metric_find(const char *name);

/*
 * Reads DIR/points.jsonl and DIR/control.jsonl, or the file @path itself, sorted by workload, sink,
 * size, burst, knobs and server. A half-written last line does not count, and
 * of a point and repetition measured twice the last counts. False after one
 * line on stderr. The cells live as long as the process.
 */
bool cells_read(struct cells *cells, const char *path);

/*
 * Adds one object of points.jsonl, in the order in which they come; false when a field of its
 * identity is missing. Of the same point and repetition, the caller adds one.
 */
bool cells_add(struct cells *cells, json_t *line);

/*
 * The cells in @all whose @field, server or kernel, is @value, without it in
 * identity and key, so that cells_find() has the same cell of another server or
 * kernel. No controls. False when there is none.
 */
bool cells_with(const struct cells *all, const char *field, const char *value, struct cells *only);

/* For qsort(): the order of cells_read(). */
int cell_order(const void *a, const void *b);

/* The cell with that key, or NULL. */
const struct cell *cells_find(const struct cells *cells, const char *key);

/*
 * The same cell as @cell under another scheduling policy, or NULL. What a packet costs depends on
 * the policy, so the two are not the same measurement.
 */
const struct cell *cells_other_policy(const struct cells *cells, const struct cell *cell);

/* The policy of the cell's guest and server: other, batch, or NULL where the bench sets none. */
const char *cell_policy(const struct cell *cell);

#endif
