/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An input of bytes as the story of one client and its guest: the first bytes are the threading
 * model, the knobs, the features and the ring size, each further one begins something that they do.
 * Every string of bytes is an input, and a changed byte changes one thing mostly.
 */
#ifndef VHOSTLAB_TEST_SCRIPT_H
#define VHOSTLAB_TEST_SCRIPT_H

#include "anything.h"
#include "nic.h"

#define SCRIPT_MOST 256u /* bytes of an input */

/* What was done, of all inputs together. */
struct script_totals {
	unsigned long inputs, kicks, frames, changes;
};

extern struct script_totals script_totals;

/* Two taps, and the knobs as they are: once, before the first input. */
void script_begin(void);
/* Puts the knobs back. */
void script_end(void);
/* Plays one: opens a device, does what the bytes say, waits for its runs, closes it. */
void script_run(const uint8_t *bytes, size_t n);

#endif
