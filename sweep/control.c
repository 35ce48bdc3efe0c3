// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the A/A control repeats. How noisy a cell is depends on what it does, so
 * every kind of work has a control of its own; the servers take turns.
 */
#include <string.h>

#include "control.h"
#include "estimate.h"

/* vhostlab first, as it is in every comparison. */
static const char *const servers[] = { "vhostlab",  "intree", "userspace",
				       "vhostuser", "uring",  "floor" };
#define SERVERS ((int)(sizeof(servers) / sizeof(servers[0])))
#define FLOOR	(SERVERS - 1)

static int server_of(const struct point *p)
{
	int i = 0;

	while (i < SERVERS - 1 && strcmp(servers[i], p->value[AXIS_SERVER]))
		i++;
	return i;
}

/* A pass that checks bytes has no cost, and one that is traced has the tracer's. */
static bool suitable(const struct point *p)
{
	for (int i = 0; i < p->knob_count; i++)
		if (!strcmp(p->info[i]->name, "trace"))
			return false;
	return strcmp(p->value[AXIS_SINK], "check");
}

static bool same_kernel(const struct point *a, const struct point *b)
{
	return !strcmp(a->kernel, b->kernel);
}

static bool same_work(const struct point *a, const struct point *b)
{
	return same_kernel(a, b) && !strcmp(a->value[AXIS_GUEST], b->value[AXIS_GUEST]) &&
	       !strcmp(a->value[AXIS_WORKLOAD], b->value[AXIS_WORKLOAD]);
}

static bool same_family(const struct point *a, const struct point *b)
{
	return same_work(a, b) && !strcmp(a->value[AXIS_SINK], b->value[AXIS_SINK]) &&
	       !strcmp(a->value[AXIS_GUESTS], "1") == !strcmp(b->value[AXIS_GUESTS], "1");
}

static double seconds(const struct point *p, const struct config *config)
{
	return p->repetitions * estimate_point(p, config, false);
}

/* Of equal ones the first. */
static bool better(const struct point *a, const struct point *b, const int *used)
{
	int x = server_of(a), y = server_of(b);

	if (a->repetitions != b->repetitions)
		return a->repetitions > b->repetitions;
	/* It serves no queue, and its cells have the most packets. */
	if ((x == FLOOR) != (y == FLOOR))
		return y == FLOOR;
	return used[x] != used[y] ? used[x] < used[y] : x < y;
}

/* The point of the family of @first that serves best. */
static int best_of(const struct points *points, int first, const int *used)
{
	const struct point *list = points->point;
	int best = first;

	for (int i = first + 1; i < points->count; i++)
		if (suitable(&list[i]) && same_family(&list[i], &list[first]) &&
		    better(&list[i], &list[best], used))
			best = i;
	return best;
}

typedef bool (*alike)(const struct point *a, const struct point *b);

/* Has a point that is alike been marked? */
static bool covered(const struct points *points, const struct point *p, const bool *again,
		    alike alike)
{
	for (int i = 0; i < points->count; i++)
		if (again[i] && alike(&points->point[i], p))
			return true;
	return false;
}

void control_choose(const struct points *points, const struct config *config, bool *again)
{
	/* Every workload first, then its sinks and numbers of guests. */
	static const alike passes[] = { same_work, same_family };
	int used[SERVERS] = { 0 };
	double all = 0, more = 0;

	for (int i = 0; i < points->count; i++)
		all += seconds(&points->point[i], config);
	for (int i = 0; i < 2 * points->count; i++) {
		int first = i % points->count, best;
		const struct point *p = &points->point[first];
		/* The first one on a kernel is measured whatever it takes. */
		bool any = covered(points, p, again, same_kernel);

		if (!suitable(p) || covered(points, p, again, passes[i / points->count]))
			continue;
		best = best_of(points, first, used);
		p = &points->point[best];
		if (any && more + seconds(p, config) > CONTROL_SHARE * all)
			continue;
		more += any ? seconds(p, config) : 0;
		used[server_of(p)]++;
		again[best] = true;
	}
}
