// SPDX-License-Identifier: GPL-2.0-only
/* How many reads the io_uring server posts at once: bursts that repeat, grow and shrink. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#undef fail /* cmocka names a macro so, the bench a function */

#include "server/rounds.h"

/* What a burst cost: system calls that submit a round, reads that found nothing. */
struct cost {
	unsigned int submissions, idle;
};

/*
 * A burst of n frames arrives while one read waits: plays the server's part of
 * it. In the end one read waits for the next burst.
 */
static struct cost play(struct rounds *r, unsigned int n)
{
	struct cost cost = { 0 };
	unsigned int post, left = n;
	bool slept = true;

	assert_int_equal(r->pending, 1);
	while (left) {
		for (; left && r->pending; left--, slept = false)
			rounds_frame(r, slept);
		if (r->pending > 1) {
			cost.idle += r->pending;
			while (r->pending)
				rounds_cancelled(r);
		}
		post = rounds_next(r);
		assert_true(post <= ROUND_MAX);
		assert_int_equal(post == 0, r->pending == 1);
		rounds_posted(r, post);
		cost.submissions += post > 0;
	}
	/* What was posted last found nothing; all but one are taken back. */
	if (r->pending > 1) {
		cost.idle += r->pending;
		while (r->pending)
			rounds_cancelled(r);
		assert_int_equal(rounds_next(r), 1);
		rounds_posted(r, 1);
		cost.submissions++;
	}
	return cost;
}

static struct rounds waiting(void)
{
	struct rounds r = { 0 };

	assert_int_equal(rounds_next(&r), 1);
	rounds_posted(&r, 1);
	assert_int_equal(rounds_next(&r), 0);
	return r;
}

static void test_single_frames(void **state)
{
	struct rounds r = waiting();

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct cost cost = play(&r, 1);

		assert_int_equal(cost.submissions, 1);
		assert_int_equal(cost.idle, 0);
	}
}

static void test_equal_bursts(void **state)
{
	static const struct {
		unsigned int frames, submissions;
	} burst[] = { { 2, 1 }, { 16, 1 }, { 63, 1 }, { 64, 1 }, { 65, 2 }, { 256, 4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(burst); i++) {
		struct rounds r = waiting();

		play(&r, burst[i].frames);
		play(&r, burst[i].frames);
		for (int again = 0; again < 10; again++) {
			struct cost cost = play(&r, burst[i].frames);

			assert_int_equal(cost.submissions, burst[i].submissions);
			assert_int_equal(cost.idle, 0);
		}
	}
}

/* A longer burst costs few rounds, not one per frame. */
static void test_growing(void **state)
{
	struct rounds r = waiting();

	(void)state;
	play(&r, 1);
	assert_true(play(&r, 64).submissions <= 9);
	assert_int_equal(play(&r, 64).submissions, 1);
}

/* A shorter one costs unneeded reads once, then no more. */
static void test_shrinking(void **state)
{
	struct rounds r = waiting();

	(void)state;
	play(&r, 64);
	play(&r, 64);
	assert_int_equal(play(&r, 1).idle, 64);
	for (int i = 0; i < 10; i++)
		assert_int_equal(play(&r, 1).idle, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_frames),
		cmocka_unit_test(test_equal_bursts),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_shrinking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
