/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a measuring machine that is no lab VM, as env.json has it. */
#ifndef HOST_DESCRIBE_H
#define HOST_DESCRIBE_H

#include <jansson.h>

#include "../bench/lib/cpus.h"

/*
 * A new object: what the machine has, and in "absent" the reason for each field
 * that it has not. Only what is read of the processors in @c, where a setting
 * is one for each of them.
 */
json_t *describe(const struct cpus *c);

#endif
