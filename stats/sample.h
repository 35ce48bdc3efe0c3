/* SPDX-License-Identifier: GPL-2.0-only */
/* One metric in one cell: a value a repetition, its median, and how sure that is. */
#ifndef STATS_SAMPLE_H
#define STATS_SAMPLE_H

#include <stdint.h>

/* Confidence of all intervals. */
#define CONFIDENCE 0.95

struct sample {
	double *value;
	int count; /* repetitions in which it was measured */
};

struct summary {
	double median, min, max;
	int count;
};

struct interval {
	double low, high;
};

/* Memory or the end of the program with one line. */
void *checked(void *memory);

/* A new sorted copy of @n values. */
double *sorted_copy(const double *value, int n);

/* Median (mean of the middle two when even), smallest, largest. count is 0 when there is no value. */
struct summary summarise(const struct sample *sample);

/* (largest - smallest) / median: 0 when all are equal, infinite when only the median is 0. */
double spread(const struct sample *sample);

/*
 * Intervals of CONFIDENCE by the bootstrap: medians of many samples drawn from
 * the measured one with replacement, cut at both tails. The same @seed gives
 * the same interval. With few repetitions it is too narrow: n values have only
 * so many medians, and below 6 none of their intervals holds 95 %. Both ends
 * are NAN below two values.
 */
struct interval bootstrap_median(const struct sample *sample, uint64_t seed);

/* The same of median(b) / median(a); also NAN when one drawn from @a is not positive. */
struct interval bootstrap_ratio(const struct sample *a, const struct sample *b, uint64_t seed);

/*
 * The interval of the median that assumes nothing, from order statistics: the
 * narrowest pair of measured values, equally far from both ends, that holds the
 * median of whatever they were drawn from with CONFIDENCE. Exists from 6 values
 * on; NAN below. @sorted ascends.
 */
struct interval order_interval(const double *sorted, int n);

/* That interval, or of fewer than 6 values their range: that all lie there is what is known. */
struct interval median_range(const struct sample *sample);

#endif
