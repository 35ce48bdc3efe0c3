// SPDX-License-Identifier: GPL-2.0-only
/*
 * Constants of the machine: see machine.h. Each is measured in windows of some thousand
 * nanoseconds, so that what disturbs fewer than half of them does not count. The lines that travel
 * are those of one page, so that address translation is not measured.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "lib/tasks.h"
#include "ticks.h"

#define LINES	     64
#define ROUNDS	     16 /* pages of a window */
#define LOOPS	     500
#define LINE_WINDOWS 40 /* of machine_line(): its other thread may have to wait for a processor */
#define WAKE_UPS     16
#define LONG_BYTES   2048

static struct {
	struct line {
		struct line *next; /* in an order that no prefetcher guesses */
		uint64_t value, rest[6];
	} line[LINES];
} page __attribute__((aligned(4096)));

/* What the other thread is asked to do, each time that asked is moved on. */
static struct {
	uint64_t asked __attribute__((aligned(64)));
	uint64_t done __attribute__((aligned(64)));
} talk;
static volatile bool over;
static int wake[2]; /* eventfds: to the other thread, and back */
static char from[LONG_BYTES] __attribute__((aligned(64)));
static char to[LONG_BYTES] __attribute__((aligned(64)));

static void make_chain(void)
{
	for (unsigned int i = 0; i < LINES; i++)
		/* 37 and 64 have no common factor: all lines are met. */
		page.line[i * 37 % LINES].next = &page.line[(i + 1) * 37 % LINES];
}

static void *writer(void *arg)
{
	uint64_t seen = 0;

	(void)arg;
	while (!over) {
		uint64_t asked = __atomic_load_n(&talk.asked, __ATOMIC_ACQUIRE);

		if (asked == seen) {
			_mm_pause();
			continue;
		}
		seen = asked;
		for (unsigned int i = 0; i < LINES; i++)
			page.line[i].value = seen;
		_mm_mfence();
		__atomic_store_n(&talk.done, seen, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* All lines of the page are in the other processor's cache, written. */
static void let_write(void)
{
	uint64_t next = talk.asked + 1;

	__atomic_store_n(&talk.asked, next, __ATOMIC_RELEASE);
	while (__atomic_load_n(&talk.done, __ATOMIC_ACQUIRE) != next)
		_mm_pause();
	_mm_lfence();
}

/* Each window returns ticks of one of what it measures. */
static double line_window(void)
{
	uint64_t ticks = 0;

	for (int r = 0; r < ROUNDS; r++) {
		const struct line *at = &page.line[0];
		uint64_t start;

		let_write();
		start = ticks_now();
		for (unsigned int i = 0; i < LINES; i++)
			at = *(struct line *const volatile *)&at->next;
		__asm__ __volatile__("" ::"r"(at));
		ticks += ticks_now() - start;
	}
	return (double)ticks / ROUNDS / LINES;
}

static double more_window(void)
{
	uint64_t ticks = 0, sum = 0;

	for (int r = 0; r < ROUNDS; r++) {
		uint64_t start;

		let_write();
		start = ticks_now();
		for (unsigned int i = 0; i < LINES; i++)
			sum += *(volatile uint64_t *)&page.line[i].value;
		ticks += ticks_now() - start;
	}
	__asm__ __volatile__("" ::"r"(sum));
	return (double)ticks / ROUNDS / LINES;
}

static double store_window(void)
{
	uint64_t ticks = 0;

	for (int r = 0; r < ROUNDS; r++) {
		uint64_t start;

		let_write();
		start = ticks_now();
		for (unsigned int i = 0; i < LINES; i++)
			*(volatile uint64_t *)&page.line[i].value = r;
		_mm_mfence();
		ticks += ticks_now() - start;
	}
	return (double)ticks / ROUNDS / LINES;
}

static double locked_window(void)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS; i++)
		__asm__ __volatile__("lock addl $0,-4(%%rsp)" ::: "memory", "cc");
	return (double)(ticks_now() - start) / LOOPS;
}

static double barrier_window(void)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS; i++)
		_mm_mfence();
	return (double)(ticks_now() - start) / LOOPS;
}

/* Loads of own lines and additions that do not wait for each other: 32 instructions. */
#define FOUR "mov (%1),%%rax; add %%rax,%0; mov 64(%1),%%rdx; add $3,%%rdx;"
#define BODY FOUR "lea 1(%%rdx),%%rcx; mov %%rcx,8(%1); xor %%eax,%%eax; add $5,%%rax;"

static uint64_t straight(bool fences)
{
	uint64_t start = ticks_now(), sum = 0;

	for (int i = 0; i < LOOPS; i++) {
		__asm__ __volatile__(BODY BODY BODY BODY
				     : "+r"(sum)
				     : "r"(from)
				     : "rax", "rcx", "rdx", "memory", "cc");
		if (fences)
			_mm_lfence();
	}
	return ticks_now() - start;
}

/* What a fence adds to straight code: what it keeps from overlapping is a part of it. */
static double window_window(void)
{
	uint64_t without = straight(false), with = straight(true);

	return ((double)with - without) / LOOPS;
}

static double pause_window(void)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS / 5; i++)
		_mm_pause();
	return (double)(ticks_now() - start) / (LOOPS / 5);
}

/* A string copy between own lines. */
static uint64_t string_copy(size_t bytes)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS / 5; i++) {
		void *d = to;
		const void *s = from;
		size_t n = bytes;

		__asm__ __volatile__("rep movsb" : "+D"(d), "+S"(s), "+c"(n)::"memory");
	}
	return ticks_now() - start;
}

static double copy_window(void)
{
	return (double)string_copy(64) / (LOOPS / 5);
}

/* As a compiler clears a structure. */
static double words_window(void)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS / 5; i++) {
		uint64_t n = 8;
		void *d = to;

		__asm__ __volatile__("rep stosq" : "+D"(d), "+c"(n) : "a"(0UL) : "memory");
	}
	return (double)(ticks_now() - start) / (LOOPS / 5);
}

static double copy_more_window(void)
{
	uint64_t few = string_copy(64), many = string_copy(LONG_BYTES);

	return ((double)many - few) / (LOOPS / 5) / (LONG_BYTES / 64 - 1);
}

static double syscall_window(void)
{
	uint64_t start = ticks_now();

	for (int i = 0; i < LOOPS / 10; i++)
		syscall(SYS_getppid);
	return (double)(ticks_now() - start) / (LOOPS / 10);
}

static void *woken(void *arg)
{
	uint64_t value;

	(void)arg;
	while (!over && read(wake[0], &value, sizeof(value)) == sizeof(value) && !over)
		if (write(wake[1], &value, sizeof(value)) != sizeof(value))
			break;
	return NULL;
}

/* There and back through two eventfds; half of that. */
static double wake_window(void)
{
	uint64_t start = ticks_now(), value = 1;

	for (int i = 0; i < WAKE_UPS; i++)
		if (write(wake[0], &value, sizeof(value)) != sizeof(value) ||
		    read(wake[1], &value, sizeof(value)) != sizeof(value))
			return 0;
	return (double)(ticks_now() - start) / WAKE_UPS / 2;
}

enum other { OTHER_NONE, OTHER_WRITES, OTHER_SLEEPS, OTHER_SLEEPS_HERE };

static const struct {
	const char *name, *what;
	double (*window)(void);
	enum other other;
} measured[] = {
	/* First: machine_line() measures it alone. */
	{ "line", "a load of a line that the other processor wrote, waited for", line_window,
	  OTHER_WRITES },
	{ "line_more", "the same, each of many under way at once", more_window, OTHER_WRITES },
	{ "line_store", "a store to a line that the other processor has, each of many",
	  store_window, OTHER_WRITES },
	{ "locked", "a locked operation on an own line, the kernel's full barrier", locked_window,
	  OTHER_NONE },
	{ "barrier", "mfence", barrier_window, OTHER_NONE },
	{ "window", "what an lfence adds to straight code: a window of user memory", window_window,
	  OTHER_NONE },
	{ "pause", "a pause of a loop that waits", pause_window, OTHER_NONE },
	{ "copy", "a string copy of 64 bytes between own lines", copy_window, OTHER_NONE },
	{ "words", "a string operation by words, which clears 64 bytes", words_window, OTHER_NONE },
	{ "copy_more", "each 64 bytes more of a string copy", copy_more_window, OTHER_NONE },
	{ "syscall", "a system call that does nothing", syscall_window, OTHER_NONE },
	{ "wakeup_here", "an eventfd wakes a thread of the same processor", wake_window,
	  OTHER_SLEEPS_HERE },
	{ "wakeup", "an eventfd wakes a thread of the other processor", wake_window, OTHER_SLEEPS },
};

static int begin_other(pthread_t *thread, int cpu, void *(*run)(void *))
{
	pthread_attr_t attr;
	cpu_set_t set;
	int err;

	over = false;
	memset(&talk, 0, sizeof(talk));
	for (int i = 0; i < 2; i++) {
		wake[i] = eventfd(0, EFD_CLOEXEC);
		if (wake[i] < 0)
			return fail(RC_FAIL, "constants: eventfd: %s", strerror(errno));
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	err = pthread_create(thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	return err ? fail(RC_FAIL, "constants: thread: %s", strerror(err)) : RC_OK;
}

static void end_other(pthread_t thread)
{
	uint64_t one = 1;

	over = true;
	if (write(wake[0], &one, sizeof(one)) != sizeof(one))
		perror("vhostlab: constants: eventfd");
	pthread_join(thread, NULL);
	close(wake[0]);
	close(wake[1]);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure(size_t what, const int cpu[2], unsigned int windows, struct machine_constant *c)
{
	enum other other = measured[what].other;
	pthread_t thread;
	struct ticks t;
	int rc = RC_OK;

	c->name = measured[what].name;
	c->what = measured[what].what;
	c->windows = windows;
	if (other)
		rc = begin_other(&thread, cpu[other != OTHER_SLEEPS_HERE],
				 other == OTHER_WRITES ? writer : woken);
	if (rc)
		return rc;
	/* For caches, branch predictors and the frequency. */
	for (unsigned int i = 0; i < windows / 8; i++)
		measured[what].window();
	ticks_begin(&t);
	for (unsigned int i = 0; i < windows; i++) {
		c->ns[i] = measured[what].window();
		watch_progress++;
	}
	ticks_end(&t);
	for (unsigned int i = 0; i < windows; i++)
		c->ns[i] *= t.ns;
	qsort(c->ns, windows, sizeof(c->ns[0]), by_size);
	if (other)
		end_other(thread);
	return rc;
}

int machine_measure(const int cpu[2], struct machine_constant *all, unsigned int most,
		    unsigned int *n)
{
	int rc = task_place(0, cpu[0], SCHED_OTHER);

	make_chain();
	memset(from, 1, sizeof(from));
	memset(to, 1, sizeof(to));
	for (size_t i = 0; !rc && i < ARRAY_SIZE(measured) && *n < most; i++) {
		if (cpu[0] == cpu[1] &&
		    (measured[i].other == OTHER_WRITES || measured[i].other == OTHER_SLEEPS))
			continue;
		rc = measure(i, cpu, MACHINE_WINDOWS, &all[(*n)++]);
	}
	return rc;
}

int machine_line(const int cpu[2], double *ns)
{
	static struct machine_constant line;
	int rc = task_place(0, cpu[0], SCHED_OTHER);

	make_chain();
	rc = rc ? rc : measure(0, cpu, LINE_WINDOWS, &line);
	*ns = rc ? 0 : line.ns[line.windows / 2];
	return rc;
}
