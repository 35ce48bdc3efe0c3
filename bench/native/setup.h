/* SPDX-License-Identifier: GPL-2.0-only */
/* What a server of the native rig is told, from the options. */
#ifndef NATIVE_SETUP_H
#define NATIVE_SETUP_H

#include "driver.h"

/* Opens the tap and @s for @frames frames in all. Returns an RC_ value after one line on stderr. */
int setup_server(const struct rig_server *s, const struct options *o, struct driver *d,
		 uint64_t frames);

#endif
