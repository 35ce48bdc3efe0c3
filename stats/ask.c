// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask: numbers for a program that has samples of its own, such as the report.
 * A question is one line of JSON on stdin, its answer one line on stdout:
 *
 *   ["sample", [x, ...]]         of the numbers, nulls left out: n, median, min, max,
 *                                low and high (order statistics; all below 6), spread
 *   ["quotient", a, b]           a / b
 *   ["compare", "ratio", A, B]   how much A is of B (or "minus": how much more), with an
 *                                interval: n, median, low, high; A and B are objects of
 *                                values (an array) and the same by repetition (by)
 *   ["differ", "wall", level, [[A, B], ...]]
 *                                rows: do A and B differ (differ), is A more (more), could they
 *                                not have (few)? All rows together on the wall clock ("insn": by
 *                                equality), and by more than either with itself
 *   ["signs", level, [[true, ...], ...]]
 *                                of rows of pairs, a tie null: rows (n, more: how many are
 *                                true, p_single, p corrected for all rows, few: it could not
 *                                be significant), how many tests, and the pairs needed
 *
 * null where there is nothing to be computed.
 */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "judge.h"
#include "ranks.h"
#include "sample.h"
#include "signs.h"

static void add(struct sample *s, double value)
{
	s->value = checked(realloc(s->value, (s->count + 1) * sizeof(double)));
	s->value[s->count++] = value;
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* Nulls left out. */
static struct sample sample_of(const json_t *values)
{
	struct sample s = { 0 };
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value)
		if (json_is_number(value))
			add(&s, json_number_value(value));
	return s;
}

static json_t *ask_sample(const json_t *question)
{
	struct sample s = sample_of(json_array_get(question, 1));
	struct summary all = summarise(&s);
	struct interval in;
	json_t *answer;

	if (!s.count)
		return json_null();
	in = median_range(&s);
	answer = json_pack("{s:i,s:f,s:f,s:f,s:f,s:f,s:o}", "n", s.count, "median", all.median,
			   "min", all.min, "max", all.max, "low", in.low, "high", in.high, "spread",
			   number(spread(&s)));
	free(s.value);
	return answer;
}

static json_t *ask_quotient(const json_t *question)
{
	const json_t *a = json_array_get(question, 1), *b = json_array_get(question, 2);

	if (!json_is_number(a) || !json_is_number(b) || !json_number_value(b))
		return json_null();
	return number(json_number_value(a) / json_number_value(b));
}

/* The ratios, or differences, of the repetitions that both have. */
static struct sample paired(const json_t *a, const json_t *b, bool ratio)
{
	json_t *mine = json_object_get(a, "by"), *others = json_object_get(b, "by"), *value;
	struct sample s = { 0 };
	const char *rep;

	json_object_foreach(mine, rep, value) {
		const json_t *other = json_object_get(others, rep);

		if (!json_is_number(value) || !json_is_number(other))
			continue;
		if (!ratio)
			add(&s, json_number_value(value) - json_number_value(other));
		else if (json_number_value(other))
			add(&s, json_number_value(value) / json_number_value(other));
	}
	return s;
}

/*
 * Repetitions of the same number were measured near each other and share what
 * the machine was like just then. Six of them have an interval of their own;
 * fewer say so little that the widest one counts, between any two of them.
 */
static json_t *ask_compare(const json_t *question)
{
	const char *how = json_string_value(json_array_get(question, 1));
	const json_t *a = json_array_get(question, 2), *b = json_array_get(question, 3);
	bool ratio = how && !strcmp(how, "ratio");
	struct sample s = sample_of(json_object_get(a, "values"));
	struct sample t = sample_of(json_object_get(b, "values"));
	struct sample pairs = paired(a, b, ratio);
	struct interval x, y, in;
	double median;

	if (!s.count || !t.count)
		return json_null();
	x = median_range(&s);
	y = median_range(&t);
	if (ratio && y.low <= 0)
		return json_null();
	if (ratio) {
		median = summarise(&s).median / summarise(&t).median;
		in = (struct interval){ x.low / y.high, x.high / y.low };
	} else {
		median = summarise(&s).median - summarise(&t).median;
		in = (struct interval){ x.low - y.high, x.high - y.low };
	}
	if (pairs.count >= 6)
		in = median_range(&pairs);
	free(pairs.value);
	return json_pack("{s:i,s:f,s:f,s:f}", "n", s.count < t.count ? s.count : t.count, "median",
			 median, "low", in.low, "high", in.high);
}

static struct test test_of(const struct sample *a, const struct sample *b)
{
	struct mann_whitney test = mann_whitney(a, b);

	return (struct test){ .p = test.p, .least = test.least };
}

/* How far the odd repetitions of a sample are from its even ones, in its unit; by is an object. */
static double halves_apart(const json_t *by)
{
	struct sample half[2] = { 0 };
	double apart = 0;
	const char *rep;
	json_t *value;

	json_object_foreach((json_t *)by, rep, value)
		if (json_is_number(value))
			add(&half[atol(rep) & 1], json_number_value(value));
	if (half[0].count && half[1].count)
		apart = fabs(summarise(&half[0]).median - summarise(&half[1]).median);
	free(half[0].value);
	free(half[1].value);
	return apart;
}

/*
 * The rule of judge_row(), for samples that are no cells. A difference must
 * also be larger than the A/A control of either side, its own halves: on the
 * instruction clock the spread has them in it, and one repetition a side will do,
 * as the clock repeats to EQUAL_WITHIN.
 */
static json_t *ask_differ(const json_t *question)
{
	const char *clock = json_string_value(json_array_get(question, 1));
	double level = json_number_value(json_array_get(question, 2));
	const json_t *pairs = json_array_get(question, 3), *pair;
	bool by_equality = clock && !strcmp(clock, "insn");
	size_t i, count = json_array_size(pairs);
	struct test *test = checked(calloc(count + 1, sizeof(*test)));
	json_t *answer = json_array();

	json_array_foreach(pairs, i, pair) {
		const json_t *a = json_array_get(pair, 0), *b = json_array_get(pair, 1);
		struct sample s = sample_of(json_object_get(a, "values"));
		struct sample t = sample_of(json_object_get(b, "values"));
		struct summary x = summarise(&s), y = summarise(&t);
		double limit = fmax(halves_apart(json_object_get(a, "by")),
				    halves_apart(json_object_get(b, "by")));

		test[i] = (struct test){ 1, 1, false };
		if (by_equality)
			limit = fmax(EQUAL_WITHIN * fabs(y.median),
				     fmax(x.max - x.min, y.max - y.min));
		else if (s.count && t.count)
			test[i] = test_of(&s, &t);
		json_array_append_new(answer, json_pack("{s:b,s:b,s:b}", "differ",
							s.count && t.count &&
								fabs(x.median - y.median) > limit,
							"more", x.median > y.median, "few",
							!s.count || !t.count));
		free(s.value);
		free(t.value);
	}
	family_correct(test, (int)count, level);
	json_array_foreach(answer, i, pair) {
		json_t *row = (json_t *)pair;

		if (by_equality)
			break;
		if (!test[i].counts)
			json_object_set_new(row, "few", json_true());
		if (test[i].p > level)
			json_object_set_new(row, "differ", json_false());
	}
	free(test);
	return answer;
}

/* A row of pairs: true where the first is more, false where it is less, null of a tie. */
static void count_signs(const json_t *row, int *more, int *n)
{
	const json_t *value;
	size_t i;

	json_array_foreach(row, i, value) {
		*n += json_is_boolean(value);
		*more += json_is_true(value);
	}
}

static json_t *ask_signs(const json_t *question)
{
	double level = json_number_value(json_array_get(question, 1));
	const json_t *rows = json_array_get(question, 2), *row;
	size_t i, count = json_array_size(rows);
	struct test *test = checked(calloc(count + 1, sizeof(*test)));
	json_t *answer = json_array();
	int tests;

	json_array_foreach(rows, i, row) {
		struct sign_test alone;
		int more = 0, n = 0;

		count_signs(row, &more, &n);
		alone = sign_test(more, n);
		test[i] = (struct test){ .p = alone.p, .least = alone.least };
		json_array_append_new(answer, json_pack("{s:i,s:i,s:f}", "n", n, "more", more,
							"p_single", alone.p));
	}
	tests = family_correct(test, (int)count, level);
	json_array_foreach(answer, i, row)
		json_object_update_new((json_t *)row, json_pack("{s:f,s:b}", "p", test[i].p, "few",
								!test[i].counts));
	free(test);
	return json_pack("{s:i,s:i,s:o}", "tests", tests, "needed", signs_needed((int)count, level),
			 "rows", answer);
}

static const struct {
	const char *name;
	json_t *(*answer)(const json_t *question);
} questions[] = {
	{ "sample", ask_sample }, { "quotient", ask_quotient }, { "compare", ask_compare },
	{ "differ", ask_differ }, { "signs", ask_signs },
};

/* NULL when there is no such question. */
static json_t *answer_of(const json_t *question)
{
	const char *name = json_string_value(json_array_get(question, 0));

	for (size_t i = 0; name && i < sizeof(questions) / sizeof(questions[0]); i++)
		if (!strcmp(questions[i].name, name))
			return questions[i].answer(question);
	return NULL;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;

	if (argc != 1) {
		bool help = !strcmp(argv[1], "--help");

		fputs("usage: ask (one question a line on stdin: see ask.c)\n",
		      help ? stdout : stderr);
		return help ? 0 : 2;
	}
	while (getline(&line, &size, stdin) > 0) {
		json_t *question = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
		json_t *answer = answer_of(question);

		if (!answer) {
			fprintf(stderr, "vhostlab: ask: not a question: %s", line);
			return 1;
		}
		if (json_dumpf(answer, stdout,
			       JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17)) ||
		    putchar('\n') == EOF || fflush(stdout)) {
			fputs("vhostlab: ask: standard output: cannot be written\n", stderr);
			return 1;
		}
		json_decref(question);
		json_decref(answer);
	}
	free(line);
	return 0;
}
