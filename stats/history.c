// SPDX-License-Identifier: GPL-2.0-only
/*
 * history: a metric in the cells of many runs, from the lines of samples.sql on standard input: a
 * table on standard output and, with --data, the data file of a figure (plots/history.gp).
 * `--metrics` prints the metrics there are, `--check` reads nothing and judges the command line.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "only.h"
#include "series.h"

/* As many as a page has room for; --only chooses others. */
#define PANELS 24

static int usage(FILE *out)
{
	fputs("usage: history [--only EXPR] [--data FILE] [--check] METRIC | --metrics\n", out);
	return out == stdout ? 0 : 2;
}

static const char *field(const struct cell *cell, const char *name)
{
	const char *text = json_string_value(json_object_get(cell->identity, name));

	return text ? text : "";
}

static bool timed(const struct series *s)
{
	return strcmp(field(s->value[0].cell, "clock"), "insn");
}

static bool emulated(const struct series *s)
{
	return timed(s) && !strcmp(field(s->value[0].cell, "accel"), "tcg");
}

/* Never without the accelerator: a nanosecond of an emulator is none. */
static void put_clock(FILE *out, const struct series *s)
{
	fprintf(out, "%s clock, %s%s", timed(s) ? field(s->value[0].cell, "clock") : "instruction",
		field(s->value[0].cell, "accel"),
		emulated(s) ? ": emulated time, only ratios count" : "");
}

static const char *unit(enum metric metric, const struct series *s)
{
	switch (metric) {
	case COST:
	case ABOVE_FLOOR:
	case LATENCY_P50:
	case LATENCY_P99:
	case LATENCY_P999:
		return !timed(s) ? "instructions" : emulated(s) ? "emulated ns" : "ns";
	case SECONDS:
		return !timed(s) ? "of the instruction clock" : emulated(s) ? "emulated" : "";
	default:
		return "";
	}
}

static void put_metric(FILE *out, enum metric metric, const struct series *s)
{
	for (const char *c = metric_name[metric]; *c; c++)
		fputc(*c == '_' ? ' ' : *c, out);
	if (*unit(metric, s))
		fprintf(out, ", %s", unit(metric, s));
}

/* The value of the same server in the run before on the same kernel; NULL when there is none. */
static const struct cell *before(const struct history *h, const struct series *s, int at)
{
	const char *server = field(s->value[at].cell, "server");

	for (int i = at - 1; i >= 0; i--)
		if (s->value[i].run < s->value[at].run &&
		    !strcmp(h->run[s->value[i].run].kernel, h->run[s->value[at].run].kernel) &&
		    !strcmp(field(s->value[i].cell, "server"), server))
			return s->value[i].cell;
	return NULL;
}

static void print_row(const struct history *h, const struct series *s, int at, enum metric metric,
		      int width)
{
	const struct run *run = &h->run[s->value[at].run];
	const struct cell *cell = s->value[at].cell, *last = before(h, s, at);
	struct summary now = summarise(&cell->sample[metric]);
	struct interval in = median_range(&cell->sample[metric]);
	char change[32] = "", range[64];
	double then = last ? summarise(&last->sample[metric]).median : 0;

	if (then)
		snprintf(change, sizeof(change), "%+.2f%%", 100 * (now.median / then - 1));
	snprintf(range, sizeof(range), "%.6g..%.6g", in.low, in.high);
	printf("  %.10s %-8s %-*s %-9s %2d %10.6g %-17s %8s", run->date, run->revision, width,
	       run->kernel, field(cell, "server"), now.count, now.median, range, change);
	if (cell->loss > 0)
		printf(" %.2g %% lost", 100 * cell->loss);
	printf("  %s\n", run->folder);
}

static void print_table(const struct history *h, const struct naming *naming, enum metric metric)
{
	char *shared = naming_shared(naming);
	int width = 6;

	for (int r = 0; r < h->runs; r++)
		width = fmax(width, strlen(h->run[r].kernel));
	printf("%s: median of the repetitions (n), their 95 %% interval (below 6: their range),\n"
	       "and the change since the run before on that kernel\n",
	       metric_name[metric]);
	if (*shared)
		printf("all cells: %s\n", shared);
	free(shared);
	for (int i = 0; i < h->count; i++) {
		const struct series *s = &h->series[i];
		char *name = naming_name(naming, &s->plain);

		printf("\n%s (", name);
		put_clock(stdout, s);
		puts(")");
		printf("  %-10s %-8s %-*s %-9s %2s %10s %-17s %8s  %s\n", "date", "revision", width,
		       "kernel", "server", "n", "median", "interval", "change", "run");
		for (int k = 0; k < s->values; k++)
			print_row(h, s, k, metric, width);
		free(name);
	}
}

/* Those that a figure has a colour for. The floor is no server of queues. */
static const char *const drawn[] = { "userspace", "intree", "vhostlab", "uring", "vhostuser" };
#define DRAWN ((int)(sizeof(drawn) / sizeof(drawn[0])))

static bool has_server(const struct series *s, int run, const char *server,
		       const struct cell **found)
{
	for (int k = 0; k < s->values; k++) {
		if ((run >= 0 && s->value[k].run != run) ||
		    strcmp(field(s->value[k].cell, "server"), server))
			continue;
		*found = s->value[k].cell;
		return true;
	}
	return false;
}

static void put_panel(FILE *out, const struct history *h, const struct series *s, const char *name,
		      enum metric metric)
{
	const struct cell *cell;

	fprintf(out, "# panel %s||", name);
	put_metric(out, metric, s);
	fputs("\nx", out);
	for (int i = 0; i < DRAWN; i++)
		fprintf(out, " %s", drawn[i]);
	for (int i = 0; i < DRAWN; i++)
		fprintf(out, " %s:low %s:high", drawn[i], drawn[i]);
	for (int r = 0; r < h->runs; r++) {
		const struct run *run = &h->run[r];
		bool any = false;

		for (int k = 0; k < s->values; k++)
			any |= s->value[k].run == r;
		if (!any)
			continue;
		/* As written for gnuplot: two lines. */
		fprintf(out, "\n\"%.10s %s\\n%.*s\"", run->date, run->revision,
			(int)strcspn(run->kernel, "-"), run->kernel);
		for (int i = 0; i < DRAWN; i++) {
			if (has_server(s, r, drawn[i], &cell))
				fprintf(out, " %.12g", summarise(&cell->sample[metric]).median);
			else
				fputs(" -", out);
		}
		for (int i = 0; i < DRAWN; i++) {
			struct interval in;

			if (!has_server(s, r, drawn[i], &cell)) {
				fputs(" - -", out);
				continue;
			}
			in = median_range(&cell->sample[metric]);
			fprintf(out, " %.12g %.12g", in.low, in.high);
		}
	}
	fputs("\n\n\n", out);
}

static bool worth_drawing(const struct series *s)
{
	const struct cell *cell;

	for (int i = 0; s->runs > 1 && i < DRAWN; i++)
		if (has_server(s, -1, drawn[i], &cell))
			return true;
	return false;
}

/* Of one clock and accelerator each: what the lines below the title say holds for all panels. */
static bool same_clock(const struct series *a, const struct series *b)
{
	return !strcmp(field(a->value[0].cell, "clock"), field(b->value[0].cell, "clock")) &&
	       !strcmp(field(a->value[0].cell, "accel"), field(b->value[0].cell, "accel"));
}

/* The clocks of the figure, each once; how many there are. */
static int put_clocks(FILE *out, struct series *const *shown, int count)
{
	int clocks = 0;

	for (int i = 0; i < count; i++) {
		bool seen = false;

		for (int k = 0; k < i; k++)
			seen |= same_clock(shown[k], shown[i]);
		if (seen)
			continue;
		fputs(clocks++ ? "; " : "", out);
		put_clock(out, shown[i]);
	}
	return clocks;
}

static bool write_data(const struct history *h, const struct naming *naming, enum metric metric,
		       const char *path)
{
	struct series **shown = checked(calloc(h->count + 1, sizeof(*shown)));
	int count = 0, more = 0, clocks;
	char *shared = naming_shared(naming);
	FILE *out = fopen(path, "w");
	bool good = out;

	if (!out) {
		fprintf(stderr, "vhostlab: history: %s: it cannot be written\n", path);
		return false;
	}
	for (int i = 0; i < h->count; i++) {
		if (!worth_drawing(&h->series[i]))
			continue;
		if (count < PANELS)
			shown[count++] = &h->series[i];
		else
			more++;
	}
	if (more)
		fprintf(stderr,
			"vhostlab: history: the figure has the first %d of %d cells: choose others "
			"with --only\n",
			count, count + more);
	fputs("# script history\n# subtitle ", out);
	clocks = put_clocks(out, shown, count);
	fprintf(out, "%s%s\n", *shared ? "; " : "", shared);
	fprintf(out, "# unit unit\n# whiskers whiskers: 95 %% interval of the median (below 6 "
		     "repetitions: their range)\n# heading ");
	for (const char *c = metric_name[metric]; *c; c++)
		fputc(*c == '_' ? ' ' : *c, out);
	fputc('\n', out);
	for (int i = 0; i < count; i++) {
		char *name = naming_name(naming, &shown[i]->plain), *title;

		if (asprintf(&title, "%s%s%s%s%s", name, clocks > 1 ? ", " : "",
			     clocks < 2 ? "" : field(shown[i]->value[0].cell, "clock"),
			     clocks > 1 ? " clock, " : "",
			     clocks > 1 ? field(shown[i]->value[0].cell, "accel") : "") < 0)
			checked(NULL);
		put_panel(out, h, shown[i], title, metric);
		free(title);
		free(name);
	}
	good = !ferror(out);
	good = !fclose(out) && good;
	if (!good)
		fprintf(stderr, "vhostlab: history: %s: it cannot be written: free space there\n",
			path);
	free(shared);
	free(shown);
	return good;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' }, { "data", required_argument, NULL, 'd' },
		{ "metrics", no_argument, NULL, 'm' },	  { "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },	  { 0 }
	};
	const char *only = NULL, *data = NULL;
	struct naming naming = { 0 };
	struct history history;
	bool check = false;
	int option, metric;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'o':
			only = optarg;
			if (!only_check(only))
				return 2;
			break;
		case 'd':
			data = optarg;
			break;
		case 'm':
			for (int i = 0; i < METRICS; i++)
				puts(metric_name[i]);
			return 0;
		case 'c':
			check = true;
			break;
		case 'h':
			return usage(stdout);
		default:
			return usage(stderr);
		}
	}
	if (optind != argc - 1)
		return usage(stderr);
	metric = metric_find(argv[optind]);
	if (metric < 0) {
		fprintf(stderr, "vhostlab: history: %s: not a metric; allowed:", argv[optind]);
		for (int i = 0; i < METRICS; i++)
			fprintf(stderr, " %s", metric_name[i]);
		fputc('\n', stderr);
		return 2;
	}
	if (check)
		return 0;
	if (!history_read(&history, stdin, only, metric))
		return 1;
	if (!history.count) {
		fprintf(stderr, "vhostlab: history: %s was measured in no cell%s\n", argv[optind],
			only ? " that --only chooses: give it other values" : " of these runs");
		return 1;
	}
	for (int i = 0; i < history.count; i++)
		naming_add(&naming, &history.series[i].plain);
	if (data && !write_data(&history, &naming, metric, data))
		return 1;
	print_table(&history, &naming, metric);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("vhostlab: history: standard output: cannot be written: free space there\n",
		      stderr);
		return 1;
	}
	return 0;
}
