// SPDX-License-Identifier: GPL-2.0-only
/* Reads results back: whole lines, one object per line, no measurement twice. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "lines.h"

/* Most errors reported per file. */
#define REPORTED 3

static void key_of(char *key, size_t size, const char *point, long rep)
{
	snprintf(key, size, "%.64s/%ld", point, rep);
}

bool line_known(const json_t *known, const char *point, long rep)
{
	char key[100];

	key_of(key, sizeof(key), point, rep);
	return json_object_get(known, key);
}

const char *line_check(const char *text, size_t length, json_t *known, json_t **object)
{
	json_t *rep;
	const char *point;
	char key[100];

	*object = NULL;
	if (memchr(text, '\0', length))
		return "NUL bytes in a line";
	*object = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*object))
		return "not one JSON object on a line";
	point = json_string_value(json_object_get(*object, "point"));
	rep = json_object_get(*object, "rep");
	if (!point || !json_is_integer(rep))
		return "a line without point and rep";
	if (!known)
		return NULL;
	key_of(key, sizeof(key), point, (long)json_integer_value(rep));
	if (json_object_get(known, key))
		return "a measurement that stands there already";
	return json_object_set_new(known, key, json_true()) ? "out of memory" : NULL;
}

bool lines_read(const char *path, json_t *known, bool cut)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	long line = 0, bad = 0;

	if (!file && errno == ENOENT)
		return true;
	if (!file) {
		fprintf(stderr, "vhostlab: results: %s: %s: make it readable\n", path,
			strerror(errno));
		return false;
	}
	while ((length = getline(&text, &size, file)) > 0) {
		const char *wrong;
		json_t *object;

		line++;
		if (text[length - 1] != '\n' && cut)
			break;
		if (text[length - 1] != '\n') {
			wrong = "half a line at the end";
			object = NULL;
		} else {
			wrong = line_check(text, length - 1, known, &object);
		}
		json_decref(object);
		if (wrong && ++bad <= REPORTED)
			fprintf(stderr,
				"vhostlab: results: %s:%ld: %s: the file is damaged: remove that "
				"line, then --resume measures again what it held\n",
				path, line, wrong);
	}
	if (ferror(file)) {
		fprintf(stderr, "vhostlab: results: %s: it cannot be read: check the disk\n", path);
		bad++;
	}
	if (bad > REPORTED)
		fprintf(stderr, "vhostlab: results: %s: %ld damaged lines in all\n", path, bad);
	free(text);
	fclose(file);
	return !bad;
}
