// SPDX-License-Identifier: GPL-2.0-only
/* Corrections for many tests. */
#include <math.h>
#include <stdlib.h>

#include "family.h"
#include "sample.h"

struct place {
	double p;
	int at;
};

static int by_p(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

void holm(double *p, int n)
{
	struct place *order = checked(malloc((n ? n : 1) * sizeof(*order)));
	double worst = 0;

	for (int i = 0; i < n; i++)
		order[i] = (struct place){ p[i], i };
	qsort(order, n, sizeof(*order), by_p);
	for (int i = 0; i < n; i++) {
		worst = fmax(worst, fmin(1, order[i].p * (n - i)));
		p[order[i].at] = worst;
	}
	free(order);
}

/*
 * Tarone's count: with as many tests as this, no more than this many can reach
 * their share of @level at all. The others can never be significant, so they
 * are left out, and the level is not shared with them.
 */
static int tests_of(const struct test *test, int n, double level)
{
	int tests = 0, reach;

	do {
		tests++;
		reach = 0;
		for (int i = 0; i < n; i++)
			reach += test[i].least <= level / tests;
	} while (reach > tests);
	return tests;
}

int family_correct(struct test *test, int n, double level)
{
	double *p = checked(malloc((n ? n : 1) * sizeof(*p)));
	double share = level / tests_of(test, n, level);
	int count = 0, next = 0;

	for (int i = 0; i < n; i++) {
		test[i].counts = test[i].least <= share;
		if (test[i].counts)
			p[count++] = test[i].p;
	}
	holm(p, count);
	for (int i = 0; i < n; i++)
		test[i].p = test[i].counts ? p[next++] : 1;
	free(p);
	return count;
}
