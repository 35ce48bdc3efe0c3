/* SPDX-License-Identifier: GPL-2.0-only */
/* What a cell is called: in full, or by what sets it apart from the other cells of a table. */
#ifndef STATS_LABEL_H
#define STATS_LABEL_H

#include "cells.h"

enum axis { GUESTS, GUEST, QUEUES, WORKLOAD, SINK, SIZE, BURST, SERVER, CLOCK, KERNEL, AXES };

/* Which axes and knobs have more than one value among the cells added. Begin with zeroes. */
struct naming {
	const struct cell *first;
	int cells;
	bool varies[AXES];
	json_t *knobs; /* object: the names of those that vary */
};

void naming_add(struct naming *naming, const struct cell *cell);

/*
 * The axes and knobs of @cell that vary. Cells with different keys have different names. One cell
 * alone is named in full. The text is the caller's.
 */
char *naming_name(const struct naming *naming, const struct cell *cell);

/* The others, which all cells share, as a list that may be empty. The text is the caller's. */
char *naming_shared(const struct naming *naming);

/* Workload, sink, size x burst, server, kernel where the run has several, knobs; guests and queues
 * unless there is one of each. */
char *cell_label(const struct cell *cell);

#endif
