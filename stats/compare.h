/* SPDX-License-Identifier: GPL-2.0-only */
/* A comparison of two runs, or of two servers or kernels in one run, and its table. */
#ifndef STATS_COMPARE_H
#define STATS_COMPARE_H

#include "controls.h"
#include "label.h"

struct compare {
	const char *path[2]; /* twice the same when one run is split */
	const char *field; /* what splits it: server or kernel; NULL when runs are compared */
	const char *value[2]; /* of that field, on each side */
	struct cells run[2]; /* one or two of them, as they were read */
	struct controls controls[2]; /* of these */
	bool withheld; /* a control is apart, so no row has a star */
	struct cells side[2]; /* what is compared: the cells of two runs, or of one split */
	bool wanted[METRICS];
	double within; /* allowed relative difference, or negative: do not judge */
	double fail_over; /* allowed significant change for the worse, or negative */
	double level; /* of all stars together */
	bool json, all;
	struct row *row;
	int rows;
	struct family family;
	long beyond, over;
	long missing[2]; /* cells only in A, only in B */
	const struct cell *policy[2]; /* the first two that differ in the policy only, or NULL */
	long policies; /* cells of A of that kind */
	double worst;
	int common; /* cells on both sides */
	int cells; /* of these: with a value of a metric that is wanted */
	int differ, open; /* of these: with a row that differs; with too few repetitions to tell */
};

/* Significant, beyond the limit of --within, or measured on one side only. */
bool row_differs(const struct compare *compare, const struct row *row);

/* The rows that differ, the largest difference first, with --all the others, too; then sums. */
void print_table(const struct compare *compare);

#endif
