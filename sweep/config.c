// SPDX-License-Identifier: GPL-2.0-only
/* Reads a sweep's configuration with libinih, and says where it is wrong. */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "include.h"

/* The longest line libinih takes as packaged, less the end of line and the NUL. */
#define LINE_MAX_CHARS 197
/* The longest name of a section it keeps. */
#define NAME_MAX_CHARS 49
#define MAX_SINGLE     12

/* A key that has one value, where it was given in this section. */
struct single {
	char *name;
	int line;
};

/* libinih does not report the line number, so the reader counts lines. */
struct parse {
	struct config *config;
	FILE *file;
	int line;
	int mistakes;
	bool continued; /* this line starts with white space: more values of the last key */
	int overlong; /* first line that libinih would cut */
	char *section; /* the current one, its line, and how many keys it has so far */
	int section_line, keys;
	int sweep_line, defaults_line; /* where these two begin; 0: not yet */
	struct single single[MAX_SINGLE];
	int singles;
	char *comma_name; /* a list that ended with a comma, and its line; 0: none */
	int comma_line;
};

static void mistake(struct parse *p, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void mistake(struct parse *p, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "vhostlab: config: %s:%d: ", p->config->path, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	p->mistakes++;
}

static char *copy(const char *text)
{
	char *s = strdup(text);

	if (!s) {
		fprintf(stderr, "vhostlab: config: out of memory: close other programs\n");
		exit(1);
	}
	return s;
}

/* A list may go on behind its last comma in an indented line only. */
static void end_list(struct parse *p)
{
	if (p->comma_line)
		mistake(p, p->comma_line,
			"%s ends with a comma: write the value that is missing, or remove the "
			"comma",
			p->comma_name);
	p->comma_line = 0;
}

static void end_section(struct parse *p)
{
	end_list(p);
	if (p->section && !p->keys)
		mistake(p, p->section_line, "[%s] has no key: add some, or remove it", p->section);
	p->section = NULL;
	p->keys = p->singles = 0;
}

/* The section of that name, begun in this line when there is none; NULL after a mistake. */
static struct section *section_of(struct parse *p, const char *name)
{
	struct config *c = p->config;
	struct section *s;

	for (int i = 0; i < c->section_count; i++)
		if (!strcmp(c->section[i].name, name))
			return &c->section[i];
	if (c->section_count == MAX_SECTIONS) {
		mistake(p, p->line, "more than %d sections: split the configuration", MAX_SECTIONS);
		return NULL;
	}
	s = &c->section[c->section_count++];
	s->name = copy(name);
	s->line = p->line;
	return s;
}

/* libinih reports keys only, joins sections of one name and drops what follows a ]. */
static void begin_section(struct parse *p, const char *line)
{
	const char *end = strchr(line, ']'), *after;
	int first = 0, *line_of = NULL;
	char *name;

	if (!end)
		return; /* libinih itself refuses this one */
	end_section(p);
	name = copy(line + 1);
	name[end - line - 1] = '\0';
	for (after = end + 1; isspace((unsigned char)*after); after++)
		;
	if (!*name)
		mistake(p, p->line, "a section without a name: write one between the brackets");
	else if (*after && *after != ';' && *after != '#')
		mistake(p, p->line, "%.40s behind [%s]: remove it, or begin a new line",
			strtok(copy(after), "\r\n"), name);
	else if (strlen(name) > NAME_MAX_CHARS)
		mistake(p, p->line,
			"the name of this section is longer than %d characters: shorten "
			"it",
			NAME_MAX_CHARS);
	if (!strcmp(name, "sweep"))
		line_of = &p->sweep_line;
	else if (!strcmp(name, "defaults"))
		line_of = &p->defaults_line;
	for (int i = 0; i < p->config->section_count && !line_of; i++)
		if (!strcmp(p->config->section[i].name, name))
			first = p->config->section[i].line;
	if (line_of) {
		first = *line_of;
		*line_of = p->line;
	}
	if (first)
		mistake(p, p->line,
			"[%s] is given twice (first in line %d): join the two, or "
			"rename one",
			name, first);
	else if (!line_of && *name)
		section_of(p, name);
	p->section = name;
	p->section_line = p->line;
}

/* False after a mistake: this key, which has one value, was given before in this section. */
static bool once(struct parse *p, const char *name)
{
	for (int i = 0; i < p->singles; i++) {
		if (strcmp(p->single[i].name, name))
			continue;
		if (p->continued)
			mistake(p, p->line, "%s has one value: remove this line", name);
		else
			mistake(p, p->line,
				"%s is given twice in this section (first in line %d): remove one",
				name, p->single[i].line);
		return false;
	}
	if (p->singles < MAX_SINGLE)
		p->single[p->singles++] = (struct single){ copy(name), p->line };
	return true;
}

static char *read_line(char *buf, int size, void *stream)
{
	struct parse *p = stream;
	char *line = fgets(buf, size, p->file);
	size_t length;

	if (!line)
		return NULL;
	p->line++;
	length = strlen(line);
	if (length && line[length - 1] != '\n' && !feof(p->file)) {
		int c;

		if (!p->overlong)
			p->overlong = p->line;
		while ((c = fgetc(p->file)) != EOF && c != '\n')
			;
	}
	p->continued = isspace((unsigned char)line[0]);
	if (line[0] == '[')
		begin_section(p, line);
	return line;
}

/* Splits "a, b, c" into @list; a value given twice or an empty one is a mistake. */
static void add_values(struct parse *p, struct value_list *list, const char *name, const char *text)
{
	char *rest = copy(text);

	if (list->count && !p->continued) {
		mistake(p, p->line,
			"%s is given twice in this section (first in line %d): join them with "
			"commas",
			name, list->line);
		return;
	}
	if (!list->line)
		list->line = p->line;
	p->comma_line = 0;
	if (!*text)
		mistake(p, p->line, "%s has no value: write one, or several with commas", name);
	for (char *word = rest, *next; *text && word; word = next) {
		size_t n;

		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		while (isspace((unsigned char)*word))
			word++;
		n = strlen(word);
		while (n && isspace((unsigned char)word[n - 1]))
			word[--n] = '\0';
		if (!n && !next && word != rest) {
			p->comma_line = p->line;
			p->comma_name = copy(name);
			break;
		}
		if (!n) {
			mistake(p, p->line,
				"%s has an empty value: write it, or remove one of the commas",
				name);
			continue;
		}
		if (list->count == MAX_VALUES) {
			mistake(p, p->line, "%s has more than %d values: split the section", name,
				MAX_VALUES);
			return;
		}
		for (int i = 0; i < list->count; i++)
			if (!strcmp(list->value[i], word))
				mistake(p, p->line, "%s names %s twice: remove one", name, word);
		list->value[list->count++] = word;
	}
}

static void set_number(struct parse *p, long *field, const char *name, const char *value, long max)
{
	if (once(p, name) && !parse_number(value, 1, max, field))
		mistake(p, p->line, "%s = %s is not known; allowed: a whole number from 1 to %ld",
			name, value, max);
}

static void set_text(struct parse *p, char **field, const char *name, const char *value)
{
	size_t length;

	if (!*field || !p->continued) {
		if (once(p, name))
			*field = copy(value);
		return;
	}
	length = strlen(*field) + strlen(value) + 2;
	*field = realloc(*field, length);
	if (!*field)
		exit(1);
	strcat(strcat(*field, " "), value);
}

static void kernel_key(struct parse *p, const char *name, const char *value)
{
	struct value_list *list = &p->config->kernel;
	int first = list->count;

	add_values(p, list, name, value);
	for (int i = first; i < list->count; i++)
		if (!kernel_known(list->value[i]))
			mistake(p, p->line, "kernel = %s is not known; allowed: " KERNELS_ALLOWED,
				list->value[i]);
}

static void sweep_key(struct parse *p, const char *name, const char *value)
{
	struct config *c = p->config;

	if (!strcmp(name, "question")) {
		set_text(p, &c->question, name, value);
	} else if (!strcmp(name, "kernel")) {
		kernel_key(p, name, value);
	} else if (!strcmp(name, "append")) {
		set_text(p, &c->append, name, value);
		if (!append_known(value))
			mistake(p, p->line,
				"append = %s is not known; allowed: kernel parameters that the lab "
				"does not set, such as init_on_alloc=0",
				value);
	} else if (!strcmp(name, "clock")) {
		if (!once(p, name))
			return;
		c->clock = copy(value);
		if (!clock_known(value))
			mistake(p, p->line, "clock = %s is not known; allowed: " CLOCKS_ALLOWED,
				value);
	} else if (!strcmp(name, "repetitions")) {
		set_number(p, &c->defaults.repetitions, name, value, 1000);
	} else if (!strcmp(name, "packets")) {
		set_number(p, &c->defaults.packets, name, value, 1000000000);
	} else if (!strcmp(name, "duration")) {
		if (once(p, name) && !duration_known(value, &c->duration))
			mistake(p, p->line,
				"duration = %s is not known; allowed: 10ms to 3600s, such as 2s",
				value);
	} else if (!strcmp(name, "timeout")) {
		set_number(p, &c->timeout, name, value, 86400);
	} else if (!strcmp(name, "control")) {
		if (!once(p, name))
			return;
		c->control = !strcmp(value, "yes");
		if (!c->control && strcmp(value, "no"))
			mistake(p, p->line, "control = %s is not known; allowed: yes, no", value);
	} else if (!strcmp(name, "precision")) {
		if (once(p, name) && !precision_known(value, &c->precision))
			mistake(p, p->line,
				"precision = %s is not known; allowed: a percentage above 0 and "
				"below 100, such as 0.5%%",
				value);
	} else if (!strcmp(name, "include")) {
		add_values(p, &c->include, name, value);
	} else {
		mistake(p, p->line,
			"key %s is not known in [sweep]; allowed: question, kernel, append, clock, "
			"repetitions, packets, duration, timeout, control, precision, include",
			name);
	}
}

static void knob_key(struct parse *p, struct section *s, const char *name, const char *value)
{
	const struct knob_info *info = knob_find(name);
	struct knob_list *knob = NULL;
	char why[400];

	if (!info) {
		char names[400] = "";

		for (size_t i = 0; i < knob_count; i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 i ? ", " : "", knobs[i].name);
		mistake(p, p->line, "knob %s is not known; allowed: %s", name, names);
		return;
	}
	for (int i = 0; i < s->knob_count; i++)
		if (s->knob[i].info == info)
			knob = &s->knob[i];
	if (!knob) {
		if (s->knob_count == MAX_KNOBS) {
			mistake(p, p->line, "more than %d knobs in one section: split it",
				MAX_KNOBS);
			return;
		}
		knob = &s->knob[s->knob_count++];
		knob->info = info;
	}
	add_values(p, &knob->list, name, value);
	for (int i = 0; i < knob->list.count; i++)
		if (!knob_check(info, knob->list.value[i], why, sizeof(why)))
			mistake(p, p->line, "knob.%s = %s %s", name, knob->list.value[i], why);
}

static void cell_key(struct parse *p, struct section *s, const char *name, const char *value)
{
	int axis = axis_find(name);
	char why[400];

	if (!strncmp(name, "knob.", 5)) {
		knob_key(p, s, name + 5, value);
	} else if (!strcmp(name, "packets")) {
		set_number(p, &s->packets, name, value, 1000000000);
	} else if (!strcmp(name, "repetitions")) {
		set_number(p, &s->repetitions, name, value, 1000);
	} else if (axis < 0) {
		char names[300] = "";

		for (int i = 0; i < AXIS_COUNT; i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s, ",
				 axes[i].name);
		mistake(p, p->line,
			"key %s is not known in [%s]; allowed: %spackets, repetitions, knob.NAME",
			name, s->name, names);
	} else {
		struct value_list *list = &s->axis[axis];

		add_values(p, list, name, value);
		for (int i = 0; i < list->count; i++)
			if (!axis_check(axis, list->value[i], NULL, why, sizeof(why)))
				mistake(p, p->line, "%s = %s %s", name, list->value[i], why);
	}
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	struct config *c = p->config;
	struct section *s;

	if (!p->continued)
		end_list(p);
	p->keys++;
	if (!*section) {
		mistake(p, p->line, "%s stands before any section: begin with [sweep]", name);
		return 1;
	}
	if (!strcmp(section, "sweep")) {
		sweep_key(p, name, value);
		return 1;
	}
	if (!strcmp(section, "defaults")) {
		cell_key(p, &c->defaults, name, value);
		return 1;
	}
	s = section_of(p, section);
	if (s)
		cell_key(p, s, name, value);
	return 1;
}

static void check_whole(struct parse *p)
{
	struct config *c = p->config;

	if (!c->section_count && !c->include.count)
		mistake(p, p->line ? p->line : 1,
			"there is no section with cells: add one, such as [transmit] with server = "
			"and workload =");
	for (int i = 0; i < c->section_count; i++) {
		struct section *s = &c->section[i];

		for (int a = 0; a < AXIS_COUNT; a++)
			if (!s->axis[a].count && !c->defaults.axis[a].count && !axes[a].fallback)
				mistake(p, s->line,
					"[%s] has no %s and neither has [defaults]: add a line %s "
					"= ...",
					s->name, axes[a].name, axes[a].name);
	}
}

bool config_read(struct config *config, const char *path)
{
	struct parse p = { .config = config };
	const char *base = strrchr(path, '/');
	size_t length;
	int bad;

	memset(config, 0, sizeof(*config));
	config->path = path;
	config->experiment = copy(base ? base + 1 : path);
	length = strlen(config->experiment);
	if (length > 5 && !strcmp(config->experiment + length - 5, ".conf"))
		config->experiment[length - 5] = '\0';
	config->timeout = 120;
	config->control = true;
	config->defaults.name = copy("defaults");

	p.file = fopen(path, "r");
	if (!p.file) {
		fprintf(stderr,
			"vhostlab: config: %s: %s: name a readable file, such as "
			"configs/quick.conf\n",
			path, strerror(errno));
		return false;
	}
	bad = ini_parse_stream(read_line, &p, on_key, &p);
	fclose(p.file);
	end_section(&p);
	if (p.overlong)
		mistake(&p, p.overlong,
			"this line is longer than %d characters: go on in a new, indented line",
			LINE_MAX_CHARS);
	else if (bad)
		mistake(&p, bad > 0 ? bad : 1,
			"this is neither a section, nor key = value, nor a comment");
	if (!p.mistakes)
		check_whole(&p);

	if (!config->question)
		config->question = copy("");
	if (!config->kernel.count)
		config->kernel.value[config->kernel.count++] = copy("default");
	if (!config->append)
		config->append = copy("");
	if (!config->clock)
		config->clock = copy("insn");
	if (!config->defaults.repetitions)
		config->defaults.repetitions = 1;
	if (!config->defaults.packets)
		config->defaults.packets = 8192;
	return !p.mistakes && config_include(config);
}
