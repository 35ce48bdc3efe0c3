// SPDX-License-Identifier: GPL-2.0-only
/* Names of cells. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"

static const char *const axis_field[AXES] = {
	[GUESTS] = "guests", [GUEST] = "guest",	  [QUEUES] = "queues", [WORKLOAD] = "workload",
	[SINK] = "sink",     [SIZE] = "size",	  [BURST] = "burst",   [SERVER] = "server",
	[CLOCK] = "clock",   [KERNEL] = "kernel",
};

static long long whole(const json_t *identity, enum axis axis)
{
	return json_integer_value(json_object_get(identity, axis_field[axis]));
}

/* Text as it is, everything else as JSON. NULL when the identity has no such field. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return checked(strdup(json_string_value(value)));
	return value ? checked(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)) : NULL;
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static void knobs_that_differ(struct naming *naming, json_t *from, json_t *other)
{
	const char *name;
	json_t *value;

	json_object_foreach(from, name, value)
		if (!same(value, json_object_get(other, name)))
			json_object_set_new(naming->knobs, name, json_true());
}

void naming_add(struct naming *naming, const struct cell *cell)
{
	json_t *first;

	if (!naming->cells++) {
		naming->first = cell;
		naming->knobs = checked(json_object());
		return;
	}
	first = naming->first->identity;
	for (int i = 0; i < AXES; i++)
		if (!same(json_object_get(first, axis_field[i]),
			  json_object_get(cell->identity, axis_field[i])))
			naming->varies[i] = true;
	knobs_that_differ(naming, naming->first->settings, cell->settings);
	knobs_that_differ(naming, cell->settings, naming->first->settings);
}

/* A word more, after a separator unless it is the first one. */
static void __attribute__((format(printf, 3, 4)))
word(FILE *out, const char *separator, const char *format, ...)
{
	va_list values;

	if (ftell(out))
		fputs(separator, out);
	va_start(values, format);
	vfprintf(out, format, values);
	va_end(values);
}

static void put_text(FILE *out, const json_t *identity, enum axis axis)
{
	char *text = value_text(json_object_get(identity, axis_field[axis]));

	if (text)
		word(out, " ", "%s", text);
	free(text);
}

static void put_kernel(FILE *out, const json_t *identity)
{
	const char *kernel = json_string_value(json_object_get(identity, "kernel"));

	if (kernel)
		word(out, " ", "Linux %s", kernel);
}

static void put_axes(FILE *out, const json_t *identity, const bool *shown)
{
	long long n = whole(identity, GUESTS);

	if (shown[GUESTS])
		word(out, " ", "%lld guest%s", n, n == 1 ? "" : "s");
	if (shown[GUEST])
		put_text(out, identity, GUEST);
	n = whole(identity, QUEUES);
	if (shown[QUEUES])
		word(out, " ", "%lld queue%s", n, n == 1 ? "" : "s");
	if (shown[WORKLOAD])
		put_text(out, identity, WORKLOAD);
	if (shown[SINK])
		put_text(out, identity, SINK);
	if (shown[SIZE] && shown[BURST])
		word(out, " ", "%lld x %lld", whole(identity, SIZE), whole(identity, BURST));
	else if (shown[SIZE])
		word(out, " ", "%lld bytes", whole(identity, SIZE));
	else if (shown[BURST])
		word(out, " ", "burst %lld", whole(identity, BURST));
	if (shown[SERVER])
		put_text(out, identity, SERVER);
	if (shown[CLOCK])
		put_text(out, identity, CLOCK);
	if (shown[KERNEL])
		put_kernel(out, identity);
}

/* Those named in @some, or the others. */
static void put_knobs(FILE *out, const struct cell *cell, const char *separator, const json_t *some,
		      bool others)
{
	json_t *value;
	const char *name;

	json_object_foreach(cell->settings, name, value) {
		char *text = value_text(value);

		if (!json_object_get(some, name) == others)
			word(out, separator, "%s=%s", name, text);
		free(text);
	}
}

char *naming_name(const struct naming *naming, const struct cell *cell)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (naming->cells < 2)
		return cell_label(cell);
	out = checked(open_memstream(&text, &size));
	put_axes(out, cell->identity, naming->varies);
	put_knobs(out, cell, " ", naming->knobs, false);
	/* Only knobs vary, and all of this cell's are at their defaults. */
	if (!ftell(out))
		fputs("defaults", out);
	fclose(out);
	return checked(text);
}

/* One process with one pair of queues is what most runs have throughout. */
static bool usual(enum axis axis, const char *value)
{
	if (axis == GUEST)
		return !strcmp(value, "process");
	return (axis == GUESTS || axis == QUEUES) && !strcmp(value, "1");
}

char *naming_shared(const struct naming *naming)
{
	json_t *identity = naming->first ? naming->first->identity : NULL;
	char *text = NULL;
	size_t size;
	FILE *out = checked(open_memstream(&text, &size));

	for (int i = 0; naming->cells > 1 && i < AXES; i++) {
		char *value = value_text(json_object_get(identity, axis_field[i]));

		if (value && !naming->varies[i] && !usual(i, value))
			word(out, ", ", "%s %s", axis_field[i], value);
		free(value);
	}
	if (naming->cells > 1)
		put_knobs(out, naming->first, ", ", naming->knobs, true);
	fclose(out);
	return checked(text);
}

char *cell_label(const struct cell *cell)
{
	json_t *id = cell->identity, *value;
	const char *name, *guest = json_string_value(json_object_get(id, "guest"));
	char *text = NULL;
	size_t size;
	FILE *out = checked(open_memstream(&text, &size));

	if ((guest && strcmp(guest, "process")) || whole(id, GUESTS) != 1 || whole(id, QUEUES) != 1)
		word(out, " ", "%lld %s x %lld queues", whole(id, GUESTS), guest ? guest : "?",
		     whole(id, QUEUES));
	put_text(out, id, WORKLOAD);
	put_text(out, id, SINK);
	word(out, " ", "%lld x %lld", whole(id, SIZE), whole(id, BURST));
	put_text(out, id, SERVER);
	put_kernel(out, id);
	json_object_foreach(cell->settings, name, value) {
		char *knob = checked(json_dumps(value, JSON_ENCODE_ANY));

		word(out, " ", "%s=%s", name, knob);
		free(knob);
	}
	fclose(out);
	return checked(text);
}
