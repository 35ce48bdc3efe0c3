// SPDX-License-Identifier: GPL-2.0-only
/* Decides which differences between two runs are real. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "family.h"
#include "judge.h"
#include "ranks.h"

static double difference(const struct summary *x, const struct summary *y)
{
	if (!x->count || !y->count)
		return x->count || y->count ? INFINITY : 0;
	if (x->median == y->median)
		return 0;
	return x->median ? fabs(y->median / x->median - 1) : INFINITY;
}

static bool is_worse(const struct row *r)
{
	if (r->metric == PACKETS)
		return r->y.median < r->x.median;
	return r->y.median > r->x.median;
}

/* The share by which two measurements of this cell may differ on the instruction clock. */
static double equal_within(const struct cell *cell)
{
	const char *guest = json_string_value(json_object_get(cell->identity, "guest"));

	return !guest || !strcmp(guest, "process") ? EQUAL_WITHIN : GUESTS_EQUAL_WITHIN;
}

struct row judge_row(const struct cell *a, const struct cell *b, enum metric metric)
{
	const struct sample *s = &a->sample[metric], *t = &b->sample[metric];
	const char *clock = json_string_value(json_object_get(a->identity, "clock"));
	struct row r = {
		.a = a,
		.b = b,
		.metric = metric,
		.x = summarise(s),
		.y = summarise(t),
		.interval = { NAN, NAN },
		.by_equality = clock && !strcmp(clock, "insn"),
		.single = 1,
		.p = 1,
		.least = 1,
	};

	r.difference = difference(&r.x, &r.y);
	if (!r.x.count || !r.y.count)
		return r;
	r.worse = is_worse(&r);
	r.interval = bootstrap_ratio(s, t, a->seed + metric);
	r.shift = hodges_lehmann(s, t);
	r.constant = r.x.min == r.x.max && r.y.min == r.y.max && r.x.min == r.y.min;
	if (r.by_equality) {
		/* Not as a share: what varies between 0 and 1 is no different from a constant 0. */
		r.apart = fmax(equal_within(a) * fabs(r.x.median),
			       fmax(r.x.max - r.x.min, r.y.max - r.y.min));
		r.threshold = r.x.median ? r.apart / fabs(r.x.median) : INFINITY;
		r.few = r.x.count < 2 || r.y.count < 2;
	} else {
		struct mann_whitney test = mann_whitney(s, t);

		r.p = r.single = test.p;
		r.least = test.least;
	}
	return r;
}

/* On the wall clock, and measured on both sides. */
static bool tested(const struct row *r)
{
	return !r->by_equality && r->x.count && r->y.count;
}

struct family judge_family(struct row *row, int rows, double level)
{
	struct test *test = checked(calloc(rows ? rows : 1, sizeof(*test)));
	struct family family = { 0 };
	int n = 0;

	for (int i = 0; i < rows; i++)
		if (tested(&row[i]))
			test[n++] = (struct test){ .p = row[i].single, .least = row[i].least };
	family.tests = family_correct(test, n, level);
	n = 0;
	for (int i = 0; i < rows; i++) {
		struct row *r = &row[i];

		if (r->by_equality && r->x.count && r->y.count)
			r->star = !r->few && fabs(r->y.median - r->x.median) > r->apart;
		if (tested(r)) {
			r->p = test[n].p;
			r->star = r->p <= level;
			r->few = !test[n++].counts && !r->constant;
		}
		family.stars += r->star;
		family.worse += r->star && r->worse;
		family.few += r->few;
	}
	free(test);
	return family;
}
