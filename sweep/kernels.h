/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernels a configuration is measured on. */
#ifndef PLAN_KERNELS_H
#define PLAN_KERNELS_H

#include "config.h"

/*
 * Takes the kernels of @text, names with commas between them, in place of those that the
 * configuration names. False after one line on stderr. @text is kept, and changed.
 */
bool kernels_set(struct config *config, char *text);

/* Do both name the same ones, in the same order? */
bool kernels_same(const struct config *a, const struct config *b);

#endif
