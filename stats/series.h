/* SPDX-License-Identifier: GPL-2.0-only */
/* Many runs, and the cells that they have in common: one metric through time. */
#ifndef STATS_SERIES_H
#define STATS_SERIES_H

#include <stdio.h>

#include "cells.h"

struct run {
	json_int_t id;
	char *folder, *date, *revision, *kernel;
	struct cells cells;
};

/* A cell of one run, with the server that it has there. */
struct value {
	int run;
	const struct cell *cell;
};

/*
 * The same cell in all runs and with all servers. Another clock or accelerator is another series: an
 * instruction, an emulated nanosecond and a real one have no scale in common.
 */
struct series {
	char *key;
	struct cell plain; /* without server, clock and kernel, for its name */
	struct value *value; /* in the order of the runs, in one run in that of the servers */
	int values;
	int runs; /* that have it */
};

struct history {
	struct run *run; /* as they come: in the order of their dates */
	int runs;
	struct series *series;
	int count;
};

/*
 * Reads the lines of samples.sql that @only (or NULL) holds for, and finds the series in which
 * @metric was measured. False after one line on stderr.
 */
bool history_read(struct history *history, FILE *file, const char *only, enum metric metric);

#endif
