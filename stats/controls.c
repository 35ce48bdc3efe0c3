// SPDX-License-Identifier: GPL-2.0-only
/* Judges the A/A controls of a run. */
#include <math.h>
#include <stdlib.h>

#include "controls.h"

static void add(struct controls *all, const struct cell *cell, const struct cell *a,
		const struct cell *b, bool halves)
{
	struct row row = judge_row(a, b, COST);

	if (!row.x.count || !row.y.count)
		return;
	all->control = checked(realloc(all->control, (all->count + 1) * sizeof(*all->control)));
	all->control[all->count++] = (struct control){ cell, halves, row };
	all->again += !halves;
}

/* A cell of nothing but these repetitions' cost; it lives as long as the process. */
static const struct cell *half_of(const struct cell *cell, int half)
{
	struct cell *part = checked(calloc(1, sizeof(*part)));

	part->identity = cell->identity;
	part->key = cell->key;
	part->sample[COST] = cell->half[half];
	return part;
}

static enum controls_verdict verdict_of(const struct controls *all)
{
	enum controls_verdict verdict = CONTROLS_NONE;

	for (int i = 0; i < all->count; i++) {
		const struct control *c = &all->control[i];

		if (c->row.star && (!c->halves || !c->row.by_equality))
			return CONTROLS_APART;
		if (!c->halves && verdict != CONTROLS_SAME)
			verdict = c->row.few ? CONTROLS_FEW : CONTROLS_SAME;
	}
	return verdict;
}

struct controls controls_judge(const struct cells *cells)
{
	struct controls all = { 0 };
	struct row *row;

	for (int i = 0; i < cells->controls; i++) {
		const struct cell *twin = &cells->control[i], *cell = cells_find(cells, twin->key);

		if (cell)
			add(&all, cell, cell, twin, false);
	}
	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->cell[i];

		add(&all, cell, half_of(cell, 1), half_of(cell, 0), true);
	}
	row = checked(calloc(all.count + 1, sizeof(*row)));
	for (int i = 0; i < all.count; i++) {
		row[i] = all.control[i].row;
		/* The two of a control must be equal, so one value a side can show that they are not. */
		if (row[i].by_equality)
			row[i].few = false;
	}
	judge_family(row, all.count, LEVEL);
	for (int i = 0; i < all.count; i++)
		all.control[i].row = row[i];
	free(row);
	all.verdict = verdict_of(&all);
	return all;
}

const char *controls_word(enum controls_verdict verdict)
{
	static const char *const words[] = { "none", "few", "same", "apart" };

	return words[verdict];
}
