// SPDX-License-Identifier: GPL-2.0-only
/*
 * functions: instructions per packet by function, of one cell or of several
 * side by side; --compare: what differs between two, the largest difference
 * first. The sum of a column stands beside what the clock says.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

/* A row is shown when it has this part of a column, or its difference this part of A. */
#define SHOWN_SHARE	 0.005
#define SHOWN_DIFFERENCE 0.001
#define COLUMNS_MAX	 64

/* Fields of a row that names of functions and of objects are. */
enum field { FUNCTION, OBJECT, SIDE };

struct row {
	const char *function, *object;
	double value[COLUMNS_MAX];
};

struct table {
	const struct profile *column[COLUMNS_MAX];
	int columns;
	struct row *row;
	int rows;
};

static bool all, json, compare;

static int usage(FILE *out)
{
	fputs("usage: functions [--all] [--json] FILE|DIR...\n"
	      "       functions --compare [--servers A,B|--kernels A,B] [--all] [--json]\n"
	      "                 [--data FILE] FILE|DIR [FILE|DIR]\n",
	      out);
	return out == stdout ? 0 : 2;
}

static const char *field_of(const struct share *s, enum field field)
{
	return field == FUNCTION ? s->function : field == OBJECT ? s->object : s->side;
}

/* Rows of the columns by function and object; by one other field alone, which is then function. */
static void fill(struct table *t, enum field field)
{
	t->rows = 0;
	t->row = NULL;
	for (int c = 0; c < t->columns; c++)
		for (int i = 0; i < t->column[c]->shares; i++) {
			const struct share *s = &t->column[c]->share[i];
			const char *name = field_of(s, field);
			const char *object = field == FUNCTION ? s->object : "";
			int r = 0;

			while (r < t->rows && (strcmp(t->row[r].function, name) ||
					       strcmp(t->row[r].object, object)))
				r++;
			if (r == t->rows) {
				t->row = realloc(t->row, (t->rows + 1) * sizeof(*t->row));
				if (!t->row)
					abort();
				t->row[t->rows++] = (struct row){ name, object, {} };
			}
			t->row[r].value[c] += s->instructions;
		}
}

static double largest(const struct row *r)
{
	double most = 0;

	if (compare)
		return fabs(r->value[1] - r->value[0]);
	for (int i = 0; i < COLUMNS_MAX; i++)
		most = r->value[i] > most ? r->value[i] : most;
	return most;
}

static int by_size(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	double u = largest(x), v = largest(y);
	int names;

	if (u != v)
		return u > v ? -1 : 1;
	names = strcmp(x->function, y->function);
	return names ? names : strcmp(x->object, y->object);
}

static double sum_of(const struct profile *p)
{
	return p->counted / p->packets;
}

static bool is_shown(const struct table *t, const struct row *r)
{
	if (all)
		return compare ? r->value[0] != r->value[1] : true;
	if (compare)
		return largest(r) >= SHOWN_DIFFERENCE * sum_of(t->column[0]);
	for (int c = 0; c < t->columns; c++)
		if (r->value[c] >= SHOWN_SHARE * sum_of(t->column[c]))
			return true;
	return false;
}

static void print_numbers(const struct table *t, const double *value, double base)
{
	for (int c = 0; c < t->columns; c++)
		if (value[c] == 0)
			printf("  %11s", "-");
		else
			printf("  %11.2f", value[c]);
	if (compare)
		printf("  %+11.2f  %+8.2f%%", value[1] - value[0],
		       100 * (value[1] - value[0]) / base);
	putchar('\n');
}

static void print_line(const struct table *t, const char *name, const char *object,
		       const double *value)
{
	printf("%-34.34s %-16.16s", name, object);
	print_numbers(t, value, sum_of(t->column[0]));
}

/* Sums by the object or the side. */
static void print_parts(const struct table *of, enum field field, const char *title)
{
	struct table t = *of;

	fill(&t, field);
	qsort(t.row, t.rows, sizeof(*t.row), by_size);
	for (int r = 0; r < t.rows; r++)
		if (all || is_shown(&t, &t.row[r]) || field == SIDE)
			print_line(&t, t.row[r].function, title, t.row[r].value);
	free(t.row);
}

static void print_table(struct table *t)
{
	double rest[COLUMNS_MAX] = {}, sum[COLUMNS_MAX], clock[COLUMNS_MAX];
	char others[64];
	int hidden = 0;

	printf("%-34s %-16s", "function", "of");
	for (int c = 0; c < t->columns; c++)
		printf("  %11s", compare ? (c ? "B" : "A") : t->column[c]->name);
	puts(compare ? "        B - A  of A's cost" : "");
	for (int r = 0; r < t->rows; r++) {
		if (is_shown(t, &t->row[r])) {
			print_line(t, t->row[r].function, t->row[r].object, t->row[r].value);
			continue;
		}
		hidden++;
		for (int c = 0; c < t->columns; c++)
			rest[c] += t->row[r].value[c];
	}
	if (hidden) {
		snprintf(others, sizeof(others), "%d others", hidden);
		print_line(t, others, "", rest);
	}
	for (int c = 0; c < t->columns; c++) {
		sum[c] = sum_of(t->column[c]);
		clock[c] = t->column[c]->clock / t->column[c]->packets;
	}
	print_line(t, "sum", "", sum);
	print_line(t, "the clock", "", clock);
	puts("of it:");
	print_parts(t, SIDE, "threads");
	print_parts(t, OBJECT, "code");
}

static json_t *values(const struct table *t, const double *value)
{
	json_t *list = json_array();

	for (int c = 0; c < t->columns; c++)
		json_array_append_new(list, json_real(value[c]));
	return list;
}

static json_t *json_table(const struct table *t)
{
	json_t *columns = json_array(), *rows = json_array();

	for (int c = 0; c < t->columns; c++) {
		json_t *one = json_deep_copy(t->column[c]->head);

		json_object_set_new(one, "packets", json_real(t->column[c]->packets));
		json_object_set_new(one, "clock", json_real(t->column[c]->clock));
		json_object_set_new(one, "counted", json_real(t->column[c]->counted));
		json_array_append_new(columns, one);
	}
	for (int r = 0; r < t->rows; r++)
		json_array_append_new(rows,
				      json_pack("{s:s,s:s,s:o}", "function", t->row[r].function,
						"object", t->row[r].object, "instructions",
						values(t, t->row[r].value)));
	return json_pack("{s:o,s:o}", "columns", columns, "rows", rows);
}

/* One table, or its part of the JSON. */
static void show(struct table *t, json_t *out)
{
	static int tables;

	fill(t, FUNCTION);
	qsort(t->row, t->rows, sizeof(*t->row), by_size);
	if (out) {
		json_array_append_new(out, json_table(t));
	} else {
		if (tables++)
			putchar('\n');
		if (compare)
			for (int c = 0; c < 2; c++)
				printf("%c: %s: %s, Linux %s\n", "AB"[c], t -> column[c] -> place,
				       t -> column[c] -> name,
				       profile_field(t->column[c], "kernel"));
		else
			printf("%s, Linux %s; instructions per packet, each counted\n",
			       t->column[0]->place, profile_field(t->column[0], "kernel"));
		print_table(t);
	}
}

static bool same(const struct profile *a, const struct profile *b, const char *field)
{
	return !strcmp(profile_field(a, field), profile_field(b, field));
}

/* Cells of one place and kernel stand side by side. */
static void show_places(const struct profiles *p, json_t *out)
{
	bool *done = calloc(p->count, sizeof(*done));

	for (int i = 0; done && i < p->count; i++) {
		struct table t = { .columns = 0 };

		for (int j = i; j < p->count && t.columns < COLUMNS_MAX; j++)
			if (!done[j] && !strcmp(p->profile[i].place, p->profile[j].place) &&
			    same(&p->profile[i], &p->profile[j], "kernel")) {
				t.column[t.columns++] = &p->profile[j];
				done[j] = true;
			}
		if (t.columns)
			show(&t, out);
		free(t.row);
	}
	free(done);
}

/* The figure's data: the largest differences, then all others. */
static bool write_data(const char *path, const struct table *t)
{
	FILE *f = fopen(path, "we");
	double rest = sum_of(t->column[1]) - sum_of(t->column[0]);
	int rows = t->rows < 24 ? t->rows : 24;

	if (!f) {
		perror(path);
		return false;
	}
	fprintf(f,
		"# script functions\n# subtitle %s; from %s (Linux %s) to %s (Linux %s); each "
		"instruction "
		"counted\n# unit instructions\n# panel %+.1f of %.1f instructions|instructions per "
		"packet\n"
		"place change name\n",
		t->column[0]->place, t->column[0]->name, profile_field(t->column[0], "kernel"),
		t->column[1]->name, profile_field(t->column[1], "kernel"), rest,
		sum_of(t->column[0]));
	for (int r = 0; r < rows; r++) {
		double change = t->row[r].value[1] - t->row[r].value[0];

		rest -= change;
		fprintf(f, "%d %.2f \"%.30s\"\n", r, change, t->row[r].function);
	}
	fprintf(f, "%d %.2f \"all others\"\n", rows, rest);
	return !(ferror(f) | fclose(f));
}

static bool has(const struct profile *p, const char *field, const char *value)
{
	size_t n = value ? strlen(value) : 0;
	const char *text = profile_field(p, field);

	/* A kernel is named by how its release begins, up to a dot or a dash. */
	return !value || !strcmp(text, value) ||
	       (!strcmp(field, "kernel") && !strncmp(text, value, n) && strchr(".-", text[n]));
}

/* Whether B is what A is to be compared with; split: the field in which they differ. */
static bool pair(const struct profile *a, const struct profile *b, const char *split,
		 bool same_kernels)
{
	if (strcmp(a->place, b->place))
		return false;
	if (split && !strcmp(split, "server"))
		return same(a, b, "kernel") && json_equal(json_object_get(a->head, "knobs"),
							  json_object_get(b->head, "knobs"));
	return !strcmp(a->name, b->name) && (split || !same_kernels || same(a, b, "kernel"));
}

static bool one_kernel(const struct profiles *p)
{
	for (int i = 1; i < p->count; i++)
		if (!same(&p->profile[0], &p->profile[i], "kernel"))
			return false;
	return true;
}

static int show_pairs(const struct profiles *a, const struct profiles *b, const char *split,
		      const char *const value[2], const char *data, json_t *out)
{
	/* Two runs may have been measured on two kernels. */
	bool same_kernels = !(one_kernel(a) && one_kernel(b));
	int pairs = 0;

	for (int i = 0; i < a->count; i++)
		for (int j = 0; j < b->count; j++) {
			struct table t = { .column = { &a->profile[i], &b->profile[j] },
					   .columns = 2 };
			bool only = !split && a->count == 1 && b->count == 1;

			if (split && !(has(t.column[0], split, value[0]) &&
				       has(t.column[1], split, value[1])))
				continue;
			if (!only && !pair(t.column[0], t.column[1], split, same_kernels))
				continue;
			show(&t, out);
			if (data && !pairs && !write_data(data, &t))
				return 1;
			free(t.row);
			pairs++;
		}
	if (pairs)
		return 0;
	for (int v = 0; v < 2 && split; v++) {
		bool found = false;

		for (int i = 0; i < a->count; i++)
			found = found || has(&a->profile[i], split, value[v]);
		if (!found) {
			fprintf(stderr,
				"vhostlab: compare --functions: --%ss: %s: the run has no counts "
				"of "
				"it: name one that it has\n",
				split, value[v]);
			return 2;
		}
	}
	fputs("vhostlab: compare --functions: A and B have no cell in common: name two runs of the "
	      "same configuration, or one run with --servers A,B\n",
	      stderr);
	return 1;
}

int main(int argc, char **argv)
{
	enum { ALL = 256, JSON, COMPARE, SERVERS, KERNELS, DATA, HELP };
	static const struct option options[] = {
		{ "all", no_argument, NULL, ALL },
		{ "json", no_argument, NULL, JSON },
		{ "compare", no_argument, NULL, COMPARE },
		{ "servers", required_argument, NULL, SERVERS },
		{ "kernels", required_argument, NULL, KERNELS },
		{ "data", required_argument, NULL, DATA },
		{ "help", no_argument, NULL, HELP },
		{},
	};
	const char *split = NULL, *data = NULL, *value[2] = {};
	struct profiles p[2] = {};
	json_t *out = NULL;
	int opt, rc = 0, operands;
	char *comma;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case ALL:
			all = true;
			break;
		case JSON:
			json = true;
			break;
		case COMPARE:
			compare = true;
			break;
		case SERVERS:
		case KERNELS:
			comma = strchr(optarg, ',');
			if (!comma || split)
				return usage(stderr);
			*comma = '\0';
			split = opt == SERVERS ? "server" : "kernel";
			value[0] = optarg;
			value[1] = comma + 1;
			break;
		case DATA:
			data = optarg;
			break;
		case HELP:
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	operands = argc - optind;
	if (operands < 1 || (compare && operands != (split ? 1 : 2)))
		return usage(stderr);
	out = json ? json_array() : NULL;
	for (int i = 0; i < operands; i++)
		if (!profiles_read(&p[compare && i], argv[optind + i]))
			return 1;
	if (compare)
		rc = show_pairs(&p[0], split ? &p[0] : &p[1], split, value, data, out);
	else
		show_places(&p[0], out);
	if (out && !rc) {
		json_dumpf(out, stdout, JSON_REAL_PRECISION(9));
		putchar('\n');
	}
	json_decref(out);
	return rc;
}
