/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of the packet path: the thread that serves a queue meets one, at each place in turn, while
 * it has a burst of frames to pass. What is lost then is one frame at most, or, where the used ring
 * could not be written, the entries of one write, with an error event (doc/bad-input.md); nothing
 * comes twice or changed, and what comes next is served.
 */
#ifndef VHOSTLAB_TEST_PASSAGE_H
#define VHOSTLAB_TEST_PASSAGE_H

/* In both directions, in every way that a frame passes; two test lines for each. */
void passages(void);

#endif
