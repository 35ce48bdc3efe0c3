/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file of the point program shares: exit codes, one way to complain, the stop flag. */
#ifndef VL_COMMON_H
#define VL_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes, and also the return value of every function that can fail. */
enum {
	RC_OK = 0,
	RC_FAIL = 1, /* it was tried and went wrong */
	RC_USAGE = 2, /* it was asked for wrongly */
	RC_CANNOT = 77, /* this machine cannot do it */
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Prints "vhostlab: <text>\n" on stderr and returns rc, so that a caller can
 * write `return fail(RC_FAIL, "what: where: what to do")`.
 */
int fail(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes text to an existing file, as procfs and sysfs want it. 0, or -1 with errno set. */
int write_text(const char *path, const char *text);

/*
 * The watchdog. Blocking reads carry no time-out of their own, because a poll
 * in front of each would be measured; instead an interval timer interrupts
 * them (EINTR) when watch_progress has not moved for two ticks, or on Ctrl-C.
 */
extern volatile sig_atomic_t watch_stop; /* 0, or why to stop: a WATCH_ value */
extern volatile uint64_t watch_progress; /* the workload moves this on */

enum { WATCH_STUCK = 1, WATCH_SIGNAL = 2 };

/* Another process reports that we were interrupted. */
extern bool watch_silent;

/* Takes over SIGINT, SIGTERM and SIGHUP. */
int watch_signals(void);
/*
 * Starts the timer, when everything is set up: in the lab's instruction clock
 * virtual time flies while a file is waited for, as nothing else happens.
 */
int watch_start(void);
/* Forgets what was seen so far: call at the start of every phase. */
void watch_reset(void);
/* Says why the watchdog stopped the phase named `what`; returns RC_FAIL. */
int watch_complain(const char *what);

#endif
