// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time a step takes is what the model says times a factor. Each kind of step,
 * from all of them down to a single point, has measured its own factor; one that
 * has measured little is drawn to that of the kind above it, as if one measurement
 * more had shown that. So the first point, which may be slow because files are
 * read for the first time, decides nothing alone, and the tenth of its kind is
 * foreseen by its kind.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pace.h"

/* Levels of a kind: all, guest, server, workload, burst, size, point. */
#define LEVELS	   8
#define LEVEL_SKIP 2 /* a skipped measurement tells about its server, not about others */
#define LEVEL_KEEP 3

struct kind {
	char *text;
	int level;
	double measured; /* seconds, of those that were */
	double model; /* seconds of the same by the model */
};

struct step {
	long number;
	double model;
	struct kind *kind[LEVELS];
	int levels;
};

static void *kinds; /* tree of struct kind */
static struct step *steps;
static long step_count;
static FILE *keep_file;

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "vhostlab: progress: out of memory: close other programs\n");
	exit(1);
}

static int compare_kinds(const void *a, const void *b)
{
	return strcmp(((const struct kind *)a)->text, ((const struct kind *)b)->text);
}

/* The kind of that name, made when it is new. */
static struct kind *kind_of(const char *text, int level)
{
	struct kind wanted = { .text = (char *)text }, *new;
	struct kind **found = tfind(&wanted, &kinds, compare_kinds);

	if (found)
		return *found;
	new = checked(calloc(1, sizeof(*new)));
	new->text = checked(strdup(text));
	new->level = level;
	checked(tsearch(new, &kinds, compare_kinds));
	return new;
}

static void add_step(long number, double model, char *text)
{
	struct step *s;

	steps = checked(realloc(steps, (step_count + 1) * sizeof(*steps)));
	s = &steps[step_count++];
	*s = (struct step){ .number = number, .model = model };
	/* The start is like no measurement. */
	if (!number)
		return;
	s->kind[s->levels++] = kind_of("", 0);
	for (char *slash = text; slash && s->levels < LEVELS;) {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		s->kind[s->levels] = kind_of(text, s->levels);
		s->levels++;
		if (slash)
			*slash++ = '/';
	}
}

long pace_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[400];
	double model;
	long number;

	if (!file)
		return 0;
	while (fscanf(file, "%ld %lf %399s", &number, &model, text) == 3)
		if (model > 0)
			add_step(number, model, text);
	fclose(file);
	return step_count ? steps[step_count - 1].number : 0;
}

void pace_remember(const char *path)
{
	FILE *file = fopen(path, "r");
	double measured, model;
	char text[400];
	int level;

	if (!file)
		return;
	/* A slash before each word, so that the kind of all is no empty word. */
	while (fscanf(file, "%lf %lf %399s", &measured, &model, text) == 3) {
		struct kind *kind;

		if (!(measured >= 0 && model > 0) || *text != '/')
			continue;
		level = 0;
		for (const char *c = text; *c; c++)
			level += *c == '/' && c[1];
		kind = kind_of(text + 1, level);
		kind->measured += measured;
		kind->model += model;
	}
	fclose(file);
}

static void keep_kind(const void *node, VISIT visit, int depth)
{
	const struct kind *kind = *(struct kind *const *)node;

	(void)depth;
	if ((visit == postorder || visit == leaf) && kind->model > 0 && kind->level <= LEVEL_KEEP)
		fprintf(keep_file, "%.3f %.3f /%s\n", kind->measured, kind->model, kind->text);
}

void pace_keep(const char *path)
{
	keep_file = fopen(path, "w");
	if (!keep_file)
		return;
	twalk(kinds, keep_kind);
	fclose(keep_file);
}

void pace_measured(long step, double seconds, enum pace_end end)
{
	if (end == PACE_SPOILED)
		return;
	for (long i = 0; i < step_count; i++) {
		if (steps[i].number != step)
			continue;
		for (int k = end == PACE_SKIPPED ? LEVEL_SKIP : 0; k < steps[i].levels; k++) {
			steps[i].kind[k]->measured += seconds;
			steps[i].kind[k]->model += steps[i].model;
		}
	}
}

static double expected(const struct step *s)
{
	double factor = 1;

	for (int k = 0; k < s->levels; k++)
		factor =
			(s->kind[k]->measured + factor * s->model) / (s->kind[k]->model + s->model);
	return factor * s->model;
}

double pace_left(long step, double seconds)
{
	double left = 0;

	for (long i = 0; i < step_count; i++) {
		double takes = expected(&steps[i]);

		if (steps[i].number > step)
			left += takes;
		else if (steps[i].number == step && takes > seconds)
			left += takes - seconds;
	}
	return step_count ? left : -1;
}
