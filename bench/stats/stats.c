// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats: median, smallest and largest of every metric in every cell of a
 * results folder, as JSON (one array of cells) or CSV (one row a metric).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"

static int usage(FILE *out)
{
	fputs("usage: stats [--json|--csv] DIR|points.jsonl\n", out);
	return out == stdout ? 0 : 2;
}

static void print_json(const struct cells *cells)
{
	json_t *all = json_array();

	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->cell[i];
		json_t *object = json_copy(cell->identity);

		json_object_set_new(object, "repetitions", json_integer(cell->repetitions));
		for (int m = 0; m < METRICS; m++) {
			struct summary s = summarise(&cell->sample[m]);

			json_object_set_new(object, metric_name[m],
					    s.count ? json_pack("{s:f,s:f,s:f,s:i}", "median",
								s.median, "min", s.min, "max",
								s.max, "n", s.count)
						    : json_null());
		}
		json_array_append_new(all, object);
	}
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(all);
}

/* A field for a spreadsheet: text as it is, everything else as JSON, in quotes where needed. */
static void print_field(json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		fputs(json_string_value(value), stdout);
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	if (!text || !strpbrk(text, ",\"")) {
		fputs(text ? text : "", stdout);
	} else {
		putchar('"');
		for (const char *c = text; *c; c++) {
			if (*c == '"')
				putchar('"');
			putchar(*c);
		}
		putchar('"');
	}
	free(text);
}

static void print_csv(const struct cells *cells)
{
	static const char *const fields[] = { "server", "guest",  "workload", "size",
					      "burst",	"queues", "guests",   "sink",
					      "knobs",	"clock",  "accel" };

	puts("server,guest,workload,size,burst,queues,guests,sink,knobs,clock,accel,metric,n,"
	     "median,min,max");
	for (int i = 0; i < cells->count; i++) {
		for (int m = 0; m < METRICS; m++) {
			struct summary s = summarise(&cells->cell[i].sample[m]);

			if (!s.count)
				continue;
			for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
				print_field(json_object_get(cells->cell[i].identity, fields[f]));
				putchar(',');
			}
			printf("%s,%d,%.12g,%.12g,%.12g\n", metric_name[m], s.count, s.median,
			       s.min, s.max);
		}
	}
}

int main(int argc, char **argv)
{
	struct cells cells;
	int csv = 0, at = 1;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc > 1 && (!strcmp(argv[1], "--csv") || !strcmp(argv[1], "--json"))) {
		csv = !strcmp(argv[1], "--csv");
		at = 2;
	}
	if (argc != at + 1 || argv[at][0] == '-')
		return usage(stderr);
	if (!cells_read(&cells, argv[at]))
		return 1;
	if (csv)
		print_csv(&cells);
	else
		print_json(&cells);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr,
			"vhostlab: stats: standard output: cannot be written: free space there\n");
		return 1;
	}
	return 0;
}
