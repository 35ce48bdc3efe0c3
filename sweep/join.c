// SPDX-License-Identifier: GPL-2.0-only
/*
 * join DIR SHARE... < SCHEDULE: one run in DIR of what several machines have measured, each in a
 * folder SHARE of its own: the lines of points.jsonl, control.jsonl and verdicts.jsonl as they are,
 * in the order of the schedule. A last line without an end is left out, as a crash leaves it. A
 * measurement that is in two shares, or in none of the schedule, is a mistake: then nothing is
 * written, and it ends with 1 after one line on stderr. Each file is replaced whole or not at all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"

static const char *const names[] = { "points.jsonl", "control.jsonl", "verdicts.jsonl" };
#define FILES	 3
#define VERDICTS 2

struct line {
	char *text; /* with its end */
	size_t length;
	long place; /* in the schedule */
	long number; /* of those read, so that the order of equals stays */
};

struct lines {
	struct line *line;
	long count;
};

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "vhostlab: join: out of memory: close other programs\n");
	exit(1);
}

static void key_of(char *key, size_t size, const json_t *object)
{
	snprintf(key, size, "%.64s/%lld", json_string_value(json_object_get(object, "point")),
		 (long long)json_integer_value(json_object_get(object, "rep")));
}

/* Where each measurement stands in the schedule; NULL after one line on stderr. */
static json_t *read_schedule(void)
{
	json_t *places = checked(json_object());
	char *text = NULL, key[100];
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&text, &size, stdin)) > 0) {
		json_t *step;

		if (line_check(text, length, NULL, &step)) {
			fprintf(stderr, "vhostlab: join: schedule: a line is not a step: make it "
					"with plan --schedule\n");
			return NULL;
		}
		key_of(key, sizeof(key), step);
		json_object_set_new(places, key,
				    json_integer((json_int_t)json_object_size(places)));
		json_decref(step);
	}
	free(text);
	return places;
}

/* Adds the lines of one file, which need not exist; false after one line on stderr. */
static bool read_lines(struct lines *all, const char *path, const json_t *places, json_t *known)
{
	FILE *file = fopen(path, "r");
	char *text = NULL, key[100];
	const char *wrong = NULL;
	size_t size = 0;
	ssize_t length;
	long row = 0;

	if (!file && errno == ENOENT)
		return true;
	if (!file) {
		fprintf(stderr, "vhostlab: join: %s: %s: make it readable\n", path,
			strerror(errno));
		return false;
	}
	while (!wrong && (length = getline(&text, &size, file)) > 0) {
		const json_t *place;
		json_t *object;

		if (text[length - 1] != '\n')
			break;
		row++;
		wrong = line_check(text, length - 1, known, &object);
		if (!wrong) {
			key_of(key, sizeof(key), object);
			place = json_object_get(places, key);
			if (!place)
				wrong = "a measurement that is not in the schedule";
		}
		json_decref(object);
		if (wrong)
			break;
		all->line = checked(realloc(all->line, (all->count + 1) * sizeof(*all->line)));
		all->line[all->count] = (struct line){
			.text = checked(malloc(length)),
			.length = length,
			.place = (long)json_integer_value(place),
			.number = all->count,
		};
		memcpy(all->line[all->count++].text, text, length);
	}
	if (!wrong && ferror(file))
		wrong = "it cannot be read";
	if (wrong)
		fprintf(stderr,
			"vhostlab: join: %s:%ld: %s: remove that share's folder, then --resume "
			"measures it again\n",
			path, row, wrong);
	free(text);
	fclose(file);
	return !wrong;
}

static int by_place(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static bool write_lines(struct lines *all, const char *path)
{
	char fresh[4400];
	FILE *file;
	bool good;

	if (all->count)
		qsort(all->line, all->count, sizeof(*all->line), by_place);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "w");
	good = file;
	for (long i = 0; good && i < all->count; i++)
		good = fwrite(all->line[i].text, 1, all->line[i].length, file) ==
		       all->line[i].length;
	good = good && !fflush(file) && !fsync(fileno(file));
	if (file && fclose(file))
		good = false;
	if (good && !rename(fresh, path))
		return true;
	fprintf(stderr, "vhostlab: join: %s: %s: free some space or make it writable\n", path,
		strerror(errno));
	unlink(fresh);
	return false;
}

int main(int argc, char **argv)
{
	struct lines all[FILES] = { 0 };
	json_t *places, *known;
	char path[4300];

	if (argc < 3) {
		fputs("usage: join DIR SHARE... < SCHEDULE\n", stderr);
		return 2;
	}
	places = read_schedule();
	if (!places)
		return 1;
	for (int f = 0; f < FILES; f++) {
		/* Verdicts may repeat: each attempt has its own. */
		known = f == VERDICTS ? NULL : checked(json_object());
		for (int i = 2; i < argc; i++) {
			snprintf(path, sizeof(path), "%s/%s", argv[i], names[f]);
			if (!read_lines(&all[f], path, places, known))
				return 1;
		}
		json_decref(known);
	}
	for (int f = 0; f < FILES; f++) {
		snprintf(path, sizeof(path), "%s/%s", argv[1], names[f]);
		if (!write_lines(&all[f], path))
			return 1;
	}
	return 0;
}
