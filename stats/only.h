/* SPDX-License-Identifier: GPL-2.0-only */
/* Which points a history shows: the conditions of --only, all of which must hold. */
#ifndef STATS_ONLY_H
#define STATS_ONLY_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Checks @text, FIELD=VALUE|VALUE,..., where FIELD is an axis, clock, accel, kernel, revision,
 * experiment or knob.NAME; or says on stderr, in one line, what is wrong with it and returns false.
 */
bool only_check(const char *text);

/*
 * Does @line, one that `history` reads, have one of the values in each condition? A revision may be
 * cut short; a knob that is not named is at its default, which has the value "default".
 */
bool only_holds(const char *text, const json_t *line);

#endif
