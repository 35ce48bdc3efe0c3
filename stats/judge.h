/* SPDX-License-Identifier: GPL-2.0-only */
/* Is a cell of one run different from the same cell of another, or is that noise? */
#ifndef STATS_JUDGE_H
#define STATS_JUDGE_H

#include "cells.h"

/*
 * Under the instruction clock a smaller difference is never taken for one: of a
 * guest that is a process, and of one that boots a kernel of its own, whose timers
 * and interrupts fall elsewhere in each window.
 */
#define EQUAL_WITHIN	    0.001
#define GUESTS_EQUAL_WITHIN 0.01

/* The chance of any star by noise, unless another is asked for. */
#define LEVEL 0.05

/* One metric of one cell in both runs. */
struct row {
	const struct cell *a, *b;
	enum metric metric;
	struct summary x, y;
	double difference; /* |y / x - 1| of the medians: 0 when both are 0, infinite when x only is */
	struct interval interval; /* of y / x */
	double shift; /* Hodges-Lehmann, in the unit of the metric */
	bool by_equality; /* instruction clock: see judge_row() */
	double apart; /* by equality: what the medians must differ by, in the unit of the metric */
	double threshold; /* the same as a share of the first median; infinite when that is 0 */
	double single; /* otherwise: p of Mann-Whitney, of this row alone */
	double p; /* the same by Holm, among all rows: set by judge_family() */
	double least; /* otherwise: the smallest p these values could give */
	bool constant; /* one value in all repetitions of both */
	bool few; /* too few repetitions to be ever significant */
	bool star; /* significant */
	bool worse; /* towards more cost, latency or loss; fewer packets */
};

struct family {
	int tests; /* wall clock: p values corrected together */
	int stars, worse, few;
};

/*
 * Medians, difference, interval, size of effect and, on the wall clock, p of
 * the repetitions, each of which gives one value. On the instruction clock
 * repetitions are equal but for a remainder the data show: different is what
 * differs by more than the repetitions of either cell among themselves, and by
 * more than EQUAL_WITHIN, of real guests GUESTS_EQUAL_WITHIN; a cell measured
 * once shows no remainder and is not judged.
 */
struct row judge_row(const struct cell *a, const struct cell *b, enum metric metric);

/*
 * Decides about all rows together: the chance that any of them gets a star
 * although nothing differs is at most @level; see family.h for how.
 */
struct family judge_family(struct row *row, int rows, double level);

#endif
