/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that knows its rings and gets a number wrong now and then: sensible buffers, of which
 * dice change a descriptor, a header or an index. (The one of anything.h writes anything anywhere.)
 */
#ifndef VHOSTLAB_TEST_ODDGUEST_H
#define VHOSTLAB_TEST_ODDGUEST_H

#include "anything.h"

struct odd_totals {
	unsigned long chains, mutations;
};

extern struct odd_totals odd_totals;

/* A number where rings of that size decide: a small one, an end of a range, near it, or any. */
uint64_t odd_number(struct dice *d, unsigned int num);
/* The next buffer begins at that index of the descriptor table. */
void odd_from(const struct ring *r, unsigned int index);
/* One buffer more in a queue, as descriptors or a table of them. */
void odd_offer(struct dice *d, struct ring *r);
/* One number changed in the areas of a ring. */
void odd_scribble(struct dice *d, struct ring *r);

#endif
