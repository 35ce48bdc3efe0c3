// SPDX-License-Identifier: GPL-2.0-only
/* Lines of many runs into series. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "only.h"
#include "series.h"

static char *text_of(const json_t *line, const char *field)
{
	const char *text = json_string_value(json_object_get(line, field));

	return checked(strdup(text && *text ? text : "unknown"));
}

/* As git shortens it, with a + where the tree had changes that are in no revision. */
static char *revision_of(const json_t *line)
{
	char *whole = text_of(line, "revision"), *text;
	bool dirty = json_integer_value(json_object_get(line, "dirty"));

	if (asprintf(&text, "%.7s%s", whole, dirty ? "+" : "") < 0)
		checked(NULL);
	free(whole);
	return text;
}

static struct run *run_of(struct history *history, const json_t *line)
{
	json_int_t id = json_integer_value(json_object_get(line, "id"));
	struct run *run;

	/* A run's lines follow one another. */
	if (history->runs && history->run[history->runs - 1].id == id)
		return &history->run[history->runs - 1];
	history->run = checked(realloc(history->run, (history->runs + 1) * sizeof(*run)));
	run = &history->run[history->runs++];
	*run = (struct run){ .id = id,
			     .folder = text_of(line, "run"),
			     .date = text_of(line, "date"),
			     .revision = revision_of(line),
			     .kernel = text_of(line, "kernel") };
	return run;
}

/* What is the same in all runs and with all servers. */
static char *key_of(const struct cell *cell)
{
	json_t *shared = checked(json_copy(cell->identity));
	char *key;

	json_object_del(shared, "server");
	json_object_del(shared, "policy");
	json_object_del(shared, "kernel");
	json_object_set(shared, "knobs", cell->settings);
	key = checked(json_dumps(shared, JSON_COMPACT | JSON_SORT_KEYS));
	json_decref(shared);
	return key;
}

static struct series *series_of(struct history *history, const struct cell *cell)
{
	char *key = key_of(cell);
	struct series *series;

	for (int i = 0; i < history->count; i++) {
		if (strcmp(history->series[i].key, key))
			continue;
		free(key);
		return &history->series[i];
	}
	history->series = checked(realloc(history->series, (history->count + 1) * sizeof(*series)));
	series = &history->series[history->count++];
	*series = (struct series){ .key = key, .plain = *cell };
	series->plain.identity = checked(json_copy(cell->identity));
	json_object_del(series->plain.identity, "server");
	json_object_del(series->plain.identity, "clock");
	json_object_del(series->plain.identity, "kernel");
	return series;
}

static void add_value(struct series *series, int run, const struct cell *cell)
{
	if (!series->values || series->value[series->values - 1].run != run)
		series->runs++;
	series->value =
		checked(realloc(series->value, (series->values + 1) * sizeof(*series->value)));
	series->value[series->values++] = (struct value){ run, cell };
}

static int by_cell(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	return cell_order(x->value[0].cell, y->value[0].cell);
}

bool history_read(struct history *history, FILE *file, const char *only, enum metric metric)
{
	json_t *line;

	memset(history, 0, sizeof(*history));
	while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) {
		if ((!only || only_holds(only, line)) &&
		    !cells_add(&run_of(history, line)->cells, line)) {
			fprintf(stderr,
				"vhostlab: history: run %s: a point has no whole identity: sweep "
				"again\n",
				history->run[history->runs - 1].folder);
			return false;
		}
		json_decref(line);
	}
	for (int r = 0; r < history->runs; r++) {
		struct cells *cells = &history->run[r].cells;

		qsort(cells->cell, cells->count, sizeof(*cells->cell), cell_order);
		for (int i = 0; i < cells->count; i++)
			if (cells->cell[i].sample[metric].count)
				add_value(series_of(history, &cells->cell[i]), r, &cells->cell[i]);
	}
	if (history->count)
		qsort(history->series, history->count, sizeof(*history->series), by_cell);
	return true;
}
