// SPDX-License-Identifier: GPL-2.0-only
/* The Test Anything Protocol: see tap.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int tests, failures;
static const char *before = "";

void tap_prefix(const char *prefix)
{
	before = prefix;
}

static void result(bool cond, const char *fmt, va_list ap)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tests++;
	if (!cond)
		failures++;
	printf("%sok %d - %s", cond ? "" : "not ", tests, before);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
}

bool tap_ok(bool cond, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(cond, fmt, ap);
	va_end(ap);
	return cond;
}

bool tap_is(long long got, long long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		tap_note("got %lld, want %lld", got, want);
	return got == want;
}

static const char *errname(int err)
{
	if (!err)
		return "success";
	return strerrorname_np(-err) ?: "not an errno";
}

bool tap_err(int got, int want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		tap_note("got %s (%d), want %s", errname(got), got, errname(want));
	return got == want;
}

void tap_skip(int count, const char *reason, const char *what)
{
	while (count--)
		printf("ok %d - %s%s # SKIP %s\n", ++tests, before, what, reason);
	fflush(stdout);
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

void tap_bail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("not ok %d - cannot go on: ", ++tests);
	vprintf(fmt, ap);
	printf("\n1..%d\n", tests);
	fflush(stdout);
	va_end(ap);
	exit(1);
}

int tap_done(void)
{
	printf("1..%d\n", tests);
	fflush(stdout);
	return failures ? 1 : 0;
}
