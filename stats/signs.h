/* SPDX-License-Identifier: GPL-2.0-only */
/* Is one of a pair larger than the other? Answers by the sign of each pair alone. */
#ifndef STATS_SIGNS_H
#define STATS_SIGNS_H

struct sign_test {
	double p; /* two-sided: so far from half of them, or farther, by chance */
	double least; /* the smallest p that as many pairs could give */
};

/* The sign test of @more out of @n pairs, of which none is a tie. */
struct sign_test sign_test(int more, int n);

/* Pairs from which on one of @tests can reach @level after the correction for all of them. */
int signs_needed(int tests, double level);

#endif
