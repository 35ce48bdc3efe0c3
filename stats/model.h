/* SPDX-License-Identifier: GPL-2.0-only */
/* The cost model: what its two files share. Numbers are NAN where there are none; times are ns. */
#ifndef STATS_MODEL_H
#define STATS_MODEL_H

#include <jansson.h>
#include <stdbool.h>

double model_number(const json_t *object, const char *name);
/* All whole lines of a file of JSON objects, an array; empty where there is none. The caller's. */
json_t *model_lines(const char *path);
double model_median(const double *value, int n);

/* Points by their identity: an object of first (one of them) and by_rep. The caller's. */
json_t *model_costs(const json_t *points);
/* The median over repetitions of a metric. */
double model_metric(const json_t *costs, const char *point, const char *metric);

/* What the lines that travel for a side of a counted cell cost; without doorbells, or with them. */
double model_lines_ns(const json_t *side, const json_t *constants, bool bells);

/*
 * The cells of a run on the instruction clock (a points.jsonl), predicted: see model_headline.c.
 * @counts: points of the rig that were counted; @constants: medians by name. The caller's.
 */
json_t *model_headline(const char *path, const json_t *counts, const json_t *constants);

#endif
