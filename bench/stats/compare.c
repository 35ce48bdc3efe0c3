// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare: two results folders cell by cell: both medians and their ratio.
 * With --within it is a judge: it fails when a cell is missing on one side, or
 * differs by more than that.
 */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"

struct judge {
	double within; /* allowed relative difference, or negative: do not judge */
	long compared, beyond, missing;
	double worst;
};

static int usage(FILE *out)
{
	fputs("usage: compare [--within PERCENT%] [--metric NAME,...] DIR_A DIR_B\n", out);
	return out == stdout ? 0 : 2;
}

static bool parse_percent(const char *text, double *share)
{
	char *end;

	*share = strtod(text, &end) / 100;
	if (end != text && *end == '%')
		end++;
	return end != text && !*end && *share >= 0 && *share < 1e6;
}

static bool parse_metrics(char *text, bool *wanted)
{
	char *save = NULL;

	memset(wanted, 0, METRICS * sizeof(*wanted));
	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int m = metric_find(word);

		if (m < 0) {
			fprintf(stderr, "vhostlab: --metric: %s is not known; allowed:", word);
			for (int i = 0; i < METRICS; i++)
				fprintf(stderr, " %s", metric_name[i]);
			fputc('\n', stderr);
			return false;
		}
		wanted[m] = true;
	}
	return true;
}

static void label(const struct cell *cell, char *text, size_t size)
{
	json_t *id = cell->identity, *value;
	const char *name, *guest = json_string_value(json_object_get(id, "guest"));
	size_t used = 0;

	if (guest && strcmp(guest, "process")) {
		snprintf(text, size, "%lld %s x %lld queues ",
			 (long long)json_integer_value(json_object_get(id, "guests")), guest,
			 (long long)json_integer_value(json_object_get(id, "queues")));
		used = strlen(text);
	}
	snprintf(text + used, size - used, "%s %s %lld x %lld %s",
		 json_string_value(json_object_get(id, "workload")),
		 json_string_value(json_object_get(id, "sink")),
		 (long long)json_integer_value(json_object_get(id, "size")),
		 (long long)json_integer_value(json_object_get(id, "burst")),
		 json_string_value(json_object_get(id, "server")));
	json_object_foreach(json_object_get(id, "knobs"), name, value) {
		char *knob = json_dumps(value, JSON_ENCODE_ANY);

		used = strlen(text);
		snprintf(text + used, size - used, " %s=%s", name, knob ? knob : "?");
		free(knob);
	}
}

static void row(struct judge *judge, const struct cell *a, const struct cell *b, int m)
{
	struct summary x = summarise(&a->sample[m]), y = summarise(&b->sample[m]);
	double difference = 0;
	char name[200], ratio[32] = "-";
	const char *mark = "";

	if (!x.count && !y.count)
		return;
	label(a, name, sizeof(name));
	if (!x.count || !y.count) {
		difference = INFINITY;
	} else if (x.median != y.median) {
		difference = x.median ? fabs(y.median / x.median - 1) : INFINITY;
	}
	if (x.count && y.count && x.median)
		snprintf(ratio, sizeof(ratio), "%.4f", y.median / x.median);
	else if (x.count && y.count && !y.median)
		snprintf(ratio, sizeof(ratio), "same");
	judge->compared++;
	if (difference > judge->worst)
		judge->worst = difference;
	if (judge->within >= 0 && difference > judge->within) {
		judge->beyond++;
		mark = "  beyond";
	}
	printf("%-44s %-20s %14.4f %14.4f %9s%s\n", name, metric_name[m], x.count ? x.median : NAN,
	       y.count ? y.median : NAN, ratio, mark);
}

static void only_in(struct judge *judge, const struct cell *cell, const char *where)
{
	char name[200];

	label(cell, name, sizeof(name));
	printf("%-44s only in %s\n", name, where);
	judge->missing++;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "within", required_argument, NULL, 'w' },
		{ "metric", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct judge judge = { .within = -1 };
	bool wanted[METRICS] = {
		[COST] = true, [SYSCALLS] = true, [KICKS] = true, [CALLS] = true, [LATENCY_P50] = true
	};
	struct cells a, b;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return usage(stdout);
		if (opt == 'w') {
			if (!parse_percent(optarg, &judge.within)) {
				fprintf(stderr,
					"vhostlab: --within: %s is not known; allowed: a "
					"percentage, such as 0.1%%\n",
					optarg);
				return 2;
			}
		} else if (opt == 'm') {
			if (!parse_metrics(optarg, wanted))
				return 2;
		} else {
			return usage(stderr);
		}
	}
	if (optind != argc - 2)
		return usage(stderr);
	if (!cells_read(&a, argv[optind]) || !cells_read(&b, argv[optind + 1]))
		return 1;

	printf("A: %s\nB: %s\n%-44s %-20s %14s %14s %9s\n", argv[optind], argv[optind + 1],
	       "cell (workload sink size x burst server)", "metric", "median A", "median B", "B/A");
	for (int i = 0; i < a.count; i++) {
		const struct cell *other = cells_find(&b, a.cell[i].key);

		if (!other) {
			only_in(&judge, &a.cell[i], "A");
			continue;
		}
		for (int m = 0; m < METRICS; m++)
			if (wanted[m])
				row(&judge, &a.cell[i], other, m);
	}
	for (int i = 0; i < b.count; i++)
		if (!cells_find(&a, b.cell[i].key))
			only_in(&judge, &b.cell[i], "B");
	printf("%ld values compared, largest difference %.4f %%", judge.compared,
	       judge.worst * 100);
	if (judge.missing)
		printf(", %ld cells on one side only", judge.missing);
	if (judge.within >= 0)
		printf(", %ld beyond %.4g %%", judge.beyond, judge.within * 100);
	putchar('\n');
	if (!judge.compared) {
		fprintf(stderr, "vhostlab: compare: the two runs have no cell in common: compare "
				"runs of one configuration and clock\n");
		return 1;
	}
	return judge.within >= 0 && (judge.beyond || judge.missing) ? 1 : 0;
}
