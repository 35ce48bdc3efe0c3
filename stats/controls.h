/* SPDX-License-Identifier: GPL-2.0-only */
/* The A/A controls of a run: one question asked twice, so that what differs is noise. */
#ifndef STATS_CONTROLS_H
#define STATS_CONTROLS_H

#include "judge.h"

enum controls_verdict {
	CONTROLS_NONE, /* no cell was measured again */
	CONTROLS_FEW, /* too few repetitions to judge any that was */
	CONTROLS_SAME, /* no difference */
	CONTROLS_APART, /* noise was taken for a difference */
};

/* Two samples of one cell as a row: the cell and itself measured again, or its own halves. */
struct control {
	const struct cell *cell;
	bool halves; /* odd repetitions against even ones; else control.jsonl */
	struct row row;
};

struct controls {
	struct control *control; /* those measured again first */
	int count;
	int again; /* how many of them */
	enum controls_verdict verdict;
};

/*
 * Judges the cost of every cell that control.jsonl has measured again, and of
 * every cell's odd repetitions against its even ones: the repetitions are
 * interleaved, so neither half is earlier, and their order within a group is
 * the other way round. On the wall clock all of them are one family at LEVEL.
 *
 * On the instruction clock a difference is more than judge.h's limit and more than
 * the repetitions of either side differ among themselves; one a side is enough,
 * as the two must be equal. There the halves say something of their own cell
 * only, whose limit in a comparison includes what they differ by; the verdict is
 * that of the cells measured again.
 */
struct controls controls_judge(const struct cells *cells);

/* One word: none, few, same, apart. */
const char *controls_word(enum controls_verdict verdict);

#endif
