// SPDX-License-Identifier: GPL-2.0-only
/*
 * ask: numbers for a program that has samples of its own, such as the report.
 * A question is one line of JSON on stdin, its answer one line on stdout:
 *
 *   ["sample", [x, ...]]         of the numbers, nulls left out: n, median, min, max,
 *                                low and high (order statistics; all below 6), spread
 *   ["quotient", a, b]           a / b
 *   ["pairs", "ratio", A, B]     of two objects of numbers by repetition, the ratios (or
 *                                "minus": differences) of those both have, as "sample" says
 *   ["signs", [true, ...]]       n, more (how many are true), and the chance of as many or
 *                                more, or as few or fewer, heads of as many fair coins
 *
 * null where there is nothing to be computed.
 */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static void add(struct sample *s, double value)
{
	s->value = checked(realloc(s->value, (s->count + 1) * sizeof(double)));
	s->value[s->count++] = value;
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *sample_answer(struct sample *s)
{
	struct summary all = summarise(s);
	struct interval in;
	json_t *answer;
	double *sorted;

	if (!s->count)
		return json_null();
	sorted = sorted_copy(s->value, s->count);
	in = order_interval(sorted, s->count);
	/* Too few for 95 %: what is known is that all of them lie there. */
	if (isnan(in.low))
		in = (struct interval){ all.min, all.max };
	free(sorted);
	answer = json_pack("{s:i,s:f,s:f,s:f,s:f,s:f,s:o}", "n", s->count, "median", all.median,
			   "min", all.min, "max", all.max, "low", in.low, "high", in.high, "spread",
			   number(spread(s)));
	free(s->value);
	s->value = NULL;
	return answer;
}

static json_t *ask_sample(const json_t *question)
{
	struct sample s = { 0 };
	const json_t *value;
	size_t i;

	json_array_foreach(json_array_get(question, 1), i, value)
		if (json_is_number(value))
			add(&s, json_number_value(value));
	return sample_answer(&s);
}

static json_t *ask_quotient(const json_t *question)
{
	const json_t *a = json_array_get(question, 1), *b = json_array_get(question, 2);

	if (!json_is_number(a) || !json_is_number(b) || !json_number_value(b))
		return json_null();
	return number(json_number_value(a) / json_number_value(b));
}

static json_t *ask_pairs(const json_t *question)
{
	json_t *a = json_array_get(question, 2), *b = json_array_get(question, 3), *value;
	const char *how = json_string_value(json_array_get(question, 1)), *rep;
	bool ratio = how && !strcmp(how, "ratio");
	struct sample s = { 0 };

	json_object_foreach(a, rep, value) {
		const json_t *other = json_object_get(b, rep);

		if (!json_is_number(value) || !json_is_number(other))
			continue;
		if (!ratio)
			add(&s, json_number_value(value) - json_number_value(other));
		else if (json_number_value(other))
			add(&s, json_number_value(value) / json_number_value(other));
	}
	return sample_answer(&s);
}

/* Of @n fair coins, the chance of @k heads or more. */
static double tail(int n, int k)
{
	double chance = pow(0.5, n), sum = 0;

	for (int i = 0; i <= n; i++) {
		if (i >= k)
			sum += chance;
		chance = chance * (n - i) / (i + 1);
	}
	return sum;
}

static json_t *ask_signs(const json_t *question)
{
	const json_t *value;
	int n = 0, more = 0;
	size_t i;

	json_array_foreach(json_array_get(question, 1), i, value) {
		n++;
		more += json_is_true(value);
	}
	return json_pack("{s:i,s:i,s:f,s:f}", "n", n, "more", more, "p_more", tail(n, more),
			 "p_less", tail(n, n - more));
}

static const struct {
	const char *name;
	json_t *(*answer)(const json_t *question);
} questions[] = {
	{ "sample", ask_sample },
	{ "quotient", ask_quotient },
	{ "pairs", ask_pairs },
	{ "signs", ask_signs },
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
