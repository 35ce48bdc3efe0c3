/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The backend of the native rig: what a tap takes and gives, without a network stack. Frames that
 * are sent are checked or dropped at once, or come back (round trips); frames that are received are
 * always there, `burst` at a time. Used by the serving thread only.
 */
#ifndef NATIVE_RIG_TAP_H
#define NATIVE_RIG_TAP_H

#include <stdbool.h>
#include <stdint.h>

enum tap_mode {
	TAP_DROP, /* what is sent is dropped; nothing is received */
	TAP_SOURCE, /* frames to receive are always there */
	TAP_REFLECT, /* what is sent is received */
};

struct tap_setup {
	enum tap_mode mode;
	bool check; /* every byte of what is sent; numbers of what is received */
	unsigned int size; /* of a frame, in bytes */
	unsigned int burst; /* frames that are there at once */
	uint64_t frames; /* to be received in all */
};

/* Returns 0, or -1: no memory. */
int tap_begin(const struct tap_setup *setup);
void tap_end(void);

/* Whether there is something to receive. */
bool tap_ready(void);
/* Frames sent so far; of them with wrong content. */
void tap_counts(uint64_t *sent, uint64_t *corrupt);

#endif
