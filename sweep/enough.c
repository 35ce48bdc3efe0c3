// SPDX-License-Identifier: GPL-2.0-only
/* The rule that ends the repetitions of a cell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/sample.h"
#include "enough.h"

static const char *const figures[] = { "cost_per_packet", "latency_p50" };
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

/* By point: an object whose keys are repetitions, each an array of figures. */
static json_t *known;

void enough_note(const json_t *line)
{
	const char *point = json_string_value(json_object_get(line, "point"));
	json_t *rep = json_object_get(line, "rep"), *values, *of;
	char key[32];

	if (!point || !json_is_integer(rep))
		return;
	if (!known)
		known = checked(json_object());
	of = json_object_get(known, point);
	if (!of) {
		of = checked(json_object());
		json_object_set_new(known, point, of);
	}
	values = checked(json_array());
	for (size_t i = 0; i < FIGURES; i++)
		json_array_append(values, json_object_get(line, figures[i]) ?: json_null());
	snprintf(key, sizeof(key), "%lld", (long long)json_integer_value(rep));
	json_object_set_new(of, key, values);
}

void enough_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return;
	while ((length = getline(&text, &size, file)) > 0 && text[length - 1] == '\n') {
		json_t *line = json_loads(text, 0, NULL);

		enough_note(line);
		json_decref(line);
	}
	free(text);
	fclose(file);
}

/* The figure's values in the repetitions before @rep, in their order; how many there are. */
static int values_before(const char *point, size_t figure, long rep, double *value)
{
	const json_t *of = json_object_get(known, point);
	int count = 0;

	for (long r = 1; r < rep; r++) {
		json_t *number;
		char key[32];

		snprintf(key, sizeof(key), "%ld", r);
		number = json_array_get(json_object_get(of, key), figure);
		if (json_is_number(number))
			value[count++] = json_number_value(number);
	}
	return count;
}

static bool known_to(const double *value, int n, double precision, bool by_equality)
{
	struct interval in;
	double *sorted, median;

	if (by_equality)
		return n >= 2 &&
		       fabs(value[n - 1] - value[n - 2]) <= precision * fabs(value[n - 2]);
	sorted = sorted_copy(value, n);
	in = order_interval(sorted, n);
	median = summarise(&(struct sample){ sorted, n }).median;
	free(sorted);
	return !isnan(in.low) && (in.high - in.low) / 2 <= precision * fabs(median);
}

bool enough(const json_t *step)
{
	double precision = json_number_value(json_object_get(step, "precision"));
	long rep = (long)json_integer_value(json_object_get(step, "rep"));
	const char *clock = json_string_value(json_object_get(step, "clock"));
	json_t *members = json_object_get(step, "members"), *member;
	bool some = false, all = true;
	double *value;
	size_t i;

	if (precision <= 0 || rep < 3)
		return false;
	value = checked(calloc(rep, sizeof(*value)));
	json_array_foreach(members, i, member) {
		for (size_t f = 0; f < FIGURES; f++) {
			int n = values_before(json_string_value(member), f, rep, value);

			/* A point that cannot be measured must not keep the others from ending. */
			if (!n)
				continue;
			some = true;
			all = all && known_to(value, n, precision, clock && !strcmp(clock, "insn"));
		}
	}
	free(value);
	return some && all;
}
