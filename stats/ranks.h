/* SPDX-License-Identifier: GPL-2.0-only */
/* Are the values of one sample larger than those of another? Answers by rank, whatever their distribution. */
#ifndef STATS_RANKS_H
#define STATS_RANKS_H

#include <stdbool.h>

#include "sample.h"

/* Both samples together, up to which the distribution is counted out; beyond, it is taken as normal. */
#define EXACT_MOST 60

struct mann_whitney {
	double u; /* pairs with b above a, ties half */
	double p; /* two-sided: so far from the middle, or farther, by chance */
	double least; /* the smallest p that these values could give, in any other assignment */
	bool exact;
};

/*
 * The test of Mann and Whitney (Wilcoxon's rank sum). Ties share the mean of
 * their ranks; the exact distribution is that of all assignments of these very
 * values to the two sides, the normal one is corrected for ties and continuity.
 * Both samples must have a value.
 */
struct mann_whitney mann_whitney(const struct sample *a, const struct sample *b);

/*
 * The shift of Hodges and Lehmann: the median of all differences b - a, in the
 * unit of the values. It is the size of effect that belongs to the test above
 * and, unlike Cliff's delta, does not end at 1 when the samples part: with a few
 * repetitions of a quiet machine they part always, and then how far is the
 * question.
 */
double hodges_lehmann(const struct sample *a, const struct sample *b);

/* Repetitions a side from which on one of @tests can reach @level after the correction. */
int repetitions_needed(int tests, double level);

#endif
