// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify: reads the results of a run back. Every line of points.jsonl,
 * control.jsonl and verdicts.jsonl must be one whole JSON object, and no
 * measurement may be there twice. With --cut the last lines may be half ones, as
 * a crash leaves them; with --whole every step of the schedule on stdin must be
 * in the file it belongs to, have a verdict that says why not, or not have
 * been needed any more. With --strict a verdict counts only if it is that of one
 * that was skipped: others have failed. Ends with 1 after one line on stderr a mistake.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enough.h"
#include "lines.h"

static bool complete(const char *dir, const json_t *points, const json_t *control,
		     const json_t *verdicts)
{
	char *text = NULL, path[4200];
	long missing = 0, rep = 0;
	char first[80] = "";
	size_t size = 0;

	/* The rule that ends repetitions looks at all that was measured. */
	snprintf(path, sizeof(path), "%s/points.jsonl", dir);
	enough_read(path);
	snprintf(path, sizeof(path), "%s/control.jsonl", dir);
	enough_read(path);
	while (getline(&text, &size, stdin) > 0) {
		json_t *step = json_loads(text, 0, NULL);
		const char *point = json_string_value(json_object_get(step, "point"));
		bool twin = json_is_true(json_object_get(step, "control"));

		rep = (long)json_integer_value(json_object_get(step, "rep"));
		if (!point) {
			fprintf(stderr, "vhostlab: verify: schedule: a line is not a step: make it "
					"with plan --schedule\n");
			json_decref(step);
			free(text);
			return false;
		}
		if (!line_known(twin ? control : points, point, rep) &&
		    !line_known(verdicts, point, rep) && !enough(step) && !missing++)
			snprintf(first, sizeof(first), "%.40s rep %ld", point, rep);
		json_decref(step);
	}
	free(text);
	if (missing)
		fprintf(stderr,
			"vhostlab: results: %s: %ld measurements are missing (the first is %s) "
			"though the sweep came to its end: measure them with --resume\n",
			dir, missing, first);
	return !missing;
}

/* Verdicts may repeat: each attempt has its own. @strict: only of those that were skipped. */
static bool read_verdicts(const char *path, json_t *verdicts, bool strict)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return true;
	while ((length = getline(&text, &size, file)) > 0) {
		json_t *object = json_loads(text, 0, NULL);
		const char *verdict = json_string_value(json_object_get(object, "verdict"));
		bool counts = !strict || (verdict && !strcmp(verdict, "skipped"));

		json_decref(object);
		object = NULL;
		if (counts)
			line_check(text, length - 1, verdicts, &object);
		json_decref(object);
	}
	free(text);
	fclose(file);
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cut", no_argument, NULL, 'c' },
		{ "whole", no_argument, NULL, 'w' },
		{ "strict", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	json_t *points = json_object(), *control = json_object(), *verdicts = json_object();
	bool cut = false, whole = false, strict = false, good;
	char path[3][4200];
	const char *dir;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?')
			return 2;
		cut = cut || opt == 'c';
		whole = whole || opt == 'w';
		strict = strict || opt == 's';
	}
	if (optind != argc - 1) {
		fputs("usage: verify [--cut] [--whole [--strict]] DIR [< SCHEDULE]\n", stderr);
		return 2;
	}
	dir = argv[optind];
	snprintf(path[0], sizeof(path[0]), "%s/points.jsonl", dir);
	snprintf(path[1], sizeof(path[1]), "%s/control.jsonl", dir);
	snprintf(path[2], sizeof(path[2]), "%s/verdicts.jsonl", dir);
	good = lines_read(path[0], points, cut);
	good = lines_read(path[1], control, cut) && good;
	good = lines_read(path[2], NULL, cut) && good;
	if (good && whole)
		good = read_verdicts(path[2], verdicts, strict) &&
		       complete(dir, points, control, verdicts);
	json_decref(points);
	json_decref(control);
	json_decref(verdicts);
	return good ? 0 : 1;
}
