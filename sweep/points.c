// SPDX-License-Identifier: GPL-2.0-only
/* Crosses the axes of a configuration into points and gives each its hash. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "control.h"
#include "native.h"
#include "points.h"

static void out_of_memory(void)
{
	fprintf(stderr, "vhostlab: plan: out of memory: close other programs\n");
	exit(1);
}

bool filter_parse(const char *text, struct filter *filter, int *count)
{
	char *rest = strdup(text), *next;

	if (!rest)
		out_of_memory();
	for (char *word = rest; word; word = next) {
		char *equals, why[400], *value, *more;
		struct filter *f = &filter[*count];
		const struct knob_info *knob = NULL;
		bool kernel;
		int axis;

		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		equals = strchr(word, '=');
		if (*count == MAX_FILTERS || !equals || !equals[1]) {
			fprintf(stderr,
				"vhostlab: --only: '%s': write axis=value or axis=value|value, "
				"joined by commas\n",
				word);
			return false;
		}
		*equals = '\0';
		memset(f, 0, sizeof(*f));
		f->name = word;
		axis = axis_find(word);
		if (axis < 0 && !strncmp(word, "knob.", 5))
			knob = knob_find(word + 5);
		kernel = !strcmp(word, "kernel");
		if (axis < 0 && !knob && !kernel) {
			fprintf(stderr,
				"vhostlab: --only: %s: not known; allowed: kernel, an axis or "
				"knob.NAME of `./run.sh list`\n",
				word);
			return false;
		}
		for (int i = 0; i < *count; i++) {
			if (strcmp(filter[i].name, word))
				continue;
			fprintf(stderr,
				"vhostlab: --only: %s is given twice: join its values with |\n",
				word);
			return false;
		}
		for (value = equals + 1; value; value = more) {
			bool ok;

			more = strchr(value, '|');
			if (more)
				*more++ = '\0';
			ok = kernel ? kernel_check(value, why, sizeof(why))
			     : knob ? knob_check(knob, value, why, sizeof(why))
				    : axis_check(axis, value, NULL, why, sizeof(why));
			for (int i = 0; i < f->count && ok; i++) {
				if (strcmp(f->value[i], value))
					continue;
				snprintf(why, sizeof(why), "is named twice: remove one");
				ok = false;
			}
			if (ok && f->count == MAX_VALUES) {
				snprintf(why, sizeof(why), "is one value too many: at most %d",
					 MAX_VALUES);
				ok = false;
			}
			if (!ok) {
				fprintf(stderr, "vhostlab: --only: %s=%s %s\n", word, value, why);
				return false;
			}
			f->value[f->count++] = value;
		}
		(*count)++;
	}
	return true;
}

static bool is(const struct point *p, enum axis axis, const char *word)
{
	return !strcmp(p->value[axis], word);
}

/* What the point has under that name, defaults included. */
static const char *point_value(const struct point *point, const char *name)
{
	int axis = axis_find(name);

	if (axis >= 0)
		return point->value[axis];
	if (!strcmp(name, "kernel"))
		return point->kernel;
	for (int i = 0; i < point->knob_count; i++)
		if (!strcmp(point->info[i]->name, name + 5))
			return point->knob[i];
	return knob_find(name + 5)->fallback;
}

static bool wanted(const struct point *point, const struct filter *filter, int count)
{
	for (int i = 0; i < count; i++) {
		const char *value = point_value(point, filter[i].name);
		bool hit = false;

		for (int j = 0; j < filter[i].count; j++)
			hit = hit || !strcmp(filter[i].value[j], value);
		if (!hit)
			return false;
	}
	return true;
}

/* With @guest_only, without the knobs that belong to a server. */
static json_t *knobs_object(const struct point *point, bool guest_only)
{
	json_t *object = json_object();

	for (int i = 0; i < point->knob_count; i++) {
		const struct knob_info *info = point->info[i];
		json_t *value = info->words ? json_string(point->knob[i])
					    : json_integer(atol(point->knob[i]));

		if (guest_only && knob_of_server(info))
			json_decref(value);
		else
			json_object_set_new(object, info->name, value);
	}
	return object;
}

/* All settings of the point; with @cell, only those that all servers of a cell share. */
static json_t *asked(const struct point *point, const struct config *config, bool cell)
{
	json_t *object = json_object();

	for (int i = 0; i < AXIS_COUNT; i++) {
		if (cell && i == AXIS_SERVER)
			continue;
		json_object_set_new(object, axes[i].name,
				    axes[i].words ? json_string(point->value[i])
						  : json_integer(atol(point->value[i])));
	}
	json_object_set_new(object, "knobs", knobs_object(point, cell));
	json_object_set_new(object, "packets", json_integer(point->packets));
	if (config->duration)
		json_object_set_new(object, "duration_ms", json_integer(config->duration));
	json_object_set_new(object, "clock", json_string(config->clock));
	json_object_set_new(object, "kernel", json_string(point->kernel));
	if (*config->append)
		json_object_set_new(object, "append", json_string(config->append));
	/* Its default was another one once: points of those days have other names. */
	if (is(point, AXIS_GUEST, "process"))
		json_object_set_new(object, "policy",
				    json_string(point_value(point, "knob.policy")));
	if (point->control && !cell)
		json_object_set_new(object, "control", json_true());
	return object;
}

/*
 * What is fixed when guests are booted: points of one boot follow each other,
 * whatever their workload. The guest's driver asks for some knobs, too.
 */
static json_t *boot(const struct point *point)
{
	static const enum axis fixed[] = { AXIS_SERVER, AXIS_QUEUES, AXIS_GUESTS };
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		json_object_set_new(object, axes[fixed[i]].name,
				    json_string(point->value[fixed[i]]));
	json_object_set_new(object, "knobs", knobs_object(point, false));
	json_object_set_new(object, "kernel", json_string(point->kernel));
	return object;
}

/* The hash of the canonical text: the same settings have the same name everywhere. */
static uint64_t hash_of(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t hash;

	if (!text)
		out_of_memory();
	hash = random_hash(text);
	free(text);
	json_decref(object);
	return hash;
}

json_t *point_identity(const struct point *point, const struct config *config)
{
	json_t *object = json_object();
	static const enum axis order[] = { AXIS_SERVER, AXIS_GUEST,  AXIS_WORKLOAD, AXIS_SIZE,
					   AXIS_BURST,	AXIS_QUEUES, AXIS_GUESTS,   AXIS_SINK };

	json_object_set_new(object, "point", json_string(point->hash));
	json_object_set_new(object, "experiment", json_string(config->experiment));
	if (config->kernel.count > 1)
		json_object_set_new(object, "kernel", json_string(point->kernel));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum axis a = order[i];

		json_object_set_new(object, axes[a].name,
				    axes[a].words ? json_string(point->value[a])
						  : json_integer(atol(point->value[a])));
	}
	json_object_set_new(object, "knobs", knobs_object(point, false));
	json_object_set_new(object, "packets", json_integer(point->packets));
	if (config->duration)
		json_object_set_new(object, "duration_ms", json_integer(config->duration));
	if (point->control)
		json_object_set_new(object, "control", json_true());
	return object;
}

/* Bytes of the largest frame of a link with the usual limit. */
#define LINK_FRAME 1514

/* Is it one of @words, separated and enclosed by spaces? */
static bool among(const struct point *p, enum axis axis, const char *words)
{
	char padded[40];

	snprintf(padded, sizeof(padded), " %s ", p->value[axis]);
	return strstr(words, padded);
}

/* A round trip has one packet under way, and its reply comes back. Only round trips have a pace. */
static bool meaningful_process(const struct point *p)
{
	bool one_way = among(p, AXIS_SINK, " xdp_drop forward ");

	if (!among(p, AXIS_WORKLOAD, " tx rx rr rr_flood stream ") || !is(p, AXIS_QUEUES, "1") ||
	    is(p, AXIS_SERVER, "vhostuser"))
		return false;
	if (!is(p, AXIS_GUESTS, "1")) {
		/* These concern one guest; floor has none. */
		if (!strcmp(point_value(p, "knob.trace"), "events") ||
		    among(p, AXIS_WORKLOAD, " rr_flood stream ") || is(p, AXIS_SERVER, "floor"))
			return false;
		/* The senders would decide how much each gets: see bench/workload/crowd.h. */
		if (is(p, AXIS_WORKLOAD, "rx") && !is(p, AXIS_SINK, "check"))
			return false;
	}
	/* It makes frames of one page, as the module's arrays hold them. */
	if (is(p, AXIS_SERVER, "floor") && atol(p->value[AXIS_SIZE]) > LINK_FRAME)
		return false;
	/* Its frames are not numbered, and there is no guest to do anything beside it. */
	if (is(p, AXIS_SERVER, "floor") && strcmp(point_value(p, "knob.trace"), "off") &&
	    strcmp(point_value(p, "knob.trace"), "functions"))
		return false;
	if (is(p, AXIS_SERVER, "floor") &&
	    (is(p, AXIS_SINK, "check") || among(p, AXIS_WORKLOAD, " rr_flood stream ")))
		return false;
	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "pace") && !is(p, AXIS_WORKLOAD, "rr"))
			return false;
	if (is(p, AXIS_WORKLOAD, "rr"))
		return is(p, AXIS_BURST, "1") && !one_way;
	if (is(p, AXIS_WORKLOAD, "rr_flood"))
		return is(p, AXIS_SINK, "stack");
	if (is(p, AXIS_WORKLOAD, "stream"))
		return !is(p, AXIS_SINK, "check");
	return is(p, AXIS_WORKLOAD, "tx") || !one_way;
}

/*
 * The guest's kernel decides on bursts, and its frames end in the network
 * stack. A stream is cut at the link's own limit. The shortest message of a round
 * trip has 8 bytes, which makes a TCP segment of 74 bytes.
 */
static bool meaningful_qemu(const struct point *p)
{
	long size = atol(p->value[AXIS_SIZE]);

	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "rate") &&
		    !among(p, AXIS_WORKLOAD, " rx udp_tx udp_rx "))
			return false;
	if (among(p, AXIS_WORKLOAD, " rr echo rr_flood stream ") ||
	    among(p, AXIS_SERVER, " uring floor ") || !is(p, AXIS_BURST, "1") ||
	    !is(p, AXIS_SINK, "stack"))
		return false;
	if (among(p, AXIS_WORKLOAD, " tcp_tx tcp_rx "))
		return size == LINK_FRAME;
	return !is(p, AXIS_WORKLOAD, "tcp_rr") || size >= 74;
}

/* Of a server it needs a device it can open or a socket it can connect to. */
static bool meaningful_dpdk(const struct point *p)
{
	return among(p, AXIS_SERVER, " intree vhostlab vhostuser ") &&
	       among(p, AXIS_WORKLOAD, " tx rx echo ") && is(p, AXIS_GUESTS, "1") &&
	       is(p, AXIS_SINK, "stack");
}

/* Whether the combination is meaningful. */
static bool meaningful(const struct point *p, const struct config *c)
{
	if (native_clock(c))
		return native_has(p);
	if (is(p, AXIS_GUEST, "process"))
		return meaningful_process(p);
	/* Their links are set up for these. */
	if (atol(p->value[AXIS_SIZE]) > LINK_FRAME)
		return false;
	return is(p, AXIS_GUEST, "qemu") ? meaningful_qemu(p) : meaningful_dpdk(p);
}

/* Appends @p unless the same point is there already; then the larger repetition count is kept. */
static bool add(struct points *points, struct point *p, const struct config *config)
{
	uint64_t cell = hash_of(is(p, AXIS_GUEST, "qemu") ? boot(p) : asked(p, config, true));
	static uint64_t *cells;

	snprintf(p->hash, sizeof(p->hash), "%016" PRIx64, hash_of(asked(p, config, false)));
	for (int i = 0; i < points->count; i++) {
		struct point *old = &points->point[i];

		if (strcmp(old->hash, p->hash))
			continue;
		if (old->repetitions < p->repetitions)
			old->repetitions = p->repetitions;
		return true;
	}
	for (p->group = 0; p->group < points->groups; p->group++)
		if (cells[p->group] == cell)
			break;
	if (p->group == points->groups) {
		cells = realloc(cells, (points->groups + 1) * sizeof(*cells));
		if (!cells)
			out_of_memory();
		cells[points->groups++] = cell;
	}
	points->point = realloc(points->point, (points->count + 1) * sizeof(*p));
	if (!points->point)
		out_of_memory();
	points->point[points->count++] = *p;
	return true;
}

/* The section's own values, or those of [defaults]. */
static const struct value_list *axis_list(const struct config *c, const struct section *s, int axis)
{
	return s->axis[axis].count ? &s->axis[axis] : &c->defaults.axis[axis];
}

static int knob_lists(const struct config *c, const struct section *s,
		      const struct knob_list *list[MAX_KNOBS])
{
	int count = 0;

	for (int i = 0; i < s->knob_count; i++)
		list[count++] = &s->knob[i];
	for (int i = 0; i < c->defaults.knob_count && count < MAX_KNOBS; i++) {
		bool own = false;

		for (int j = 0; j < s->knob_count; j++)
			own = own || s->knob[j].info == c->defaults.knob[i].info;
		if (!own)
			list[count++] = &c->defaults.knob[i];
	}
	return count;
}

static int by_name(const void *a, const void *b)
{
	const struct knob_list *const *x = a, *const *y = b;

	return strcmp((*x)->info->name, (*y)->info->name);
}

/* Visits all combinations on one kernel, the last axis (server) varying fastest. */
static bool cross(struct points *points, const struct config *c, const struct section *s,
		  const char *kernel, const struct filter *filter, int filter_count)
{
	const struct knob_list *knob[MAX_KNOBS];
	int wheels_of_knobs = knob_lists(c, s, knob);
	int wheel[MAX_KNOBS + AXIS_COUNT] = { 0 };
	int wheels = wheels_of_knobs + AXIS_COUNT, turn;

	qsort(knob, wheels_of_knobs, sizeof(knob[0]), by_name);
	do {
		struct point p = { .kernel = kernel };

		for (int a = 0; a < AXIS_COUNT; a++) {
			const struct value_list *list = axis_list(c, s, a);

			p.value[a] = list->count ? list->value[wheel[wheels_of_knobs + a]]
						 : axes[a].fallback;
		}
		for (int k = 0; k < wheels_of_knobs; k++) {
			const struct knob_info *info = knob[k]->info;
			const char *value = knob[k]->list.value[wheel[k]];

			if (!strcmp(value, info->fallback) ||
			    !knob_applies(info, p.value[AXIS_SERVER], p.value[AXIS_GUEST]))
				continue;
			p.info[p.knob_count] = info;
			p.knob[p.knob_count++] = value;
		}
		p.packets = s->packets ? s->packets : c->defaults.packets;
		p.repetitions = s->repetitions ? s->repetitions : c->defaults.repetitions;
		if (meaningful(&p, c) && wanted(&p, filter, filter_count) && !add(points, &p, c))
			return false;

		for (turn = wheels - 1; turn >= 0; turn--) {
			int size = turn < wheels_of_knobs
					   ? knob[turn]->list.count
					   : axis_list(c, s, turn - wheels_of_knobs)->count;

			if (++wheel[turn] < size)
				break;
			wheel[turn] = 0;
		}
	} while (turn >= 0);
	return true;
}

/* Does a side of it poll for ever? It would take the only processor from the other one. */
static bool polls(const struct point *p)
{
	return is(p, AXIS_GUEST, "dpdk") || is(p, AXIS_SERVER, "vhostuser");
}

/*
 * Some cells are measured twice in each repetition, under two identities: what
 * differs between the two is noise.
 */
static bool add_controls(struct points *points, const struct config *config)
{
	bool *again = calloc(points->count, sizeof(*again)), good = true;
	int count = points->count;

	if (!again)
		out_of_memory();
	control_choose(points, config, again);
	for (int i = 0; i < count && good; i++) {
		struct point twin = points->point[i];

		twin.control = true;
		good = !again[i] || add(points, &twin, config);
	}
	free(again);
	return good;
}

bool points_make(struct points *points, const struct config *config, const struct filter *filter,
		 int filter_count)
{
	memset(points, 0, sizeof(*points));
	for (int k = 0; k < config->kernel.count; k++)
		for (int i = 0; i < config->section_count; i++)
			if (!cross(points, config, &config->section[i], config->kernel.value[k],
				   filter, filter_count))
				return false;
	if (!native_check(points, config))
		return false;
	for (int i = 0; i < points->count; i++) {
		const struct point *p = &points->point[i];

		if (strcmp(config->clock, "insn") || !polls(p))
			continue;
		fprintf(stderr,
			"vhostlab: config: %s: guest = %s with server = %s polls and is measured "
			"on the wall clock only, as the other clock has one processor: write "
			"clock = wall in [sweep], or add --clock wall\n",
			config->path, p->value[AXIS_GUEST], p->value[AXIS_SERVER]);
		return false;
	}
	if (!points->count) {
		fprintf(stderr,
			"vhostlab: plan: %s: no point is left%s: see `./run.sh sweep %s "
			"--dry-run`\n",
			config->path, filter_count ? " after --only" : "", config->path);
		return false;
	}
	return !config->control || add_controls(points, config);
}
