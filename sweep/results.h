/* SPDX-License-Identifier: GPL-2.0-only */
/* A results file: whole lines only, each on disk before the next is measured. */
#ifndef WALK_RESULTS_H
#define WALK_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

struct results {
	int fd;
	const char *path;
};

/*
 * Opens or creates @path for appending. A half-written last line, left by a
 * crash, is cut off. False after one line on stderr.
 */
bool results_open(struct results *results, const char *path);

/*
 * Appends @object as one line and waits until it is on disk. When that fails,
 * the file is as long as before; false after one line on stderr.
 */
bool results_append(struct results *results, json_t *object);

#endif
