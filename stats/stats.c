// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats: median with its interval, smallest and largest of every metric in
 * every cell of a results folder, as JSON (one array of cells) or CSV (one row
 * a metric), and the percentiles of all repetitions' round trips together. The
 * A/A controls of a sweep are no cells of their own: they have an output of their
 * own, in which every object has the verdict of all of them (see controls.h).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "controls.h"

static int usage(FILE *out)
{
	fputs("usage: stats [--json|--csv|--control] DIR|points.jsonl\n", out);
	return out == stdout ? 0 : 2;
}

/* Of the median; the same for the same cell every time. */
static struct interval interval_of(const struct cell *cell, int metric)
{
	const struct sample *s = &cell->sample[metric];
	struct summary all = summarise(s);

	/* Nothing can be drawn but what is there. */
	if (s->count > 1 && all.min == all.max)
		return (struct interval){ all.min, all.max };
	return bootstrap_median(s, cell->seed + metric);
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *metric_json(const struct cell *cell, int metric)
{
	struct summary s = summarise(&cell->sample[metric]);
	struct interval in;

	if (!s.count)
		return json_null();
	in = interval_of(cell, metric);
	return json_pack("{s:f,s:f,s:f,s:i,s:o,s:o,s:o}", "median", s.median, "min", s.min, "max",
			 s.max, "n", s.count, "low", number(in.low), "high", number(in.high),
			 "spread", number(spread(&cell->sample[metric])));
}

/* Shares at which a curve of percentiles has its points; the last ones only where trips lie above. */
static const double curve_share[] = { 0.01,  0.05,  0.1,   0.2,	   0.3,	  0.4,	0.5,
				      0.6,   0.7,   0.8,   0.9,	   0.95,  0.98, 0.99,
				      0.995, 0.998, 0.999, 0.9995, 0.9999 };

static json_t *curve_json(const struct histogram *h)
{
	json_t *curve = json_array();

	for (size_t i = 0; i < sizeof(curve_share) / sizeof(curve_share[0]); i++) {
		double share = curve_share[i];

		if (h->count * (1 - share) >= 1)
			json_array_append_new(curve, json_pack("[f,f]", share,
							       histogram_percentile(h, share)));
	}
	return curve;
}

static json_t *latency_json(const struct histogram *h)
{
	if (!h->count)
		return json_null();
	return json_pack("{s:I,s:f,s:f,s:f,s:o}", "count", (json_int_t)h->count, "p50",
			 histogram_percentile(h, 0.5), "p99", histogram_percentile(h, 0.99), "p999",
			 histogram_percentile(h, 0.999), "curve", curve_json(h));
}

static void print_json(const struct cells *cells)
{
	json_t *all = json_array();

	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->cell[i];
		json_t *object = json_copy(cell->identity);

		json_object_set_new(object, "repetitions", json_integer(cell->repetitions));
		for (int m = 0; m < METRICS; m++)
			json_object_set_new(object, metric_name[m], metric_json(cell, m));
		json_object_set_new(object, "latency_merged", latency_json(&cell->latency));
		json_object_set_new(object, "loss", json_real(cell->loss));
		json_array_append_new(all, object);
	}
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(all);
}

/* Every A/A control: the cell, its cost both times, and whether they were taken for different. */
static void print_control(const struct cells *cells)
{
	struct controls controls = controls_judge(cells);
	json_t *all = json_array();

	for (int i = 0; i < controls.count; i++) {
		const struct control *c = &controls.control[i];
		const struct row *r = &c->row;
		json_t *object = json_copy(c->cell->identity);

		json_object_set_new(object, "kind", json_string(c->halves ? "halves" : "again"));
		json_object_set_new(object, "a", metric_json(r->a, COST));
		json_object_set_new(object, "b", metric_json(r->b, COST));
		json_object_set_new(object, "difference", number(r->difference));
		json_object_set_new(object, "threshold",
				    r->by_equality ? number(r->threshold) : json_null());
		json_object_set_new(object, "p", r->by_equality ? json_null() : number(r->p));
		json_object_set_new(object, "p_single",
				    r->by_equality ? json_null() : number(r->single));
		json_object_set_new(object, "few", json_boolean(r->few));
		json_object_set_new(object, "different", json_boolean(r->star));
		json_object_set_new(object, "verdict",
				    json_string(controls_word(controls.verdict)));
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
	     "median,min,max,low,high,policy,lost_percent");
	for (int i = 0; i < cells->count; i++) {
		for (int m = 0; m < METRICS; m++) {
			const struct cell *cell = &cells->cell[i];
			struct summary s = summarise(&cell->sample[m]);
			struct interval in;

			if (!s.count)
				continue;
			for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
				print_field(json_object_get(cells->cell[i].identity, fields[f]));
				putchar(',');
			}
			in = interval_of(cell, m);
			printf("%s,%d,%.12g,%.12g,%.12g,", metric_name[m], s.count, s.median, s.min,
			       s.max);
			if (!isnan(in.low))
				printf("%.12g,%.12g", in.low, in.high);
			else
				putchar(',');
			printf(",%s,%.6g\n", cell_policy(cell) ? cell_policy(cell) : "",
			       cell->loss * 100);
		}
	}
}

int main(int argc, char **argv)
{
	void (*print)(const struct cells *cells) = print_json;
	struct cells cells;
	int at = 1;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc > 1 && !strcmp(argv[1], "--csv"))
		print = print_csv;
	else if (argc > 1 && !strcmp(argv[1], "--control"))
		print = print_control;
	if (argc > 1 && (print != print_json || !strcmp(argv[1], "--json")))
		at = 2;
	if (argc != at + 1 || argv[at][0] == '-')
		return usage(stderr);
	if (!cells_read(&cells, argv[at]))
		return 1;
	print(&cells);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr,
			"vhostlab: stats: standard output: cannot be written: free space there\n");
		return 1;
	}
	return 0;
}
