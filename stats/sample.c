// SPDX-License-Identifier: GPL-2.0-only
/* Median, spread and intervals of a handful of repetitions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "sample.h"

/* Tails of 2.5 % of 2,000 are 50 samples each: their edge is stable to a few of them. */
#define DRAWS 2000

void *checked(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "vhostlab: stats: out of memory: close other programs\n");
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double *sorted_copy(const double *value, int n)
{
	double *sorted = checked(malloc((n ? n : 1) * sizeof(double)));

	if (n)
		memcpy(sorted, value, n * sizeof(double));
	qsort(sorted, n, sizeof(double), by_value);
	return sorted;
}

static double middle(const double *sorted, int n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

struct summary summarise(const struct sample *sample)
{
	struct summary s = { .count = sample->count };
	int n = sample->count;
	double *sorted;

	if (!n)
		return s;
	sorted = sorted_copy(sample->value, n);
	s.min = sorted[0];
	s.max = sorted[n - 1];
	s.median = middle(sorted, n);
	free(sorted);
	return s;
}

double spread(const struct sample *sample)
{
	struct summary s = summarise(sample);

	if (s.max == s.min)
		return 0;
	return s.median ? (s.max - s.min) / fabs(s.median) : INFINITY;
}

/* Median of as many values as there are, drawn with replacement; @scratch has room for them. */
static double drawn_median(const struct sample *sample, double *scratch, uint64_t *state)
{
	int n = sample->count;

	for (int i = 0; i < n; i++)
		scratch[i] = sample->value[random_next(state) % n];
	qsort(scratch, n, sizeof(double), by_value);
	return middle(scratch, n);
}

static struct interval cut(double *drawn)
{
	int tail = (int)(DRAWS * (1 - CONFIDENCE) / 2);

	qsort(drawn, DRAWS, sizeof(double), by_value);
	return (struct interval){ drawn[tail], drawn[DRAWS - 1 - tail] };
}

struct interval bootstrap_median(const struct sample *sample, uint64_t seed)
{
	struct interval none = { NAN, NAN };
	double drawn[DRAWS], *scratch;

	if (sample->count < 2)
		return none;
	scratch = checked(malloc(sample->count * sizeof(double)));
	for (int i = 0; i < DRAWS; i++)
		drawn[i] = drawn_median(sample, scratch, &seed);
	free(scratch);
	return cut(drawn);
}

struct interval bootstrap_ratio(const struct sample *a, const struct sample *b, uint64_t seed)
{
	int most = a->count > b->count ? a->count : b->count;
	struct interval none = { NAN, NAN };
	double drawn[DRAWS], *scratch;

	if (a->count < 2 || b->count < 2)
		return none;
	scratch = checked(malloc(most * sizeof(double)));
	for (int i = 0; i < DRAWS; i++) {
		double below = drawn_median(a, scratch, &seed);
		double above = drawn_median(b, scratch, &seed);

		/* A ratio to 0 is none, and one to a negative number has its ends exchanged. */
		if (below <= 0) {
			free(scratch);
			return none;
		}
		drawn[i] = above / below;
	}
	free(scratch);
	return cut(drawn);
}

struct interval order_interval(const double *sorted, int n)
{
	struct interval found = { NAN, NAN };
	double outside = 0;

	/*
	 * Each value lies below the median with probability 1/2. The median is
	 * missed on one side when fewer than k + 1 do: a binomial tail, whose
	 * first term is less than the least double from 1,075 values on.
	 */
	for (int k = 0; k < n / 2; k++) {
		outside += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2));
		if (2 * outside > 1 - CONFIDENCE)
			break;
		found = (struct interval){ sorted[k], sorted[n - 1 - k] };
	}
	return found;
}

struct interval median_range(const struct sample *s)
{
	double *sorted = sorted_copy(s->value, s->count);
	struct interval in = order_interval(sorted, s->count);

	if (isnan(in.low))
		in = (struct interval){ sorted[0], sorted[s->count - 1] };
	free(sorted);
	return in;
}
