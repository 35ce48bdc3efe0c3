/* SPDX-License-Identifier: GPL-2.0-only */
/* A latency histogram of many repetitions, merged bucket by bucket. */
#ifndef STATS_HISTOGRAM_H
#define STATS_HISTOGRAM_H

#include <stdbool.h>

#include "../bench/lib/buckets.h"

struct histogram {
	struct bucket *bucket; /* ascending, those that are not empty */
	int buckets;
	uint64_t count; /* values in all of them */
};

/* Adds a bucket's count; false, and nothing done, when the bucket is not one of the common grid. */
bool histogram_add(struct histogram *h, const struct bucket *bucket);

/* Adds all of @from to @to: what one histogram of both would hold. */
void histogram_merge(struct histogram *to, const struct histogram *from);

/*
 * The value below or at which a share @q (0 to 1) of all lies, spread evenly in
 * its bucket: at most one bucket's width, a 32nd, from the true one. NAN when
 * the histogram is empty.
 */
double histogram_percentile(const struct histogram *h, double q);

#endif
