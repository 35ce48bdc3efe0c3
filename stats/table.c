// SPDX-License-Identifier: GPL-2.0-only
/*
 * A comparison as a table for people: what differs comes first, no line is
 * longer than a terminal is wide, and what all rows share is said once.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "ranks.h"

#define WIDTH 100
/* In front of figures whose cell has a line of its own. */
#define INDENT 4

enum column { CELL, METRIC, SIDE_A, SIDE_B, CHANGE, INTERVAL, SURE, COUNTS, LOSSES, COLUMNS };

/* One line of the table, or its head. Columns without text anywhere are left out. */
struct line {
	char *text[COLUMNS];
	char *verdict;
};

struct table {
	struct line *line;
	int lines;
	int width[COLUMNS];
};

static char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	va_list values;
	char *text;
	int n;

	va_start(values, format);
	n = vasprintf(&text, format, values);
	va_end(values);
	return checked(n < 0 ? NULL : text);
}

/* Prints @text, which it frees, in lines that end between words. */
static void paragraph(char *text)
{
	size_t column = 0;
	char *save = NULL;

	for (char *at = strtok_r(text, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
		size_t length = strlen(at);

		if (column && column + 1 + length > WIDTH) {
			putchar('\n');
			column = 0;
			column += printf("  %s", at);
		} else {
			column += printf(column ? " %s" : "%s", at);
		}
	}
	putchar('\n');
	free(text);
}

/* Per packet where the metric is, which the head says once. */
static char *short_name(enum metric metric)
{
	const char *name = metric_name[metric], *tail = strstr(name, "_per_packet");

	return print("%.*s", tail ? (int)(tail - name) : (int)strlen(name), name);
}

/* Six digits, as a table has them: no exponent where it can be done without. */
static char *figure(double value)
{
	if (fabs(value) >= 1e5 && fabs(value) < 1e9)
		return print("%.0f", value);
	if (value && (fabs(value) < 1e-4 || fabs(value) >= 1e9))
		return print("%.3g", value);
	return print("%.6g", value);
}

/* A change in percent with its sign, in three to five digits. */
static char *percent(double share)
{
	double value = share * 100;

	if (!value)
		return print("0");
	if (fabs(value) >= 99999.5)
		return print("%+.1e", value);
	return print("%+.*f", fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0, value);
}

static char *change_text(const struct row *r)
{
	char *share, *text;

	if (!r->x.count || !r->y.count)
		return print(r->x.count ? "gone" : "new");
	if (!r->x.median)
		return print(r->y.median ? "from 0" : "0%%");
	share = percent((r->y.median - r->x.median) / fabs(r->x.median));
	text = print("%s%%", share);
	free(share);
	return text;
}

static char *interval_text(const struct row *r)
{
	char *low, *high, *text;

	if (isnan(r->interval.low))
		return print("-");
	low = percent(r->interval.low - 1);
	high = percent(r->interval.high - 1);
	text = print("%s..%s", low, high);
	free(low);
	free(high);
	return text;
}

static char *sure_text(const struct row *r)
{
	if (!r->x.count || !r->y.count)
		return print("-");
	if (r->few)
		return print("too few");
	if (r->by_equality)
		return isinf(r->threshold) ? print("-") : print("%.2f%%", r->threshold * 100);
	return r->p < 0.0001 ? print("<.0001") : print("%.4f", r->p);
}

static struct line line_of(const struct compare *c, const struct row *r,
			   const struct naming *naming)
{
	const char *beyond = c->within >= 0 && r->difference > c->within ? "beyond" : "";
	const char *star = !r->star ? "" : r->worse ? "* worse" : "* better";
	struct line line = {
		.verdict = print("%s%s%s", star, *star && *beyond ? " " : "", beyond),
	};

	line.text[CELL] = naming_name(naming, r->a);
	line.text[METRIC] = short_name(r->metric);
	line.text[SIDE_A] = r->x.count ? figure(r->x.median) : print("-");
	line.text[SIDE_B] = r->y.count ? figure(r->y.median) : print("-");
	line.text[CHANGE] = change_text(r);
	line.text[INTERVAL] = interval_text(r);
	line.text[SURE] = sure_text(r);
	line.text[COUNTS] = print("%d/%d", r->x.count, r->y.count);
	line.text[LOSSES] = print("%.3g/%.3g", r->a->loss * 100, r->b->loss * 100);
	return line;
}

/* What a side is called: the server or kernel, or A or B. */
static const char *title(const struct compare *c, int side)
{
	return c->field ? c->value[side] : side ? "B" : "A";
}

static struct line head_of(const struct compare *c, bool by_rank, bool by_equality)
{
	struct line line = { .verdict = print("%s", "") };

	line.text[CELL] = print("cell");
	line.text[METRIC] = print("metric");
	line.text[SIDE_A] = print("%s", title(c, 0));
	line.text[SIDE_B] = print("%s", title(c, 1));
	line.text[CHANGE] = print("change");
	line.text[INTERVAL] = print("95%% interval");
	line.text[SURE] = print(!by_equality ? "p" : by_rank ? "p, limit" : "limit");
	line.text[COUNTS] = print(c->field ? "n" : "n A/B");
	line.text[LOSSES] = print("lost %%");
	return line;
}

/* Significant ones first, the largest difference first among them and among the others. */
static int by_size(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	if (x->star != y->star)
		return y->star - x->star;
	if (x->difference != y->difference)
		return x->difference < y->difference ? 1 : -1;
	return (x > y) - (x < y);
}

/* Rows to be printed: those that differ by size, then, if wanted, all others in their order. */
static const struct row **arrange(const struct compare *c, int *differing, int *shown)
{
	const struct row **list = checked(calloc(c->rows + 1, sizeof(struct row *)));
	int n = 0;

	for (int i = 0; i < c->rows; i++)
		if (row_differs(c, &c->row[i]))
			list[n++] = &c->row[i];
	qsort(list, n, sizeof(*list), by_size);
	*differing = n;
	for (int i = 0; c->all && i < c->rows; i++)
		if (!row_differs(c, &c->row[i]))
			list[n++] = &c->row[i];
	*shown = n;
	return list;
}

/* Widths, and how much of the line is left for the cell's name. */
static void measure(struct table *t)
{
	int verdict = 0, rest = 0, longest = 0;

	for (int i = 0; i < t->lines; i++) {
		const struct line *line = &t->line[i];

		for (int k = CELL + 1; k < COLUMNS; k++)
			if (line->text[k] && (int)strlen(line->text[k]) > t->width[k])
				t->width[k] = strlen(line->text[k]);
		if ((int)strlen(line->verdict) > verdict)
			verdict = strlen(line->verdict);
	}
	for (int k = CELL + 1; k < COLUMNS; k++)
		rest += t->width[k] ? t->width[k] + 1 : 0;
	rest += 1 + (verdict ? verdict + 1 : 0);
	/* A name that does not fit has a line of its own, so only those that do set the width. */
	for (int i = 0; i < t->lines; i++) {
		int length = strlen(t->line[i].text[CELL]);

		if (length + rest <= WIDTH && length > longest)
			longest = length;
	}
	t->width[CELL] = longest > INDENT ? longest : INDENT;
}

static void print_line(const struct table *t, const struct line *line, const struct line *before)
{
	const char *cell = line->text[CELL];

	if ((int)strlen(cell) > t->width[CELL]) {
		if (!before || strcmp(before->text[CELL], cell))
			puts(cell);
		cell = "";
	}
	printf("%-*s ", t->width[CELL], cell);
	for (int k = CELL + 1; k < COLUMNS; k++)
		if (t->width[k])
			printf(k == METRIC ? " %-*s" : " %*s", t->width[k], line->text[k]);
	printf(*line->verdict ? " %s\n" : "%s\n", line->verdict);
}

static void drop_column(struct table *t, enum column column)
{
	for (int i = 0; i < t->lines; i++) {
		free(t->line[i].text[column]);
		t->line[i].text[column] = NULL;
	}
}

/* All rows have as many repetitions on both sides: their number, or 0. */
static int common_count(const struct row **list, int rows)
{
	int n = rows ? list[0]->x.count : 0;

	for (int i = 0; i < rows; i++)
		if (list[i]->x.count != n || list[i]->y.count != n)
			return 0;
	return n;
}

static bool any_loss(const struct row **list, int rows)
{
	for (int i = 0; i < rows; i++)
		if (list[i]->a->loss || list[i]->b->loss)
			return true;
	return false;
}

static void print_shared(const struct naming *naming, int count)
{
	char *shared = naming_shared(naming);
	const char *s = count == 1 ? "" : "s";

	if (*shared && count)
		paragraph(print("all cells: %s; %d repetition%s a side", shared, count, s));
	else if (*shared)
		paragraph(print("all cells: %s", shared));
	else if (count)
		printf("%d repetition%s a side\n", count, s);
	free(shared);
}

static void print_units(bool by_rank, bool by_equality)
{
	fputs("cost, syscalls, kicks and calls are per packet", stdout);
	if (by_rank != by_equality)
		printf("; cost and latency in %s", by_rank ? "nanoseconds" : "instructions");
	putchar('\n');
}

static void print_rows(const struct compare *c)
{
	int differing, shown, count;
	const struct row **list = arrange(c, &differing, &shown);
	bool by_rank = false, by_equality = false;
	struct naming naming = { 0 };
	struct table t = { 0 };

	/* What sets a cell apart from any other that is compared, shown or not. */
	for (int i = 0; i < c->rows; i++)
		if (!i || c->row[i].a != c->row[i - 1].a)
			naming_add(&naming, c->row[i].a);
	count = common_count(list, shown);
	t.line = checked(calloc(shown + 1, sizeof(*t.line)));
	for (int i = 0; i < shown; i++) {
		t.line[i + 1] = line_of(c, list[i], &naming);
		by_rank = by_rank || !list[i]->by_equality;
		by_equality = by_equality || list[i]->by_equality;
	}
	if (shown) {
		print_shared(&naming, count);
		print_units(by_rank, by_equality);
	}
	t.line[0] = head_of(c, by_rank, by_equality);
	t.lines = shown + 1;
	if (count)
		drop_column(&t, COUNTS);
	if (!any_loss(list, shown))
		drop_column(&t, LOSSES);
	measure(&t);
	for (int i = 0; shown && i <= shown; i++) {
		bool gap = differing && i == differing + 1;

		if (gap)
			putchar('\n');
		print_line(&t, &t.line[i], i && !gap ? &t.line[i - 1] : NULL);
	}
	free(list);
}

/* Cells that only one side has: their names, or how many there are. */
static void print_missing(const struct compare *c, int side)
{
	const struct cells *from = &c->side[side], *in = &c->side[!side];
	const char *where = c->field ? "with" : "in";

	if (c->missing[side] && !c->all)
		printf("%ld cell%s only %s %s (--all names them)\n", c->missing[side],
		       c->missing[side] == 1 ? "" : "s", where, title(c, side));
	for (int i = 0; c->all && i < from->count; i++)
		if (!cells_find(in, from->cell[i].key))
			printf("only %s %s: %s\n", where, title(c, side),
			       cell_label(&from->cell[i]));
}

/* What a packet costs depends on the policy: the same cell under two of them is not compared. */
static void print_policies(const struct compare *c)
{
	if (!c->policies)
		return;
	paragraph(print("%ld of these: the same cell, another scheduling policy (%s %s, %s %s), "
			"not compared; measure both under one, with knob.policy",
			c->policies, title(c, 0), cell_policy(c->policy[0]), title(c, 1),
			cell_policy(c->policy[1])));
}

/* The A/A controls of a run: the same cell against itself, so what differs here is noise. */
static void print_control(const struct controls *controls, const char *name)
{
	int halves = controls->count - controls->again, apart = 0;
	double most = 0;

	for (int i = 0; i < controls->count; i++) {
		const struct control *c = &controls->control[i];
		const struct row *r = &c->row;
		char *label;

		if (c->halves) {
			apart += r->star;
			most = fmax(most, r->difference);
			continue;
		}
		label = cell_label(c->cell);
		paragraph(print("A/A control of %s (%s, twice): cost %.6g and %.6g, %s", name,
				label, r->x.median, r->y.median,
				r->star	 ? "DIFFERENT: this run took noise for a difference"
				: r->few ? "too few repetitions to judge"
					 : "no difference"));
		free(label);
	}
	if (halves)
		paragraph(print("A/A control of %s, odd against even repetitions of %d cells: at "
				"most %.3g %% apart, %d DIFFERENT",
				name, halves, most * 100, apart));
}

/* How many repetitions would have been enough. */
static void print_few(const struct compare *c)
{
	int few = 0, counted = 0;

	for (int i = 0; i < c->rows; i++) {
		few += c->row[i].few && !c->row[i].by_equality;
		counted += c->row[i].few && c->row[i].by_equality;
	}
	if (counted)
		paragraph(print("%d have too few repetitions to be judged: on the instruction "
				"clock at least 2 a side",
				counted));
	if (few)
		paragraph(print("%d have too few repetitions to be ever significant: with so many "
				"tests at least %d a side",
				few, repetitions_needed(few + c->family.tests, c->level)));
}

/* Of all cells in one line: how many stand above, and how many do not. */
static void print_cells(const struct compare *c)
{
	int same = c->cells - c->differ - c->open;

	printf("cells: %d differ%s, %d do%s not", c->differ, c->differ == 1 ? "s" : "", same,
	       same == 1 ? "es" : "");
	if (c->open)
		printf(", %d with too few repetitions to tell", c->open);
	puts(c->all ? "" : " (--all shows them)");
}

void print_table(const struct compare *c)
{
	char *text;

	if (c->field)
		printf("run: %s\nthe change is that from %s to %s\n", c->path[0], c->value[0],
		       c->value[1]);
	else
		printf("A: %s\nB: %s\n", c->path[0], c->path[1]);
	print_rows(c);
	print_cells(c);
	print_missing(c, 0);
	print_missing(c, 1);
	print_policies(c);
	print_control(&c->controls[0], c->field ? "the run" : "A");
	print_control(&c->controls[1], "B");
	printf("%d values compared, largest difference ", c->rows);
	if (isinf(c->worst))
		fputs("infinite", stdout);
	else
		printf("%.4f %%", c->worst * 100);
	if (c->within >= 0)
		printf(", %ld beyond %.4g %%", c->beyond, c->within * 100);
	putchar('\n');
	if (c->withheld)
		paragraph(print("NO STARS: the A/A control took noise for a difference, so no "
				"difference counts as significant"));
	text = print("%d significant (*), %d of them worse", c->family.stars, c->family.worse);
	if (c->fail_over >= 0)
		text = print("%s; %ld worse by more than %.4g %%", text, c->over,
			     c->fail_over * 100);
	puts(text);
	if (c->family.tests)
		paragraph(
			print("measured in time: %.4g %% chance of any star by noise, over all %d "
			      "tests together (Holm)",
			      c->level * 100, c->family.tests));
	print_few(c);
}
