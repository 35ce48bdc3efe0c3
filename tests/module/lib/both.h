/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One case put to two devices: to the one under test, then to the in-tree one, so that an answer
 * which differs is seen, and stands in the test with the reason for it.
 */
#ifndef VHOSTLAB_TEST_BOTH_H
#define VHOSTLAB_TEST_BOTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls cases() for the device under test, then for /dev/vhost-net, or says why not: there is none,
 * or it is not that of Linux 6.1, whose answers stand in the tests.
 */
void both(void (*cases)(void));

/*
 * What a case answered. Where the two answers differ, why says for what reason; NULL where they are
 * the same.
 */
bool answer(int got, int ours, int intree, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The first address of a page that is not there, behind one of zeros. */
uint8_t *hole(void);

/* True for the device under test; for the in-tree one a skip that says why. */
bool ours_alone(const char *why, const char *what);

#endif
