/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of points.jsonl, control.jsonl and verdicts.jsonl, read back and checked. */
#ifndef WALK_LINES_H
#define WALK_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What is wrong with a line, or NULL: it must be one JSON object with point and
 * rep and, unless @known is NULL, none that @known has; then it is added there.
 * @object gets what was parsed, for the caller to release; NULL when nothing was.
 */
const char *line_check(const char *text, size_t length, json_t *known, json_t **object);

/*
 * All of a file, which need not exist. Each mistake, at most a few, is one line on
 * stderr; then the result is false. With @cut a last line without an end is none.
 */
bool lines_read(const char *path, json_t *known, bool cut);

/* Is that measurement among those of @known? */
bool line_known(const json_t *known, const char *point, long rep);

#endif
