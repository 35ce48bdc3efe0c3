// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics against figures of others: the published table of critical values
 * of U, and p values that SciPy 1.10.1 gives (mannwhitneyu, and for ties an
 * enumeration of all assignments).
 */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "family.h"
#include "histogram.h"
#include "ranks.h"
#include "signs.h"

#define SAMPLE(...) \
	{ \
		(double[]){ __VA_ARGS__ }, sizeof((double[]){ __VA_ARGS__ }) / sizeof(double) \
	}

static void near(double got, double want)
{
	if (!(fabs(got - want) < 1e-9))
		fail_msg("got %.12g, want %.12g", got, want);
}

/* p of two samples without ties whose U is @u: of m + n values, b's are moved up until it is. */
static double p_of_u(int m, int n, int u)
{
	double a[32], b[32];
	struct sample x = { a, m }, y = { b, n };
	struct mann_whitney test;
	int full = u / m, rest = u % m;

	/* b's values stand below all of a's but the last ones, which stand above; one is in between. */
	for (int i = 0; i < m; i++)
		a[i] = 100 + i;
	for (int i = 0; i < n; i++)
		b[i] = i < n - full ? i : 200 + i;
	if (rest)
		b[n - full - 1] = 100 + rest - 0.5;
	test = mann_whitney(&x, &y);
	assert_true(test.exact);
	assert_true(test.u == u);
	return test.p;
}

static void critical_values(void **state)
{
	/* Largest U significant at 5 %, two-sided, as the tables in textbooks have it. */
	static const struct {
		int m, n, u;
	} table[] = {
		{ 4, 4, 0 }, { 5, 5, 2 },    { 4, 6, 2 },     { 6, 6, 5 },    { 5, 8, 6 },
		{ 7, 7, 8 }, { 7, 9, 12 },   { 8, 8, 13 },    { 10, 10, 23 }, { 12, 15, 49 },
		{ 3, 5, 0 }, { 15, 15, 64 }, { 20, 20, 127 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(p_of_u(table[i].m, table[i].n, table[i].u) <= 0.05);
		assert_true(p_of_u(table[i].m, table[i].n, table[i].u + 1) > 0.05);
	}
	/* Too few for any. */
	assert_true(p_of_u(3, 3, 0) > 0.05);
	assert_int_equal(repetitions_needed(1, 0.05), 4);
	assert_int_equal(repetitions_needed(10, 0.05), 6);
}

static void known_p(void **state)
{
	struct sample a = SAMPLE(1.1, 2.2, 3.3), b = SAMPLE(4.4, 5.5, 6.6);
	struct sample c = SAMPLE(1, 3, 5, 7, 9), d = SAMPLE(2, 4, 6, 8, 10, 12, 14);
	struct sample e = SAMPLE(19, 22, 16, 29, 24), f = SAMPLE(20, 11, 17, 12);
	struct sample g = SAMPLE(1, 1, 2, 2, 3), h = SAMPLE(2, 3, 3, 4, 4, 4);
	struct sample k = SAMPLE(0, 0, 0, 1), l = SAMPLE(0, 1, 1, 1, 1);
	struct sample same = SAMPLE(7, 7, 7, 7, 7);

	(void)state;
	near(mann_whitney(&a, &b).p, 0.1);
	near(mann_whitney(&a, &b).least, 0.1);
	near(mann_whitney(&a, &b).u, 9);
	near(mann_whitney(&b, &a).u, 0);
	near(mann_whitney(&c, &d).p, 0.26767676767676774);
	near(mann_whitney(&c, &d).u, 25);
	near(mann_whitney(&e, &f).p, 0.1111111111111111);
	near(mann_whitney(&g, &h).p, 0.02813852813852814);
	near(mann_whitney(&h, &g).p, 0.02813852813852814);
	near(mann_whitney(&k, &l).p, 0.20634920634920634);
	near(mann_whitney(&same, &same).p, 1);
	near(mann_whitney(&same, &same).least, 1);
}

static void known_p_of_many(void **state)
{
	double a[40], b[35];
	struct sample x = { a, 40 }, y = { b, 35 };

	(void)state;
	for (int i = 0; i < 40; i++)
		a[i] = i * 37 % 41 / 4.0;
	for (int i = 0; i < 35; i++)
		b[i] = i * 29 % 43 / 4.0 + 1;
	assert_false(mann_whitney(&x, &y).exact);
	near(mann_whitney(&x, &y).p, 0.22389489785282968);
	/* Ties, most of all. */
	for (int i = 0; i < 40; i++)
		a[i] = i * 37 % 7;
	for (int i = 0; i < 35; i++)
		b[i] = i * 29 % 8;
	near(mann_whitney(&x, &y).p, 0.40938289297988706);
	near(mann_whitney(&x, &y).u, 777.5);
	for (int i = 0; i < 35; i++)
		b[i] = 100 + i;
	assert_true(mann_whitney(&x, &y).p < 1e-12);
	assert_true(mann_whitney(&x, &y).least <= mann_whitney(&x, &y).p);
}

static void both_ways_agree(void **state)
{
	double a[31], b[30];
	struct sample x = { a, 30 }, y = { b, 30 };
	double exact, normal;

	(void)state;
	/* 60 values are counted out; one more, far from none, and it is the normal distribution. */
	for (int i = 0; i < 31; i++)
		a[i] = i;
	for (int i = 0; i < 30; i++)
		b[i] = i + 5.5;
	assert_true(mann_whitney(&x, &y).exact);
	exact = mann_whitney(&x, &y).p;
	x.count = 31;
	assert_false(mann_whitney(&x, &y).exact);
	normal = mann_whitney(&x, &y).p;
	assert_true(fabs(exact - normal) < 0.03);
	assert_true(exact > 0.01 && exact < 0.05);
}

static void effect(void **state)
{
	struct sample a = SAMPLE(1, 2, 10), b = SAMPLE(4, 6), c = SAMPLE(1.5, 2.5, 10.5);

	(void)state;
	/* Differences 3 2 -6 5 4 -4: their median is 2.5. */
	near(hodges_lehmann(&a, &b), 2.5);
	near(hodges_lehmann(&b, &a), -2.5);
	near(hodges_lehmann(&a, &c), 0.5);
}

static void family(void **state)
{
	/* Holm's own scheme: times 4, 3, 2, 1 from the smallest on, never falling. */
	double p[] = { 0.02, 0.005, 0.04, 0.03 };

	(void)state;
	holm(p, 4);
	near(p[1], 0.02);
	near(p[0], 0.06);
	near(p[3], 0.06);
	near(p[2], 0.06);
}

static void signs(void **state)
{
	(void)state;
	/* Binomial tables: 2 * (1 + 8) / 2^8, and the middle, where both tails are all there is. */
	near(sign_test(7, 8).p, 18.0 / 256);
	near(sign_test(1, 8).p, 18.0 / 256);
	near(sign_test(4, 8).p, 1);
	near(sign_test(8, 8).p, sign_test(8, 8).least);
	near(sign_test(0, 0).p, 1);
	assert_int_equal(signs_needed(1, 0.05), 6);
	assert_int_equal(signs_needed(23, 0.05), 10);
}

/* Tests that cannot reach their share take none of the level; the others share it. */
static void few(void **state)
{
	struct test test[] = {
		{ .p = 0.01, .least = 0.001 },
		{ .p = 0.04, .least = 0.04 },
		{ .p = 0.02, .least = 0.001 },
	};

	(void)state;
	assert_int_equal(family_correct(test, 3, 0.05), 2);
	assert_true(test[0].counts && !test[1].counts && test[2].counts);
	near(test[0].p, 0.02);
	near(test[1].p, 1);
	near(test[2].p, 0.02);
}

static void intervals(void **state)
{
	double twenty[20], many[2000];
	struct sample s = { twenty, 20 }, small = SAMPLE(3, 1), one = SAMPLE(3),
		      flat = SAMPLE(5, 5, 5);
	struct interval first, again, other;

	(void)state;
	for (int i = 0; i < 20; i++)
		twenty[i] = i + 1;
	/* The 6th and 15th of 20 hold 95.9 %, the 1st and last of 6 96.9 %; 5 are too few. */
	near(order_interval(twenty, 20).low, 6);
	near(order_interval(twenty, 20).high, 15);
	near(order_interval(twenty, 10).low, 2);
	near(order_interval(twenty, 6).low, 1);
	near(order_interval(twenty, 6).high, 6);
	assert_true(isnan(order_interval(twenty, 5).low));
	for (int i = 0; i < 2000; i++)
		many[i] = i;
	/* By whole numbers: 2 * sum of (2000 over i), i to 955, is the last within 5 % of 2^2000. */
	near(order_interval(many, 2000).low, 955);
	near(order_interval(many, 2000).high, 1044);

	first = bootstrap_median(&s, 1);
	again = bootstrap_median(&s, 1);
	other = bootstrap_median(&s, 2);
	near(first.low, again.low);
	near(first.high, again.high);
	/* Of 20 evenly spaced values: the theory of the drawn median says 6.5 to 14.5, within a value. */
	assert_true(fabs(first.low - 6.5) <= 1 && fabs(first.high - 14.5) <= 1);
	assert_true(fabs(other.low - 6.5) <= 1 && fabs(other.high - 14.5) <= 1);
	near(bootstrap_median(&small, 1).low, 1);
	near(bootstrap_median(&small, 1).high, 3);
	near(bootstrap_median(&flat, 1).high, 5);
	assert_true(isnan(bootstrap_median(&one, 1).low));
	near(bootstrap_ratio(&flat, &small, 1).low, 0.2);
	near(bootstrap_ratio(&flat, &small, 1).high, 0.6);
	assert_true(isnan(bootstrap_ratio(&flat, &one, 1).low));
	near(spread(&small), 1);
	near(spread(&flat), 0);
}

/*
 * Does an interval that says 95 % hold the true median that often? 400 samples
 * of 12 from an exponential distribution, whose median is ln 2.
 */
static void coverage(void **state)
{
	uint64_t noise = 11;
	int held = 0, held_order = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		double value[12], *sorted;
		struct sample s = { value, 12 };
		struct interval in;

		for (int j = 0; j < 12; j++) {
			noise = noise * 6364136223846793005ull + 1442695040888963407ull;
			value[j] = -log(((noise >> 11) + 0.5) / 9007199254740992.0);
		}
		in = bootstrap_median(&s, i);
		held += in.low <= M_LN2 && M_LN2 <= in.high;
		sorted = sorted_copy(value, 12);
		in = order_interval(sorted, 12);
		held_order += in.low <= M_LN2 && M_LN2 <= in.high;
		free(sorted);
	}
	/* 380 of 400 are 95 %; the bootstrap of a median is known to fall a little short. */
	assert_in_range(held, 360, 395);
	assert_in_range(held_order, 372, 396);
}

static void merging(void **state)
{
	struct histogram one = { 0 }, two = { 0 }, both = { 0 }, empty = { 0 };
	struct bucket crooked = { 65, 67, 1 }, wide = { 64, 128, 1 };

	(void)state;
	assert_true(isnan(histogram_percentile(&both, 0.5)));
	for (uint64_t v = 1; v <= 5000; v++) {
		struct bucket bucket = bucket_of(v * v);

		assert_true(bucket.from <= v * v && v * v < bucket.to);
		assert_true((bucket.to - bucket.from) * 32 <= bucket.from || bucket.from < 64);
		assert_true(histogram_add(v % 3 ? &one : &two, &bucket));
		assert_true(histogram_add(&both, &bucket));
	}
	histogram_merge(&one, &two);
	histogram_merge(&one, &empty);
	assert_int_equal(one.buckets, both.buckets);
	assert_int_equal(one.count, 5000);
	for (int i = 0; i < both.buckets; i++) {
		assert_int_equal(one.bucket[i].from, both.bucket[i].from);
		assert_int_equal(one.bucket[i].count, both.bucket[i].count);
	}
	/* The square of a rank is known; a bucket's width is allowed. */
	for (int i = 1; i < 1000; i++) {
		double truth = pow(ceil(5 * i), 2);

		assert_true(fabs(histogram_percentile(&one, i / 1000.0) / truth - 1) <= 1.0 / 32);
	}
	near(histogram_percentile(&one, 0), 1);
	assert_false(histogram_add(&one, &crooked));
	assert_false(histogram_add(&one, &wide));
	assert_int_equal(one.count, 5000);
	free(one.bucket);
	free(two.bucket);
	free(both.bucket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(critical_values),
		cmocka_unit_test(known_p),
		cmocka_unit_test(known_p_of_many),
		cmocka_unit_test(both_ways_agree),
		cmocka_unit_test(effect),
		cmocka_unit_test(family),
		cmocka_unit_test(few),
		cmocka_unit_test(signs),
		cmocka_unit_test(intervals),
		cmocka_unit_test(coverage),
		cmocka_unit_test(merging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
