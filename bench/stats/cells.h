/* SPDX-License-Identifier: GPL-2.0-only */
/* A results file read into cells: repetitions of one point, metric by metric. */
#ifndef STATS_CELLS_H
#define STATS_CELLS_H

#include <jansson.h>
#include <stdbool.h>

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

/* The measured values of one metric in one cell, one a repetition. */
struct sample {
	double *value;
	int count; /* repetitions in which it was not null */
};

struct cell {
	json_t *identity; /* server, guest, workload, ..., knobs, clock, accel */
	char *key; /* identity without the accelerator, canonical text */
	struct sample sample[METRICS];
	int repetitions;
};

struct cells {
	struct cell *cell;
	int count;
};

struct summary {
	double median, min, max;
	int count;
};

/* The metric of that name, or -1. */
int metric_find(const char *name);

/*
 * Reads DIR/points.jsonl, or the file @path itself, sorted by workload, sink,
 * size, burst, knobs and server. A half-written last line does not count, and
 * of a point and repetition measured twice the last counts. False after one
 * line on stderr. The cells live as long as the process.
 */
bool cells_read(struct cells *cells, const char *path);

/* The cell with that key, or NULL. */
const struct cell *cells_find(const struct cells *cells, const char *key);

/* Median (mean of the middle two when even), smallest, largest. count is 0 when there is no value. */
struct summary summarise(const struct sample *sample);

#endif
