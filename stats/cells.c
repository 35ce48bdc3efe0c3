// SPDX-License-Identifier: GPL-2.0-only
/* Groups the lines of points.jsonl into cells and summarises their samples. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../bench/lib/random.h"
#include "cells.h"

const char *const metric_name[METRICS] = {
	[PACKETS] = "packets",
	[LOST] = "lost",
	[CORRUPT] = "corrupt",
	[SECONDS] = "seconds",
	[COST] = "cost_per_packet",
	[ABOVE_FLOOR] = "above_floor_per_packet",
	[SYSCALLS] = "syscalls_per_packet",
	[KICKS] = "kicks_per_packet",
	[CALLS] = "calls_per_packet",
	[LATENCY_P50] = "latency_p50",
	[LATENCY_P99] = "latency_p99",
	[LATENCY_P999] = "latency_p999",
};

static const char *const identity[] = {
	"server", "guest", "workload", "size",	"burst", "queues",
	"guests", "sink",  "knobs",    "clock", "accel",
};

/* Rows of one table stand in this order; other names follow, by name. */
static const char *const server_order[] = {
	"floor", "userspace", "intree", "vhostlab", "uring", "vhostuser",
};

int metric_find(const char *name)
{
	for (int i = 0; i < METRICS; i++)
		if (!strcmp(metric_name[i], name))
			return i;
	return -1;
}

static int server_rank(const char *name)
{
	int n = sizeof(server_order) / sizeof(server_order[0]);

	for (int i = 0; i < n; i++)
		if (!strcmp(server_order[i], name))
			return i;
	return n;
}

/* By version: 6.9 comes before 6.12. Cells of a run with one kernel have none. */
static int compare_kernel(const struct cell *a, const struct cell *b)
{
	const char *x = json_string_value(json_object_get(a->identity, "kernel"));
	const char *y = json_string_value(json_object_get(b->identity, "kernel"));

	return x && y ? strverscmp(x, y) : !!x - !!y;
}

static int compare_field(const struct cell *a, const struct cell *b, const char *name)
{
	json_t *x = json_object_get(a->identity, name), *y = json_object_get(b->identity, name);
	char *s, *t;
	int order;

	if (json_is_integer(x) && json_is_integer(y)) {
		json_int_t i = json_integer_value(x), j = json_integer_value(y);

		return (i > j) - (i < j);
	}
	s = checked(json_dumps(x, JSON_ENCODE_ANY | JSON_SORT_KEYS));
	t = checked(json_dumps(y, JSON_ENCODE_ANY | JSON_SORT_KEYS));
	order = strcmp(s, t);
	free(s);
	free(t);
	return order;
}

int cell_order(const void *a, const void *b)
{
	static const char *const fields[] = { "clock", "accel", "workload", "sink",  "guest",
					      "size",  "burst", "queues",   "guests" };
	const struct cell *x = a, *y = b;
	int order, rank;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		order = compare_field(x, y, fields[i]);
		if (order)
			return order;
	}
	order = compare_kernel(x, y);
	if (order)
		return order;
	rank = server_rank(json_string_value(json_object_get(x->identity, "server"))) -
	       server_rank(json_string_value(json_object_get(y->identity, "server")));
	if (rank)
		return rank;
	order = compare_field(x, y, "server");
	order = order ? order : compare_field(x, y, "knobs");
	return order ? order : compare_field(x, y, "policy");
}

/*
 * How guest and server were scheduled: each point says it. Those from before there was a choice do
 * not; they ran under SCHED_BATCH. Real guests are scheduled as QEMU and DPDK have it: null.
 */
static json_t *policy_of(const json_t *line)
{
	json_t *policy = json_object_get(json_object_get(line, "detail"), "policy");
	const char *guest = json_string_value(json_object_get(line, "guest"));

	if (!json_is_string(policy))
		policy = json_object_get(json_object_get(line, "knobs"), "policy");
	if (json_is_string(policy))
		return json_incref(policy);
	return guest && !strcmp(guest, "process") ? json_string("batch") : json_null();
}

/* The identity as text, with @knobs in place of its own. */
static char *text_of(const json_t *identity, json_t *knobs)
{
	json_t *shared = checked(json_copy((json_t *)identity));
	char *text;

	json_object_del(shared, "accel");
	json_object_del(shared, "policy");
	json_object_set(shared, "knobs", knobs);
	text = checked(json_dumps(shared, JSON_COMPACT | JSON_SORT_KEYS));
	json_decref(shared);
	return text;
}

/* Everything that follows from the cell's identity. */
static void name_cell(struct cell *cell)
{
	json_t *knobs = json_object_get(cell->identity, "knobs");
	const char *policy = cell_policy(cell);
	char *recorded = text_of(cell->identity, knobs);

	cell->seed = random_hash(recorded);
	free(recorded);
	cell->settings = checked(json_is_object(knobs) ? json_copy(knobs) : json_object());
	json_object_del(cell->settings, "policy");
	cell->bare = text_of(cell->identity, cell->settings);
	if (policy && strcmp(policy, USUAL_POLICY))
		json_object_set_new(cell->settings, "policy", json_string(policy));
	cell->key = text_of(cell->identity, cell->settings);
}

const char *cell_policy(const struct cell *cell)
{
	return json_string_value(json_object_get(cell->identity, "policy"));
}

/* The cell this line belongs to, new or known; NULL when the line has no complete identity. */
static struct cell *place(struct cells *cells, json_t *line)
{
	bool control = json_is_true(json_object_get(line, "control"));
	struct cell **list = control ? &cells->control : &cells->cell;
	int *count = control ? &cells->controls : &cells->count;
	struct cell cell = { .identity = json_object() };
	json_t *who = cell.identity;

	for (size_t i = 0; i < sizeof(identity) / sizeof(identity[0]); i++) {
		json_t *value = json_object_get(line, identity[i]);

		if (!value) {
			json_decref(who);
			return NULL;
		}
		json_object_set(who, identity[i], value);
	}
	if (!json_is_string(json_object_get(who, "server"))) {
		json_decref(who);
		return NULL;
	}
	json_object_set_new(who, "policy", policy_of(line));
	if (json_is_string(json_object_get(line, "kernel")))
		json_object_set(who, "kernel", json_object_get(line, "kernel"));
	name_cell(&cell);
	for (int i = 0; i < *count; i++) {
		if (!strcmp((*list)[i].key, cell.key)) {
			free(cell.key);
			free(cell.bare);
			json_decref(cell.settings);
			json_decref(who);
			return &(*list)[i];
		}
	}
	*list = checked(realloc(*list, (*count + 1) * sizeof(struct cell)));
	(*list)[*count] = cell;
	return &(*list)[(*count)++];
}

/* Adds the line's histogram, if it has one; false when it is not on the common grid. */
static bool add_histogram(struct histogram *histogram, const json_t *line)
{
	json_t *buckets = json_object_get(json_object_get(line, "detail"), "latency_histogram");
	json_t *one;
	size_t i;

	json_array_foreach(buckets, i, one) {
		json_int_t part[3];

		for (int k = 0; k < 3; k++) {
			part[k] = json_integer_value(json_array_get(one, k));
			if (part[k] < 0)
				return false;
		}
		if (!histogram_add(histogram, &(struct bucket){ part[0], part[1], part[2] }))
			return false;
	}
	return true;
}

static void add_value(struct sample *s, double value)
{
	s->value = checked(realloc(s->value, (s->count + 1) * sizeof(double)));
	s->value[s->count++] = value;
}

static bool add_line(struct cell *cell, json_t *line)
{
	json_int_t rep = json_integer_value(json_object_get(line, "rep"));
	double packets = json_number_value(json_object_get(line, metric_name[PACKETS]));
	double lost = json_number_value(json_object_get(line, metric_name[LOST]));

	cell->repetitions++;
	if (lost > cell->loss * (packets + lost))
		cell->loss = lost / (packets + lost);
	for (int m = 0; m < METRICS; m++) {
		json_t *value = json_object_get(line, metric_name[m]);

		if (!json_is_number(value))
			continue;
		add_value(&cell->sample[m], json_number_value(value));
		if (m == COST)
			add_value(&cell->half[rep & 1], json_number_value(value));
	}
	return add_histogram(&cell->latency, line);
}

/* The whole lines of @file, by point and repetition: the last of the same counts. NULL after a complaint. */
static json_t *read_lines(FILE *file, const char *path)
{
	json_t *lines = json_object(), *object;
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	long number = 0;

	while ((length = getline(&text, &size, file)) > 0) {
		char *key;

		number++;
		if (text[length - 1] != '\n')
			break;
		object = json_loads(text, 0, NULL);
		if (!json_is_string(json_object_get(object, "point")) ||
		    !json_is_integer(json_object_get(object, "rep"))) {
			fprintf(stderr,
				"vhostlab: stats: %s:%ld: not a result line: remove it and sweep "
				"again with --resume\n",
				path, number);
			json_decref(lines);
			lines = NULL;
			break;
		}
		if (asprintf(&key, "%s/%lld", json_string_value(json_object_get(object, "point")),
			     (long long)json_integer_value(json_object_get(object, "rep"))) < 0)
			key = NULL;
		json_object_set_new(lines, checked(key), object);
		free(key);
	}
	free(text);
	return lines;
}

/* Adds a file to the cells; one that is @optional may be missing. */
static bool read_file(struct cells *cells, const char *path, bool optional)
{
	FILE *file = fopen(path, "r");
	json_t *lines, *object;
	const char *name;

	if (!file) {
		if (optional && errno == ENOENT)
			return true;
		fprintf(stderr,
			"vhostlab: stats: %s: %s: name a folder of results/ or its points.jsonl\n",
			path, strerror(errno));
		return false;
	}
	lines = read_lines(file, path);
	fclose(file);
	if (!lines)
		return false;
	json_object_foreach(lines, name, object) {
		struct cell *cell = place(cells, object);

		if (!cell) {
			fprintf(stderr,
				"vhostlab: stats: %s: point %s: a field of its identity is "
				"missing: sweep again\n",
				path, name);
			return false;
		}
		if (!add_line(cell, object)) {
			fprintf(stderr,
				"vhostlab: stats: %s: point %s: its latency_histogram has a bucket "
				"that no point program makes: sweep again\n",
				path, name);
			return false;
		}
	}
	return true;
}

bool cells_add(struct cells *cells, json_t *line)
{
	struct cell *cell = place(cells, line);

	return cell && add_line(cell, line);
}

bool cells_read(struct cells *cells, const char *path)
{
	char *points = NULL, *control = NULL;
	bool good = true;
	struct stat st;

	memset(cells, 0, sizeof(*cells));
	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		if (asprintf(&points, "%s/points.jsonl", path) < 0 ||
		    asprintf(&control, "%s/control.jsonl", path) < 0)
			checked(NULL);
		path = points;
		good = read_file(cells, control, true);
	}
	good = good && read_file(cells, path, false);
	if (good && !cells->count) {
		fprintf(stderr, "vhostlab: stats: %s: it has no whole line: sweep first\n", path);
		good = false;
	}
	if (cells->count)
		qsort(cells->cell, cells->count, sizeof(struct cell), cell_order);
	if (cells->controls)
		qsort(cells->control, cells->controls, sizeof(struct cell), cell_order);
	free(points);
	free(control);
	return good;
}

bool cells_with(const struct cells *all, const char *field, const char *value, struct cells *only)
{
	memset(only, 0, sizeof(*only));
	only->cell = checked(calloc(all->count + 1, sizeof(struct cell)));
	for (int i = 0; i < all->count; i++) {
		const struct cell *cell = &all->cell[i];
		struct cell *copy = &only->cell[only->count];
		const char *name = json_string_value(json_object_get(cell->identity, field));

		if (!name || strcmp(name, value))
			continue;
		*copy = *cell;
		copy->identity = checked(json_copy(cell->identity));
		json_object_del(copy->identity, field);
		name_cell(copy);
		only->count++;
	}
	return only->count > 0;
}

const struct cell *cells_find(const struct cells *cells, const char *key)
{
	for (int i = 0; i < cells->count; i++)
		if (!strcmp(cells->cell[i].key, key))
			return &cells->cell[i];
	return NULL;
}

const struct cell *cells_other_policy(const struct cells *cells, const struct cell *cell)
{
	for (int i = 0; i < cells->count; i++)
		if (!strcmp(cells->cell[i].bare, cell->bare) &&
		    strcmp(cells->cell[i].key, cell->key))
			return &cells->cell[i];
	return NULL;
}
