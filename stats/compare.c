// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare: two results folders cell by cell: both medians, their ratio, how
 * sure it is, and a star where the difference is significant. With --within
 * and --fail-over it is a judge, for a script that looks at its exit code.
 */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "ranks.h"

struct compare {
	struct cells a, b;
	const char *name[2];
	bool wanted[METRICS];
	double within; /* allowed relative difference, or negative: do not judge */
	double fail_over; /* allowed significant change for the worse, or negative */
	double level; /* of all stars together */
	bool json;
	struct row *row;
	int rows;
	struct family family;
	long beyond, over;
	long missing[2]; /* cells only in A, only in B */
	double worst;
};

static int usage(FILE *out)
{
	fputs("usage: compare [--within PERCENT%] [--fail-over PERCENT%] [--level PERCENT%] "
	      "[--metric NAME,...]\n"
	      "               [--json] DIR_A DIR_B\n",
	      out);
	return out == stdout ? 0 : 2;
}

static bool parse_percent(const char *option, const char *text, double *share)
{
	char *end;

	*share = strtod(text, &end) / 100;
	if (end != text && *end == '%')
		end++;
	if (end != text && !*end && *share >= 0 && *share < 1e6)
		return true;
	fprintf(stderr, "vhostlab: --%s: %s is not known; allowed: a percentage, such as 0.1%%\n",
		option, text);
	return false;
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

/* All rows there are: wanted, and measured in one run at least. Loss and damage show where there is some. */
static void collect(struct compare *c)
{
	for (int i = 0; i < c->a.count; i++) {
		const struct cell *other = cells_find(&c->b, c->a.cell[i].key);

		for (int m = 0; other && m < METRICS; m++) {
			struct row r;

			if (!c->wanted[m])
				continue;
			r = judge_row(&c->a.cell[i], other, m);
			if ((!r.x.count && !r.y.count) ||
			    ((m == LOST || m == CORRUPT) && !r.x.max && !r.y.max))
				continue;
			c->row = checked(realloc(c->row, (c->rows + 1) * sizeof(r)));
			c->row[c->rows++] = r;
			c->worst = fmax(c->worst, r.difference);
			if (c->within >= 0 && r.difference > c->within)
				c->beyond++;
		}
	}
	c->family = judge_family(c->row, c->rows, c->level);
	for (int i = 0; i < c->rows; i++) {
		const struct row *r = &c->row[i];

		if (c->fail_over >= 0 &&
		    (!r->y.count || (r->star && r->worse && r->difference > c->fail_over)))
			c->over++;
	}
}

static void print_row(const struct compare *c, const struct row *r)
{
	char name[200], ratio[32] = "-", between[48] = "-", sure[32] = "-";

	cell_label(r->a, name, sizeof(name));
	if (r->x.count && r->y.count && r->x.median)
		snprintf(ratio, sizeof(ratio), "%.4f", r->y.median / r->x.median);
	else if (r->x.count && r->y.count && !r->y.median)
		snprintf(ratio, sizeof(ratio), "same");
	if (!isnan(r->interval.low))
		snprintf(between, sizeof(between), "%.4f-%.4f", r->interval.low, r->interval.high);
	if (r->few)
		snprintf(sure, sizeof(sure), "too few");
	else if (r->by_equality && r->x.count && r->y.count)
		snprintf(sure, sizeof(sure), "%.3f %%", r->threshold * 100);
	else if (r->x.count && r->y.count)
		snprintf(sure, sizeof(sure), r->p < 0.0001 ? "p <.0001" : "p %.4f", r->p);
	printf("%-44s %-20s %14.4f %14.4f %9s %15s %12.4f %2d/%-2d %6.3g/%-6.3g %9s%s%s%s\n", name,
	       metric_name[r->metric], r->x.count ? r->x.median : NAN,
	       r->y.count ? r->y.median : NAN, ratio, between,
	       r->x.count && r->y.count ? r->shift : NAN, r->x.count, r->y.count, r->a->loss * 100,
	       r->b->loss * 100, sure, r->star ? " *" : "",
	       !r->star	  ? ""
	       : r->worse ? " worse"
			  : " better",
	       c->within >= 0 && r->difference > c->within ? "  beyond" : "");
}

/* Cells that only A has, or only B. */
static void print_missing(struct compare *c, bool in_b)
{
	const struct cells *from = in_b ? &c->b : &c->a, *in = in_b ? &c->a : &c->b;
	char name[200];

	for (int i = 0; i < from->count; i++) {
		if (cells_find(in, from->cell[i].key))
			continue;
		c->missing[in_b]++;
		cell_label(&from->cell[i], name, sizeof(name));
		if (!c->json)
			printf("%-44s only in %s\n", name, in_b ? "B" : "A");
	}
}

/* The A/A control of a run: the same cell against itself, so a star here is noise taken for a difference. */
static void print_control(const struct compare *c, const struct cells *cells, const char *name)
{
	for (int i = 0; i < cells->controls; i++) {
		const struct cell *twin = &cells->control[i], *cell = cells_find(cells, twin->key);
		struct row r;
		char text[200];

		if (!cell)
			continue;
		r = judge_row(cell, twin, COST);
		judge_family(&r, 1, c->level);
		cell_label(cell, text, sizeof(text));
		if (!r.x.count || !r.y.count)
			continue;
		printf("A/A control of %s (%s, twice): %s %.4f and %.4f, %s\n", name, text,
		       metric_name[COST], r.x.median, r.y.median,
		       r.few	? "too few repetitions to judge"
		       : r.star ? "DIFFERENT: this run took noise for a difference"
				: "no difference");
	}
}

static void print_table(struct compare *c)
{
	printf("A: %s\nB: %s\n%-44s %-20s %14s %14s %9s %15s %12s %5s %13s %9s\n", c->name[0],
	       c->name[1], "cell (workload sink size x burst server)", "metric", "median A",
	       "median B", "B/A", "95 % interval", "shift B-A", "n A/B", "lost % A/B", "p, limit");
	for (int i = 0; i < c->rows; i++)
		print_row(c, &c->row[i]);
	print_missing(c, false);
	print_missing(c, true);
	print_control(c, &c->a, "A");
	print_control(c, &c->b, "B");
	printf("%d values compared, largest difference %.4f %%", c->rows, c->worst * 100);
	if (c->missing[0] + c->missing[1])
		printf(", %ld cells on one side only", c->missing[0] + c->missing[1]);
	if (c->within >= 0)
		printf(", %ld beyond %.4g %%", c->beyond, c->within * 100);
	printf("\n%d significant (*), %d of them worse", c->family.stars, c->family.worse);
	if (c->family.tests)
		printf("; wall clock: %.4g %% chance of any star by noise, over all %d tests "
		       "together (Holm)",
		       c->level * 100, c->family.tests);
	if (c->fail_over >= 0)
		printf("; %ld worse by more than %.4g %%", c->over, c->fail_over * 100);
	putchar('\n');
}

/* On the wall clock: how many repetitions would have been enough. */
static void print_few(const struct compare *c)
{
	int few = 0, counted = 0;

	for (int i = 0; i < c->rows; i++) {
		few += c->row[i].few && !c->row[i].by_equality;
		counted += c->row[i].few && c->row[i].by_equality;
	}
	if (counted)
		printf("%d have too few repetitions to be judged: on the instruction clock at "
		       "least 2 a side\n",
		       counted);
	if (few)
		printf("%d have too few repetitions to be ever significant: with so many tests at "
		       "least %d a side\n",
		       few, repetitions_needed(few + c->family.tests, c->level));
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(struct compare *c)
{
	json_t *all = json_array();

	for (int i = 0; i < c->rows; i++) {
		const struct row *r = &c->row[i];
		bool both = r->x.count && r->y.count;
		json_t *row = json_copy(r->a->identity);
		char label[200];

		cell_label(r->a, label, sizeof(label));
		json_object_set_new(row, "cell", json_string(label));
		json_object_set_new(row, "metric", json_string(metric_name[r->metric]));
		json_object_set_new(row, "a", r->x.count ? number(r->x.median) : json_null());
		json_object_set_new(row, "b", r->y.count ? number(r->y.median) : json_null());
		json_object_set_new(row, "n_a", json_integer(r->x.count));
		json_object_set_new(row, "n_b", json_integer(r->y.count));
		json_object_set_new(row, "ratio",
				    both && r->x.median ? number(r->y.median / r->x.median)
							: json_null());
		json_object_set_new(row, "low", number(r->interval.low));
		json_object_set_new(row, "high", number(r->interval.high));
		json_object_set_new(row, "shift", both ? number(r->shift) : json_null());
		json_object_set_new(row, "lost_a", number(r->a->loss));
		json_object_set_new(row, "lost_b", number(r->b->loss));
		json_object_set_new(row, "threshold",
				    both && r->by_equality ? number(r->threshold) : json_null());
		json_object_set_new(row, "p", both && !r->by_equality ? number(r->p) : json_null());
		json_object_set_new(row, "p_single",
				    both && !r->by_equality ? number(r->single) : json_null());
		json_object_set_new(row, "few", json_boolean(r->few));
		json_object_set_new(row, "significant", json_boolean(r->star));
		json_object_set_new(row, "worse", json_boolean(r->star && r->worse));
		json_array_append_new(all, row);
	}
	print_missing(c, false);
	print_missing(c, true);
	all = json_pack("{s:s,s:s,s:f,s:i,s:i,s:i,s:I,s:I,s:o}", "a", c->name[0], "b", c->name[1],
			"level", c->level, "tests", c->family.tests, "significant", c->family.stars,
			"worse", c->family.worse, "only_a", (json_int_t)c->missing[0], "only_b",
			(json_int_t)c->missing[1], "rows", all);
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(all);
}

/* The exit code, as far as the options ask for a judgement. */
static int verdict(const struct compare *c)
{
	int open = 0;

	if (!c->rows) {
		fprintf(stderr, "vhostlab: compare: the two runs have no cell in common: compare "
				"runs of one configuration and clock\n");
		return 1;
	}
	if (c->within >= 0 && (c->beyond || c->missing[0] || c->missing[1]))
		return 1;
	if (c->fail_over < 0)
		return 0;
	if (c->over || c->missing[0])
		return 1;
	for (int i = 0; i < c->rows; i++)
		open += c->row[i].few;
	if (open)
		fprintf(stderr,
			"vhostlab: compare: --fail-over: %d of %d values have too few repetitions "
			"to be judged: repeat more often, or name others with --metric\n",
			open, c->rows);
	return open == c->rows ? 77 : 0;
}

static int parse(struct compare *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "within", required_argument, NULL, 'w' },
		{ "fail-over", required_argument, NULL, 'f' },
		{ "level", required_argument, NULL, 'l' },
		{ "metric", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			exit(usage(stdout));
		case 'w':
			if (!parse_percent("within", optarg, &c->within))
				return 2;
			break;
		case 'f':
			if (!parse_percent("fail-over", optarg, &c->fail_over))
				return 2;
			break;
		case 'l':
			if (!parse_percent("level", optarg, &c->level))
				return 2;
			break;
		case 'm':
			if (!parse_metrics(optarg, c->wanted))
				return 2;
			break;
		case 'j':
			c->json = true;
			break;
		default:
			return usage(stderr);
		}
	}
	if (optind != argc - 2)
		return usage(stderr);
	c->name[0] = argv[optind];
	c->name[1] = argv[optind + 1];
	return 0;
}

int main(int argc, char **argv)
{
	struct compare c = {
		.within = -1,
		.fail_over = -1,
		.level = LEVEL,
		.wanted = { [COST] = true,
			    [SYSCALLS] = true,
			    [KICKS] = true,
			    [CALLS] = true,
			    [LATENCY_P50] = true,
			    [LOST] = true,
			    [CORRUPT] = true },
	};
	int bad = parse(&c, argc, argv);

	if (bad)
		return bad;
	if (!cells_read(&c.a, c.name[0]) || !cells_read(&c.b, c.name[1]))
		return 1;
	collect(&c);
	if (c.json) {
		print_json(&c);
	} else {
		print_table(&c);
		print_few(&c);
	}
	return verdict(&c);
}
