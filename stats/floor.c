// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor: fills in above_floor_per_packet in a file of points: what each cost
 * above the median of server floor in the same cell, which moves the same frames
 * through the same tap in the same bursts, without a ring and without a guest,
 * under the same tracing. null where that was not measured. The file is
 * replaced whole, or not at all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"

/* As many digits as a double always gives back as they were written. */
#define LINE_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

static const char *const cell_field[] = { "workload", "size",  "burst", "sink",
					  "clock",    "accel", "kernel" };

struct floor {
	char *cell;
	struct sample cost;
};

static char *cell_of(const json_t *point)
{
	json_t *trace = json_object_get(json_object_get(point, "knobs"), "trace");
	json_t *cell = json_array();
	char *text;

	for (size_t i = 0; i < sizeof(cell_field) / sizeof(cell_field[0]); i++) {
		json_t *value = json_object_get(point, cell_field[i]);

		if (value)
			json_array_append(cell, value);
		else
			json_array_append_new(cell, json_null());
	}
	/* The one knob that changes what a floor costs. */
	if (trace)
		json_array_append(cell, trace);
	text = checked(json_dumps(cell, JSON_COMPACT));
	json_decref(cell);
	return text;
}

static struct floor *floor_of(struct floor *floor, int count, const char *cell)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(floor[i].cell, cell))
			return &floor[i];
	return NULL;
}

static bool text_is(const json_t *point, const char *field, const char *text)
{
	const char *value = json_string_value(json_object_get(point, field));

	return value && !strcmp(value, text);
}

/* All floors of the points; their number in @count. */
static struct floor *floors_of(const json_t *points, int *count)
{
	struct floor *all = NULL;
	json_t *point;
	size_t i;

	*count = 0;
	json_array_foreach(points, i, point) {
		json_t *cost = json_object_get(point, "cost_per_packet");
		struct floor *one;
		char *cell;

		if (!text_is(point, "server", "floor") || !json_is_number(cost))
			continue;
		cell = cell_of(point);
		one = floor_of(all, *count, cell);
		if (!one) {
			all = checked(realloc(all, (*count + 1) * sizeof(*all)));
			one = &all[(*count)++];
			*one = (struct floor){ .cell = strdup(cell) };
		}
		one->cost.value =
			checked(realloc(one->cost.value, (one->cost.count + 1) * sizeof(double)));
		one->cost.value[one->cost.count++] = json_number_value(cost);
		free(cell);
	}
	return all;
}

static void fill_in(json_t *points)
{
	int count;
	struct floor *all = floors_of(points, &count);
	json_t *point;
	size_t i;

	json_array_foreach(points, i, point) {
		json_t *cost = json_object_get(point, "cost_per_packet"), *above = json_null();
		char *cell = cell_of(point);
		struct floor *floor = floor_of(all, count, cell);

		if (floor && text_is(point, "guest", "process") && json_is_number(cost))
			above = json_real(json_number_value(cost) - summarise(&floor->cost).median);
		json_object_set_new(point, "above_floor_per_packet", above);
		free(cell);
	}
	for (int k = 0; k < count; k++) {
		free(all[k].cell);
		free(all[k].cost.value);
	}
	free(all);
}

/* The points of the file; NULL when a line is not one. A half-written last line stays out. */
static json_t *read_points(FILE *file)
{
	json_t *points = json_array();
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while (points && (length = getline(&line, &size, file)) > 0) {
		json_t *point;

		if (line[length - 1] != '\n')
			break;
		point = json_loads(line, 0, NULL);
		if (!json_is_object(point)) {
			json_decref(points);
			points = NULL;
			break;
		}
		json_array_append_new(points, point);
	}
	free(line);
	return points;
}

static bool write_points(const json_t *points, const char *path)
{
	FILE *file = fopen(path, "w");
	bool good = file;
	json_t *point;
	size_t i;

	if (!file)
		return false;
	json_array_foreach(points, i, point)
		good = good && !json_dumpf(point, file, LINE_FLAGS) && putc('\n', file) != EOF;
	good = !fflush(file) && !fsync(fileno(file)) && good;
	return !fclose(file) && good;
}

int main(int argc, char **argv)
{
	json_t *points = NULL;
	char *new = NULL;
	FILE *file;

	if (argc != 2 || argv[1][0] == '-') {
		bool help = argc == 2 && !strcmp(argv[1], "--help");

		fputs("usage: floor points.jsonl\n", help ? stdout : stderr);
		return help ? 0 : 2;
	}
	file = fopen(argv[1], "r");
	if (file) {
		points = read_points(file);
		fclose(file);
	}
	if (!points) {
		fprintf(stderr, "vhostlab: floor: %s: %s\n", argv[1],
			file ? "a line is not a point: sweep again" : strerror(errno));
		return 1;
	}
	fill_in(points);
	if (asprintf(&new, "%s.new", argv[1]) < 0)
		checked(NULL);
	if (!write_points(points, new) || rename(new, argv[1])) {
		fprintf(stderr, "vhostlab: floor: %s: %s: free some space\n", new, strerror(errno));
		return 1;
	}
	free(new);
	json_decref(points);
	return 0;
}
