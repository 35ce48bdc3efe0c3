// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare: two results folders, or two servers or kernels in one, cell by cell: both
 * medians, the change, how sure it is, and a star where it is significant. With
 * --within and --fail-over it is a judge, for a script that looks at its exit
 * code.
 */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

static int usage(FILE *out)
{
	fputs("usage: compare [--within PERCENT%] [--fail-over PERCENT%] [--level PERCENT%] "
	      "[--metric NAME,...]\n"
	      "               [--all] [--json] DIR_A DIR_B|--servers A,B DIR|--kernels A,B DIR\n",
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

	bool any = false;

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
		wanted[m] = any = true;
	}
	if (!any)
		fputs("vhostlab: --metric: no name is given: see --help\n", stderr);
	return any;
}

/* Two names, the first one that of the base. */
static bool parse_two(struct compare *c, const char *field, char *text, const char *example)
{
	char *comma = strchr(text, ',');

	if (!comma || strchr(comma + 1, ',') || comma == text || !comma[1]) {
		fprintf(stderr, "vhostlab: --%ss: %s: name two, the base first: --%ss %s\n", field,
			text, field, example);
		return false;
	}
	*comma = '\0';
	if (!strcmp(text, comma + 1)) {
		fprintf(stderr, "vhostlab: --%ss: %s twice: name two different ones\n", field,
			text);
		return false;
	}
	if (c->field && strcmp(c->field, field)) {
		fputs("vhostlab: --servers: it stands beside --kernels: remove one\n", stderr);
		return false;
	}
	c->field = field;
	c->value[0] = text;
	c->value[1] = comma + 1;
	return true;
}

/* NULL where the run has one kernel, which no cell names. */
static const char *value_of(const struct compare *c, const struct cell *cell)
{
	return json_string_value(json_object_get(cell->identity, c->field));
}

static bool has_metric(const struct cells *cells, enum metric metric)
{
	for (int i = 0; i < cells->count; i++)
		if (cells->cell[i].sample[metric].count)
			return true;
	return false;
}

/* What a server cannot have, such as the system calls of floor, is not missing there. */
static void drop_metrics(struct compare *c)
{
	for (int m = 0; m < METRICS; m++)
		if (!has_metric(&c->side[0], m) || !has_metric(&c->side[1], m))
			c->wanted[m] = false;
}

/* Splits the run by its field; false after a line that names what it has. */
static bool split(struct compare *c)
{
	const struct cells *run = &c->run[0];

	for (int i = 0; i < 2; i++) {
		const char *before = ":";

		if (cells_with(run, c->field, c->value[i], &c->side[i]))
			continue;
		fprintf(stderr, "vhostlab: --%ss: %s is not a %s of this run; it has", c->field,
			c->value[i], c->field);
		if (!value_of(c, &run->cell[0]))
			fprintf(stderr, " one only");
		for (int k = 0; k < run->count && value_of(c, &run->cell[k]); k++) {
			const char *name = value_of(c, &run->cell[k]);
			int seen = 0;

			while (strcmp(value_of(c, &run->cell[seen]), name))
				seen++;
			if (seen < k)
				continue;
			fprintf(stderr, "%s %s", before, name);
			before = "";
		}
		fputc('\n', stderr);
		return false;
	}
	drop_metrics(c);
	return true;
}

bool row_differs(const struct compare *c, const struct row *r)
{
	return r->star || (c->within >= 0 && r->difference > c->within) ||
	       !r->x.count != !r->y.count;
}

/*
 * All rows of one cell: wanted, and measured on one side at least. Loss and
 * damage show where there is some.
 */
static void collect_cell(struct compare *c, const struct cell *a, const struct cell *b)
{
	bool any = false;

	for (int m = 0; m < METRICS; m++) {
		struct row r;

		if (!c->wanted[m])
			continue;
		r = judge_row(a, b, m);
		if (!r.x.count && !r.y.count)
			continue;
		any = true;
		if ((m == LOST || m == CORRUPT) && !r.x.max && !r.y.max)
			continue;
		c->row = checked(realloc(c->row, (c->rows + 1) * sizeof(r)));
		c->row[c->rows++] = r;
		c->worst = fmax(c->worst, r.difference);
		if (c->within >= 0 && r.difference > c->within)
			c->beyond++;
	}
	c->cells += any;
}

/* Rows of one cell follow each other. */
static void count_cells(struct compare *c)
{
	for (int i = 0, end; i < c->rows; i = end) {
		bool differs = false, few = false;

		for (end = i; end < c->rows && c->row[end].a == c->row[i].a; end++) {
			differs = differs || row_differs(c, &c->row[end]);
			few = few || c->row[end].few;
		}
		c->differ += differs;
		c->open += few && !differs;
	}
}

/* A run that takes noise for a difference shows nothing by a difference. */
static void withhold(struct compare *c)
{
	for (int i = 0; i < 2; i++) {
		c->controls[i] = controls_judge(&c->run[i]);
		c->withheld = c->withheld || c->controls[i].verdict == CONTROLS_APART;
	}
	if (!c->withheld)
		return;
	for (int i = 0; i < c->rows; i++)
		c->row[i].star = false;
	c->family.stars = c->family.worse = 0;
}

static void collect(struct compare *c)
{
	for (int i = 0; i < c->side[0].count; i++) {
		const struct cell *cell = &c->side[0].cell[i];
		const struct cell *other = cells_find(&c->side[1], cell->key);

		if (other)
			collect_cell(c, cell, other);
		c->common += !!other;
		c->missing[0] += !other;
		other = other ? NULL : cells_other_policy(&c->side[1], cell);
		if (!other)
			continue;
		if (!c->policies++) {
			c->policy[0] = cell;
			c->policy[1] = other;
		}
	}
	for (int i = 0; i < c->side[1].count; i++)
		c->missing[1] += !cells_find(&c->side[0], c->side[1].cell[i].key);
	c->family = judge_family(c->row, c->rows, c->level);
	withhold(c);
	for (int i = 0; i < c->rows; i++) {
		const struct row *r = &c->row[i];

		if (c->fail_over >= 0 &&
		    (!r->y.count || (r->star && r->worse && r->difference > c->fail_over)))
			c->over++;
	}
	count_cells(c);
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(const struct compare *c)
{
	json_t *all = json_array();

	for (int i = 0; i < c->rows; i++) {
		const struct row *r = &c->row[i];
		bool both = r->x.count && r->y.count;
		json_t *row = json_copy(r->a->identity);
		char *label = cell_label(r->a);

		json_object_set_new(row, "cell", json_string(label));
		free(label);
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
	all = json_pack("{s:s,s:s,s:f,s:i,s:i,s:i,s:I,s:I,s:i,s:i,s:o}", "a", c->path[0], "b",
			c->path[1], "level", c->level, "tests", c->family.tests, "significant",
			c->family.stars, "worse", c->family.worse, "only_a",
			(json_int_t)c->missing[0], "only_b", (json_int_t)c->missing[1], "cells",
			c->cells, "cells_differ", c->differ, "rows", all);
	json_object_set_new(all, "controls",
			    json_pack("[s,s]", controls_word(c->controls[0].verdict),
				      controls_word(c->controls[!c->field].verdict)));
	json_object_set_new(all, "only_other_policy", json_integer(c->policies));
	if (c->field)
		json_object_set_new(all, strcmp(c->field, "server") ? "kernels" : "servers",
				    json_pack("[s,s]", c->value[0], c->value[1]));
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(all);
}

static void complain_nothing(const struct compare *c)
{
	if (c->common)
		fputs("vhostlab: compare: no cell has a value of these metrics: name others with "
		      "--metric\n",
		      stderr);
	else if (c->policies)
		fprintf(stderr,
			"vhostlab: compare: all cells in common are under different scheduling "
			"policies (A %s, B %s), which changes their cost: measure both under one, "
			"with knob.policy\n",
			cell_policy(c->policy[0]), cell_policy(c->policy[1]));
	else if (c->field)
		fprintf(stderr,
			"vhostlab: compare: the two %ss have no cell in common: compare two that "
			"were given the same work and knobs\n",
			c->field);
	else
		fputs("vhostlab: compare: the two runs have no cell in common: compare runs of one "
		      "configuration and clock\n",
		      stderr);
}

/* The exit code, as far as the options ask for a judgement. */
static int verdict(const struct compare *c)
{
	int open = 0;

	if (!c->common || !c->cells) {
		complain_nothing(c);
		return 1;
	}
	if (c->within >= 0 && (c->beyond || c->missing[0] || c->missing[1]))
		return 1;
	if (c->fail_over < 0)
		return 0;
	if (c->over || c->missing[0])
		return 1;
	if (c->withheld) {
		fputs("vhostlab: compare: --fail-over: the A/A control took noise for a "
		      "difference: measure again, on a quieter machine or with more "
		      "repetitions\n",
		      stderr);
		return 77;
	}
	for (int i = 0; i < c->rows; i++)
		open += c->row[i].few;
	if (open)
		fprintf(stderr,
			"vhostlab: compare: --fail-over: %d of %d values have too few repetitions "
			"to be judged: repeat more often, or name others with --metric\n",
			open, c->rows);
	return open && open == c->rows ? 77 : 0;
}

static int parse(struct compare *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "within", required_argument, NULL, 'w' },
		{ "fail-over", required_argument, NULL, 'f' },
		{ "level", required_argument, NULL, 'l' },
		{ "metric", required_argument, NULL, 'm' },
		{ "servers", required_argument, NULL, 's' },
		{ "kernels", required_argument, NULL, 'k' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, folders;

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
			if (c->level <= 0 || c->level >= 1) {
				fprintf(stderr,
					"vhostlab: --level: %s is no chance; allowed: more "
					"than 0%% and less than 100%%\n",
					optarg);
				return 2;
			}
			break;
		case 'm':
			if (!parse_metrics(optarg, c->wanted))
				return 2;
			break;
		case 's':
			if (!parse_two(c, "server", optarg, "intree,vhostlab"))
				return 2;
			break;
		case 'k':
			if (!parse_two(c, "kernel", optarg, "6.1,6.12"))
				return 2;
			break;
		case 'a':
			c->all = true;
			break;
		case 'j':
			c->json = true;
			break;
		default:
			return usage(stderr);
		}
	}
	folders = argc - optind;
	if (folders != (c->field ? 1 : 2)) {
		fprintf(stderr,
			"vhostlab: compare: %d folder%s given: name two of results/, or "
			"one and --servers A,B or --kernels A,B\n",
			folders, folders == 1 ? "" : "s");
		return 2;
	}
	c->path[0] = argv[optind];
	c->path[1] = argv[argc - 1];
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
	if (!cells_read(&c.run[0], c.path[0]))
		return 1;
	if (!c.field && !cells_read(&c.run[1], c.path[1]))
		return 1;
	if (c.field && !split(&c))
		return 2;
	for (int i = 0; !c.field && i < 2; i++)
		c.side[i] = c.run[i];
	collect(&c);
	if (c.json)
		print_json(&c);
	else
		print_table(&c);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("vhostlab: compare: standard output: cannot be written: free space there\n",
		      stderr);
		return 1;
	}
	return verdict(&c);
}
