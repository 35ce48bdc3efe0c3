/* SPDX-License-Identifier: GPL-2.0-only */
/* Many tests at once: the level they have together. */
#ifndef STATS_FAMILY_H
#define STATS_FAMILY_H

#include <stdbool.h>

struct test {
	double p; /* of this test alone; after family_correct() among all of them */
	double least; /* the smallest p that its values could give, known without their sides */
	bool counts; /* set by family_correct(): it could be significant, so it is one of the tests */
};

/*
 * Corrects @n tests together, in place: the chance that any p is at most @level
 * although nothing differs is at most @level (Holm). Tests that could not reach
 * their share of the level, whatever their values, are left out, with a p of 1
 * (Tarone); which these are is known without looking at the sides, so it costs
 * nothing. Returns how many count.
 */
int family_correct(struct test *test, int n, double level);

/*
 * Holm's correction alone, in place: p values become such that those at most the
 * level can be called significant, all of them together with that level.
 */
void holm(double *p, int n);

#endif
