// SPDX-License-Identifier: GPL-2.0-only
/* The two clocks of a measured window. */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

void (*window_watcher)(bool begins);

/*
 * One nanosecond of virtual time is one tick of the counter: QEMU's -icount
 * with -cpu max lets it run at 1 GHz.
 */
uint64_t clock_now(enum clock_kind kind)
{
	struct timespec ts;

	if (kind == CLOCK_INSN)
		return __rdtsc();
	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static char *read_whole(const char *path)
{
	static char text[262144];
	size_t have = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	while (have < sizeof(text) - 1) {
		n = read(fd, text + have, sizeof(text) - 1 - have);
		if (n <= 0)
			break;
		have += n;
	}
	close(fd);
	text[have] = '\0';
	return n < 0 ? NULL : text;
}

/* Where a kernel has no timer list, our module tells the idle time: kmod/idle.c. */
static int read_module_idle(uint64_t *idle)
{
	char *at = read_whole("/sys/kernel/debug/vhostlab/idle");

	if (!at || !*at)
		return fail(RC_CANNOT, "idle time: neither /proc/timer_list nor debugfs "
				       "vhostlab/idle: run as root, with vhostlab_net loaded");
	*idle = strtoull(at, NULL, 10);
	return RC_OK;
}

/* ns that the CPUs idled: exact, as we run on the only CPU while we read it. */
static int read_idle(uint64_t *idle)
{
	char *at = read_whole("/proc/timer_list");
	static const char key[] = ".idle_sleeptime";
	bool found = false;

	*idle = 0;
	while (at && (at = strstr(at, key))) {
		at = strchr(at, ':');
		if (at) {
			*idle += strtoull(at + 1, &at, 10);
			found = true;
		}
	}
	return found ? RC_OK : read_module_idle(idle);
}

/* ns that tasks ran, all CPUs: the seventh number of each cpu line. */
static int read_busy(uint64_t *busy)
{
	char *at = read_whole("/proc/schedstat");
	bool found = false;

	*busy = 0;
	for (; at; at = strchr(at, '\n')) {
		unsigned long long ran;

		at += *at == '\n';
		if (sscanf(at, "cpu%*u %*u %*u %*u %*u %*u %*u %llu", &ran) == 1) {
			*busy += ran;
			found = true;
		}
	}
	if (!found)
		return fail(RC_CANNOT,
			    "CPU time: /proc/schedstat: this kernel does not account it");
	return RC_OK;
}

int clock_open(enum clock_kind kind)
{
	const char *lab = getenv("VHOSTLAB_CLOCK");
	uint64_t value;

	if (kind == CLOCK_WALL)
		return read_busy(&value);
	if (!lab || strcmp(lab, "insn"))
		return fail(
			RC_CANNOT,
			"no instruction clock: this machine: only the lab has one, ./run.sh sweep");
	return read_idle(&value);
}

int window_begin(struct window *w, enum clock_kind kind)
{
	int rc;

	memset(w, 0, sizeof(*w));
	w->kind = kind;
	rc = kind == CLOCK_INSN ? read_idle(&w->idle_begin) : read_busy(&w->busy_begin);
	if (window_watcher)
		window_watcher(true);
	w->begin_tsc = __rdtsc();
	w->begin = clock_now(kind);
	return rc;
}

void window_stamp(struct window *w)
{
	w->end = clock_now(w->kind);
	w->end_tsc = __rdtsc();
	if (window_watcher)
		window_watcher(false);
}

int window_end(struct window *w)
{
	if (!w->end)
		window_stamp(w);
	if (w->kind == CLOCK_INSN)
		return read_idle(&w->idle_end);
	return read_busy(&w->busy_end);
}

double window_cost(const struct window *w)
{
	if (w->kind == CLOCK_INSN)
		return (double)(w->end - w->begin) - (double)(w->idle_end - w->idle_begin);
	return (double)(w->busy_end - w->busy_begin);
}

double window_seconds(const struct window *w)
{
	return (double)(w->end - w->begin) / 1e9;
}

double window_idle(const struct window *w)
{
	return w->kind == CLOCK_INSN ? (double)(w->idle_end - w->idle_begin) : 0;
}

void clock_rest(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	/* The watchdog's tick may interrupt it; a rest cut short once is no harm. */
	nanosleep(&ts, NULL);
}

/*
 * The kernel's tick comes every 4 ms, most of its other work at whole tenths
 * of a second. A window that begins at the same distance from them holds the
 * same number of them; one of 10 ms would otherwise have two ticks or three.
 */
void clock_align(enum clock_kind kind)
{
	enum { PERIOD_MS = 100, AFTER_MS = 10 };
	struct timespec ts;
	uint64_t ms;

	if (kind != CLOCK_INSN)
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ms = ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
	ms = (ms / PERIOD_MS + 1) * PERIOD_MS + AFTER_MS;
	ts = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	/* The watchdog's tick interrupts it. */
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}
