// SPDX-License-Identifier: GPL-2.0-only
/* Conditions on the fields of a point and its run. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "only.h"
#include "sample.h"

static const char *const fields[] = { "server", "workload", "sink",   "guest",	   "size",
				      "burst",	"queues",   "guests", "clock",	   "accel",
				      "kernel", "revision", "run",    "experiment" };

static bool known(const char *name)
{
	if (!strncmp(name, "knob.", 5))
		return name[5];
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i], name))
			return true;
	return false;
}

static bool complain(const char *word, const char *why)
{
	fprintf(stderr, "vhostlab: --only: '%s': %s\n", word, why);
	return false;
}

bool only_check(const char *text)
{
	char *copy = checked(strdup(text)), *save = NULL;
	bool good = true, any = false;

	for (char *word = strtok_r(copy, ",", &save); word && good;
	     word = strtok_r(NULL, ",", &save)) {
		char *value = strchr(word, '=');

		any = true;
		if (!value || value == word || !value[1]) {
			good = complain(word, "write field=value or field=value|value, several "
					      "joined with commas");
			break;
		}
		*value = '\0';
		if (!known(word))
			good = complain(word, "not known; allowed: an axis, knob.NAME, clock, "
					      "accel, kernel, revision, run, experiment");
	}
	free(copy);
	return good && (any || complain(text, "no condition: write field=value"));
}

/* The value as it is written in a condition; the caller's. */
static char *text_of(const json_t *line, const char *field)
{
	const json_t *value;

	if (strncmp(field, "knob.", 5))
		value = json_object_get(line, field);
	else
		value = json_object_get(json_object_get(line, "knobs"), field + 5);
	if (!value)
		return checked(strdup(strncmp(field, "knob.", 5) ? "" : "default"));
	if (json_is_string(value))
		return checked(strdup(json_string_value(value)));
	return checked(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT));
}

static bool among(char *values, const char *has, bool shortened)
{
	char *save = NULL;

	for (char *one = strtok_r(values, "|", &save); one; one = strtok_r(NULL, "|", &save))
		if (shortened ? !strncmp(has, one, strlen(one)) : !strcmp(has, one))
			return true;
	return false;
}

bool only_holds(const char *text, const json_t *line)
{
	char *copy = checked(strdup(text)), *save = NULL;
	bool holds = true;

	for (char *word = strtok_r(copy, ",", &save); word && holds;
	     word = strtok_r(NULL, ",", &save)) {
		char *value = strchr(word, '='), *has;

		*value++ = '\0';
		has = text_of(line, word);
		holds = among(value, has, !strcmp(word, "revision") || !strcmp(word, "kernel"));
		free(has);
	}
	free(copy);
	return holds;
}
