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
 * Is this step not needed any more? Only steps of a sweep with a precision ever
 * are: when the figures of all members of its group are known to it, cost and
 * round trip, from the repetitions before this one. On the instruction clock
 * two repetitions in a row must be equal within the precision; on the wall
 * clock the interval of the median (order statistics, 95 %, from 6 repetitions
 * on) must reach no farther than the precision to either side, on average. A
 * group ends together, so that all its servers have the same number of
 * repetitions, and what this repetition itself has brought so far does not
 * count, so that a sweep that was interrupted ends where another would.
 */
bool enough(const json_t *step);

#endif
