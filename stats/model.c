// SPDX-License-Identifier: GPL-2.0-only
/*
 * model: what the constants of a machine and the counts per packet predict, beside what was
 * measured. As JSON, of a run of the native rig (DIR):
 *
 *   constants  of each the quantiles over its windows, median of the passes (constants.jsonl), and
 *              how far those of the first half of the passes are from those of the second
 *   cells      of each cell that was counted (counts/points.jsonl): predicted ns per packet, what
 *              was measured (points.jsonl), the error, and what the predicted time consists of
 *   headline   of each cell of POINTS, a run on the instruction clock: model_headline.c
 *
 * The prediction is the program counted's: the sum of constants times counts on each side's clock.
 */
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static const char *const quantiles[] = { "p10", "p25", "p50", "p75", "p90" };

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

double model_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *model_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	json_t *all = json_array();
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		json_t *object = json_loads(line, 0, NULL);

		/* A half-written last line does not count. */
		if (json_is_object(object))
			json_array_append(all, object);
		json_decref(object);
	}
	free(line);
	if (file)
		fclose(file);
	return all;
}

double model_median(const double *value, int n)
{
	struct sample s = { (double *)value, n };

	return n ? summarise(&s).median : NAN;
}

/* One constant over all passes. NULL: it is in none. */
static json_t *constant(const json_t *passes, const char *name)
{
	int most = (int)json_array_size(passes), n = 0;
	double *value[5], first, second;
	json_t *all = json_object(), *pass;
	struct sample mid;
	size_t i;

	for (size_t q = 0; q < 5; q++)
		value[q] = checked(calloc(most + 1, sizeof(double)));
	json_array_foreach(passes, i, pass) {
		const json_t *one = json_object_get(json_object_get(pass, "constants"), name);

		if (!one)
			continue;
		json_object_update_missing(all, (json_t *)one);
		for (size_t q = 0; q < 5; q++)
			value[q][n] = model_number(one, quantiles[q]);
		n++;
	}
	mid = (struct sample){ value[2], n };
	first = model_median(value[2], n / 2);
	second = model_median(value[2] + n / 2, n - n / 2);
	json_object_set_new(all, "name", json_string(name));
	json_object_set_new(all, "passes", json_integer(n));
	json_object_set_new(all, "apart", number(fabs(first - second) / model_median(value[2], n)));
	json_object_set_new(all, "spread", n ? number(spread(&mid)) : json_null());
	for (size_t q = 0; q < 5; q++) {
		json_object_set_new(all, quantiles[q], number(model_median(value[q], n)));
		free(value[q]);
	}
	return all;
}

/* In the order of the first pass, an object each; in @by_name their medians. */
static json_t *constants_of(const json_t *passes, json_t *by_name)
{
	json_t *first = json_object_get(json_array_get(passes, 0), "constants");
	json_t *all = json_array(), *one;
	const char *name;

	json_object_foreach(first, name, one) {
		json_t *c = constant(passes, name);

		json_object_set(by_name, name, json_object_get(c, "p50"));
		json_array_append_new(all, c);
	}
	return all;
}

json_t *model_costs(const json_t *points)
{
	json_t *by_point = json_object(), *p;
	size_t i;

	json_array_foreach(points, i, p) {
		const char *key = json_string_value(json_object_get(p, "point"));
		json_t *all = key ? json_object_get(by_point, key) : NULL;
		char rep[32];

		if (!key)
			continue;
		if (!all) {
			all = json_pack("{s:O,s:{}}", "first", p, "by_rep");
			json_object_set_new(by_point, key, all);
		}
		/* Of a repetition measured twice the last counts. */
		snprintf(rep, sizeof(rep), "%lld",
			 (long long)json_integer_value(json_object_get(p, "rep")));
		json_object_set(json_object_get(all, "by_rep"), rep, p);
	}
	return by_point;
}

double model_metric(const json_t *costs, const char *point, const char *metric)
{
	json_t *by_rep = json_object_get(json_object_get(costs, point), "by_rep"), *p;
	double *value = checked(calloc(json_object_size(by_rep) + 1, sizeof(double))), median;
	const char *rep;
	int n = 0;

	json_object_foreach(by_rep, rep, p) {
		value[n] = model_number(p, metric);
		n += isfinite(value[n]) != 0;
	}
	median = model_median(value, n);
	free(value);
	return median;
}

static double sum_of(const json_t *places, bool bells)
{
	const json_t *value;
	const char *name;
	double sum = 0;

	json_object_foreach((json_t *)places, name, value)
		if (bells || strcmp(name, "doorbells"))
			sum += json_number_value(value);
	return sum;
}

double model_lines_ns(const json_t *side, const json_t *constants, bool bells)
{
	return sum_of(json_object_get(side, "alone"), bells) * model_number(constants, "line") +
	       sum_of(json_object_get(side, "more"), bells) * model_number(constants, "line_more") +
	       sum_of(json_object_get(side, "stored"), bells) *
		       model_number(constants, "line_store") +
	       model_number(side, "drained") * model_number(constants, "line");
}

/* What the time of a side consists of; straight is what is left: instructions. */
static json_t *parts(const json_t *side, const json_t *k)
{
	double all = model_number(side, "ns");
	double lines = model_lines_ns(side, k, true);
	double fences = model_number(side, "windows") * model_number(k, "window");
	double locked = model_number(side, "locked") * model_number(k, "locked");
	double copies = model_number(side, "copies") * model_number(k, "copy") +
			model_number(side, "words") * model_number(k, "words") +
			model_number(side, "copied") * model_number(k, "copy_more");

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "ns", number(all), "lines", number(lines),
			 "windows", number(fences), "locked", number(locked), "copies",
			 number(copies), "instructions",
			 number(all - lines - fences - locked - copies), "polling",
			 number(model_number(side, "polling_ns")));
}

static json_t *cells_of(const json_t *counts, const json_t *costs, const json_t *k)
{
	static const char *const place[] = {
		"server",	   "guest",  "workload", "size",  "burst",
		"queues",	   "guests", "sink",	 "knobs", "kicks_per_packet",
		"calls_per_packet"
	};
	json_t *all = json_array(), *p;
	size_t i;

	json_array_foreach(counts, i, p) {
		const char *point = json_string_value(json_object_get(p, "point"));
		const json_t *detail = json_object_get(p, "detail");
		double predicted = model_number(p, "cost_per_packet");
		double measured = model_metric(costs, point ? point : "", "cost_per_packet");
		json_t *cell = json_object();

		for (size_t f = 0; f < sizeof(place) / sizeof(place[0]); f++)
			json_object_set(cell, place[f], json_object_get(p, place[f]));
		json_object_set_new(cell, "predicted", number(predicted));
		json_object_set_new(cell, "measured", number(measured));
		json_object_set_new(cell, "error", number(predicted / measured - 1));
		json_object_set_new(cell, "off", number(fabs(predicted / measured - 1)));
		for (int s = 0; s < 2; s++) {
			const char *side = s ? "server" : "driver";
			const char *to = s ? "server_parts" : "driver_parts";

			json_object_set_new(cell, to, parts(json_object_get(detail, side), k));
			json_object_set(cell, s ? "server_counts" : "driver_counts",
					json_object_get(detail, side));
		}
		json_array_append_new(all, cell);
	}
	return all;
}

static json_t *read_below(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return model_lines(path);
}

/* Of the processor, the median of the passes. */
static double ghz_of(const json_t *passes)
{
	double *value = checked(calloc(json_array_size(passes) + 1, sizeof(double))), median;
	int n = 0;
	json_t *pass;
	size_t i;

	json_array_foreach(passes, i, pass) {
		value[n] = model_number(pass, "ghz");
		n += value[n] > 0;
	}
	median = model_median(value, n);
	free(value);
	return median;
}

int main(int argc, char **argv)
{
	json_t *k = json_object(), *passes, *points, *counts, *all, *constants;

	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		bool help = argc == 2 && !strcmp(argv[1], "--help");

		fputs("usage: model DIR [POINTS] (see model.c)\n", help ? stdout : stderr);
		return help ? 0 : 2;
	}
	passes = read_below(argv[1], "constants.jsonl");
	points = read_below(argv[1], "points.jsonl");
	counts = read_below(argv[1], "counts/points.jsonl");
	constants = constants_of(passes, k);
	json_object_set_new(k, "ghz", number(ghz_of(passes)));
	all = json_pack("{s:o,s:o,s:o,s:O}", "constants", constants, "cells",
			cells_of(counts, model_costs(points), k), "headline",
			argc == 3 ? model_headline(argv[2], counts, k) : json_array(), "ghz",
			json_object_get(k, "ghz"));
	if (json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) ||
	    putchar('\n') == EOF || fflush(stdout)) {
		fputs("vhostlab: model: standard output: cannot be written: free space there\n",
		      stderr);
		return 1;
	}
	json_decref(all);
	return 0;
}
