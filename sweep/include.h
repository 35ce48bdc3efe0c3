/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration made of others: include = a.conf, b.conf in [sweep]. */
#ifndef PLAN_INCLUDE_H
#define PLAN_INCLUDE_H

#include "config.h"

/*
 * Appends the sections of every file that @config->include names. Each file
 * lies beside @config and keeps its own defaults, packets and repetitions; of
 * their timeouts the largest holds. False after one line on stderr a mistake.
 */
bool config_include(struct config *config);

#endif
