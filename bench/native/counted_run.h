/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the rig in QEMU's user mode under the plugin that counts: see counted.h. */
#ifndef NATIVE_COUNTED_RUN_H
#define NATIVE_COUNTED_RUN_H

#include "counted.h"

/* Of constant @i, in JSON. */
extern const char *const constant_names[CONSTANTS];

/*
 * Executes the rig with @argv (its options, ended by NULL; not its name) and the constants in
 * out->constant, and fills in the rest of @out. Returns an RC_ value after one line on stderr:
 * RC_CANNOT where there is no QEMU for it.
 */
int counted_run(char *const *argv, struct counted *out);
/* This program's folder, in which the rig is, too; "" if it cannot be known. */
const char *counted_folder(void);

#endif
