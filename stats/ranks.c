// SPDX-License-Identifier: GPL-2.0-only
/* Mann-Whitney test and its size of effect. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

struct ranked {
	double value;
	int rank2; /* twice the mean rank, so that ties stay whole numbers */
	bool small; /* belongs to the smaller sample */
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Both samples in one ascending row with their ranks; @ties becomes the sum of t^3 - t. */
static struct ranked *rank(const struct sample *small, const struct sample *large, double *ties)
{
	int n = small->count + large->count;
	struct ranked *all = checked(calloc(n, sizeof(*all)));

	for (int i = 0; i < n; i++) {
		all[i].small = i < small->count;
		all[i].value = all[i].small ? small->value[i] : large->value[i - small->count];
	}
	qsort(all, n, sizeof(*all), by_value);
	*ties = 0;
	for (int i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && all[end].value == all[i].value; end++)
			;
		for (int j = i; j < end; j++)
			all[j].rank2 = i + 1 + end;
		*ties += pow(end - i, 3) - (end - i);
	}
	return all;
}

/*
 * Counts the ways to choose k of the ranks by their sum, for all k at once: a
 * rank more is either left out or in. Then adds up those at least as far from
 * the mean as the observed sum, and those farthest of all.
 */
static void count_out(struct mann_whitney *test, const struct ranked *all, int n, int k, int sum2)
{
	int mean2 = k * (n + 1), width = 2 * k * n + 1, farthest = -1;
	double *ways = checked(calloc((size_t)(k + 1) * width, sizeof(double)));
	double total = 0, beyond = 0, extreme = 0;

	ways[0] = 1;
	for (int i = 0; i < n; i++)
		for (int j = k < i + 1 ? k : i + 1; j > 0; j--)
			for (int s = all[i].rank2; s < width; s++)
				ways[j * width + s] += ways[(j - 1) * width + s - all[i].rank2];
	for (int s = 0; s < width; s++) {
		double count = ways[k * width + s];
		int distance = abs(s - mean2);

		if (!count)
			continue;
		total += count;
		if (distance >= abs(sum2 - mean2))
			beyond += count;
		if (distance > farthest)
			extreme = 0;
		if (distance >= farthest) {
			farthest = distance;
			extreme += count;
		}
	}
	free(ways);
	test->p = beyond / total;
	test->least = extreme / total;
}

/* Two-sided p of a rank sum that far from its mean, both in half ranks. */
static double normal_p(double distance2, double sigma)
{
	double distance = distance2 / 2 - 0.5;

	if (sigma <= 0 || distance <= 0)
		return 1;
	return erfc(distance / sigma / sqrt(2));
}

struct mann_whitney mann_whitney(const struct sample *a, const struct sample *b)
{
	bool swap = b->count > a->count;
	const struct sample *small = swap ? a : b, *large = swap ? b : a;
	int k = small->count, n = k + large->count, sum2 = 0, low2 = 0, high2 = 0;
	struct mann_whitney test = { .exact = n <= EXACT_MOST };
	struct ranked *all;
	double ties, u;

	all = rank(small, large, &ties);
	for (int i = 0; i < n; i++)
		if (all[i].small)
			sum2 += all[i].rank2;
	u = sum2 / 2.0 - k * (k + 1) / 2.0;
	test.u = swap ? (double)k * large->count - u : u;
	if (test.exact) {
		count_out(&test, all, n, k, sum2);
	} else {
		double sigma = sqrt((double)k * large->count / 12 *
				    (n + 1 - ties / ((double)n * (n - 1))));
		int mean2 = k * (n + 1);

		for (int i = 0; i < k; i++) {
			low2 += all[i].rank2;
			high2 += all[n - 1 - i].rank2;
		}
		test.p = normal_p(abs(sum2 - mean2), sigma);
		test.least = fmin(normal_p(mean2 - low2, sigma), normal_p(high2 - mean2, sigma));
	}
	free(all);
	return test;
}

double hodges_lehmann(const struct sample *a, const struct sample *b)
{
	int n = a->count * b->count;
	double *difference = checked(malloc((n ? n : 1) * sizeof(double)));
	struct sample all = { difference, n };
	double shift;

	for (int i = 0; i < n; i++)
		difference[i] = b->value[i % b->count] - a->value[i / b->count];
	shift = summarise(&all).median;
	free(difference);
	return shift;
}

int repetitions_needed(int tests, double level)
{
	double p = 2;
	int n;

	/* Two sides of n that part wholly: 2 of (2n over n) assignments are so far apart. */
	for (n = 1; n < 1000; n++) {
		p = p * n / (2 * (2 * n - 1));
		if (p * (tests ? tests : 1) <= level)
			break;
	}
	return n;
}
