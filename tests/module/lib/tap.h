/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Test Anything Protocol, as little of it as the module tests need.
 *
 * Every check prints one line at once (the output is unbuffered), so a test
 * program that dies shows how far it came. tap_done() prints the plan last.
 */
#ifndef VHOSTLAB_TEST_TAP_H
#define VHOSTLAB_TEST_TAP_H

#include <stdbool.h>

#define TAP_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Stands before the name of every check, from now on. */
void tap_prefix(const char *prefix);
bool tap_ok(bool cond, const char *fmt, ...) TAP_PRINTF(2, 3);
/* Integers that must be equal; both are shown when they are not. */
bool tap_is(long long got, long long want, const char *fmt, ...) TAP_PRINTF(3, 4);
/* Result of a call that answers 0 or a negative errno. */
bool tap_err(int got, int want, const char *fmt, ...) TAP_PRINTF(3, 4);
void tap_skip(int count, const char *reason, const char *what);
void tap_note(const char *fmt, ...) TAP_PRINTF(1, 2);
void tap_bail(const char *fmt, ...) TAP_PRINTF(1, 2) __attribute__((noreturn));
int tap_done(void);

#endif
