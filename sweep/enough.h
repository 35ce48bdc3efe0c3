/* SPDX-License-Identifier: GPL-2.0-only */
/* Decides when a cell has been measured often enough. */
#ifndef WALK_ENOUGH_H
#define WALK_ENOUGH_H

#include <jansson.h>
#include <stdbool.h>

/* Takes the whole lines of an earlier part of this sweep. A file that is not there is empty. */
void enough_read(const char *path);

/* Takes one line of results. */
void enough_note(const json_t *line);

/*
 * Whether this step is not needed any more; always false for a sweep without a
 * precision. It is not needed when the figures of all members of its group, cost
 * and round trip, are known with the precision from earlier repetitions. On the
 * instruction clock two consecutive repetitions must be equal within the
 * precision; on the wall clock the interval of the median (order statistics,
 * 95 %, from 6 repetitions on) must extend no farther than the precision to
 * either side, on average. A group ends together, so that all its servers have
 * the same number of repetitions. Results of the current repetition do not
 * count, so that a sweep that is interrupted and resumed ends at the same step.
 */
bool enough(const json_t *step);

#endif
