// SPDX-License-Identifier: GPL-2.0-only
/* Counted instructions of measured windows, by function: profile.h. */
#define _GNU_SOURCE
#include "profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool damaged(const char *path, int line)
{
	fprintf(stderr, "vhostlab: functions: %s: line %d: it is damaged: measure again\n", path,
		line);
	return false;
}

const char *profile_field(const struct profile *p, const char *field)
{
	const char *text = json_string_value(json_object_get(p->head, field));

	return text ? text : "";
}

static char *place_of(json_t *head)
{
	char *text;

	if (asprintf(&text, "%s %s, %lld bytes, burst %lld",
		     json_string_value(json_object_get(head, "workload")),
		     json_string_value(json_object_get(head, "sink")),
		     json_integer_value(json_object_get(head, "size")),
		     json_integer_value(json_object_get(head, "burst"))) < 0)
		abort();
	return text;
}

static char *name_of(json_t *head)
{
	const char *key;
	json_t *value;
	char *text = strdup(json_string_value(json_object_get(head, "server")));

	json_object_foreach(json_object_get(head, "knobs"), key, value) {
		char *more;

		if (asprintf(&more, "%s %s=%s", text, key, json_string_value(value)) < 0)
			abort();
		free(text);
		text = more;
	}
	return text;
}

/* The cell that a file's first line names, a new one if there is none. */
static struct profile *profile_of(struct profiles *p, json_t *head)
{
	char *place = place_of(head), *name = name_of(head);
	struct profile *new;

	for (int i = 0; i < p->count; i++) {
		struct profile *old = &p->profile[i];

		if (!strcmp(old->place, place) && !strcmp(old->name, name) &&
		    json_equal(json_object_get(old->head, "kernel"),
			       json_object_get(head, "kernel"))) {
			free(place);
			free(name);
			json_decref(head);
			return old;
		}
	}
	p->profile = realloc(p->profile, (p->count + 1) * sizeof(*p->profile));
	if (!p->profile)
		abort();
	new = &p->profile[p->count++];
	*new = (struct profile){ .head = head, .place = place, .name = name };
	return new;
}

static void add_share(struct profile *p, json_t *line, double packets_before, double packets)
{
	const char *function = json_string_value(json_object_get(line, "function"));
	const char *object = json_string_value(json_object_get(line, "object"));
	const char *side = json_string_value(json_object_get(line, "side"));
	double n = json_number_value(json_object_get(line, "instructions"));
	double all = packets_before + packets;

	for (int i = 0; i < p->shares; i++) {
		struct share *s = &p->share[i];

		if (!strcmp(s->function, function) && !strcmp(s->object, object) &&
		    !strcmp(s->side, side)) {
			s->instructions += n / all;
			return;
		}
	}
	p->share = realloc(p->share, (p->shares + 1) * sizeof(*p->share));
	if (!p->share)
		abort();
	p->share[p->shares++] =
		(struct share){ strdup(function), strdup(object), strdup(side), n / all };
}

static bool good_head(json_t *head)
{
	static const char *const texts[] = { "server", "workload", "sink", "kernel" };
	static const char *const numbers[] = { "size", "burst", "packets", "clock", "counted" };

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!json_is_string(json_object_get(head, texts[i])))
			return false;
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!json_is_number(json_object_get(head, numbers[i])))
			return false;
	return json_number_value(json_object_get(head, "packets")) > 0;
}

/* Of repetitions each packet counts the same: what is there shrinks to its part of all packets. */
static double make_room(struct profile *p, json_t *head)
{
	double before = p->packets, packets = json_number_value(json_object_get(head, "packets"));

	for (int i = 0; i < p->shares; i++)
		p->share[i].instructions *= before / (before + packets);
	p->packets += packets;
	p->clock += json_number_value(json_object_get(head, "clock"));
	p->counted += json_number_value(json_object_get(head, "counted"));
	return before;
}

static bool read_file(struct profiles *p, const char *path)
{
	FILE *f = fopen(path, "re");
	struct profile *profile = NULL;
	double packets = 0, before = 0;
	bool good = true;
	int number = 0;
	char *line = NULL;
	size_t size = 0;

	if (!f) {
		fprintf(stderr, "vhostlab: functions: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && getline(&line, &size, f) > 0) {
		json_t *object = json_loads(line, 0, NULL);

		number++;
		if (!profile) {
			if (json_object_get(object, "samples")) {
				fprintf(stderr,
					"vhostlab: functions: %s: it has samples, not counts: "
					"measure "
					"on the instruction clock\n",
					path);
				good = false;
			} else if (!good_head(object)) {
				good = damaged(path, number);
			} else {
				packets = json_number_value(json_object_get(object, "packets"));
				profile = profile_of(p, json_incref(object));
				before = make_room(profile, object);
			}
		} else if (!json_is_string(json_object_get(object, "function")) ||
			   !json_is_string(json_object_get(object, "object")) ||
			   !json_is_string(json_object_get(object, "side")) ||
			   !json_is_number(json_object_get(object, "instructions"))) {
			good = damaged(path, number);
		} else if (strcmp(json_string_value(json_object_get(object, "side")), "idle")) {
			add_share(profile, object, before, packets);
		}
		json_decref(object);
	}
	if (good && !profile)
		good = damaged(path, 1);
	free(line);
	fclose(f);
	return good;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of their names, so that the output does not depend on the file system. */
static bool read_folder(struct profiles *p, const char *path, int *files)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char **names = NULL;
	int n = 0;
	bool good = true;

	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".functions"))
			continue;
		names = realloc(names, (n + 1) * sizeof(*names));
		if (!names || asprintf(&names[n++], "%s/%s", path, entry->d_name) < 0)
			abort();
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (int i = 0; i < n; i++) {
		good = good && read_file(p, names[i]);
		free(names[i]);
	}
	free(names);
	*files += n;
	return good;
}

bool profiles_read(struct profiles *p, const char *path)
{
	struct stat st;
	char *raw;
	int files = 0;
	bool good;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return read_file(p, path);
	if (asprintf(&raw, "%s/raw", path) < 0)
		abort();
	good = read_folder(p, path, &files) && read_folder(p, raw, &files);
	free(raw);
	if (good && !files) {
		fprintf(stderr,
			"vhostlab: functions: %s: no counts of functions: measure with ./run.sh "
			"trace "
			"functions, or with knob trace=functions\n",
			path);
		return false;
	}
	return good;
}
