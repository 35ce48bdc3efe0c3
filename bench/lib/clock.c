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

#include "own.h"

void (*window_watcher)(bool begins);

/* wall: the processors whose work is the cost; none: all of the machine. */
static struct cpus used;

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

/* The text of a file, until the next call. */
static char *read_whole(const char *path)
{
	static char usual[262144], *text = usual;
	static size_t room = sizeof(usual);
	size_t have = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	while ((n = read(fd, text + have, room - 1 - have)) > 0) {
		char *larger;

		have += n;
		if (have < room - 1)
			continue;
		/* Some hundred processors have more to tell. */
		larger = malloc(2 * room);
		if (!larger)
			break;
		memcpy(larger, text, have);
		if (text != usual)
			free(text);
		text = larger;
		room *= 2;
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

/* Adds the ns of a field of all CPUs in the timer list. */
static bool sum_field(const char *list, const char *key, uint64_t *sum)
{
	const char *at = list;
	char *end;
	bool found = false;

	while (at && (at = strstr(at, key))) {
		at = strchr(at, ':');
		if (at) {
			*sum += strtoull(at + 1, &end, 10);
			at = end;
			found = true;
		}
	}
	return found;
}

/*
 * ns that the CPUs idled: exact, as we run on the only CPU while we read it. While a task waits for
 * I/O (a page of a program that the host reads first, say) the kernel counts them by themselves.
 */
static int read_idle(uint64_t *idle)
{
	const char *list = read_whole("/proc/timer_list");

	*idle = 0;
	if (sum_field(list, ".idle_sleeptime", idle) && sum_field(list, ".iowait_sleeptime", idle))
		return RC_OK;
	*idle = 0;
	return read_module_idle(idle);
}

/*
 * ns that tasks ran, the seventh number of each cpu line: on the processors
 * used in *busy, on the others in *elsewhere.
 */
static int read_busy(uint64_t *busy, uint64_t *elsewhere)
{
	char *at = read_whole("/proc/schedstat");
	bool found = false;

	*busy = *elsewhere = 0;
	for (; at; at = strchr(at, '\n')) {
		unsigned long long ran;
		unsigned int cpu;

		at += *at == '\n';
		if (sscanf(at, "cpu%u %*u %*u %*u %*u %*u %*u %llu", &cpu, &ran) == 2) {
			*(!used.count || cpus_have(&used, cpu) ? busy : elsewhere) += ran;
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
	uint64_t value, elsewhere;

	if (kind == CLOCK_WALL)
		return read_busy(&value, &elsewhere);
	if (!lab || strcmp(lab, "insn"))
		return fail(
			RC_CANNOT,
			"no instruction clock: this machine: only the lab has one, ./run.sh sweep");
	return read_idle(&value);
}

void clock_cpus(const struct cpus *c)
{
	used = *c;
}

/*
 * The scheduler accounts what a task ran when it leaves the processor, so this
 * one leaves it for a moment.
 */
static void be_accounted(void)
{
	struct timespec moment = { 0, 1 };

	nanosleep(&moment, NULL);
}

/*
 * ns that processors which are not named were busy. A task that never leaves
 * its processor is missing in /proc/schedstat, and a short one in /proc/stat,
 * which counts hundredths of a second.
 */
static uint64_t read_ticks(void)
{
	char *at = read_whole("/proc/stat");
	uint64_t ticks = 0;

	for (; at; at = strchr(at, '\n')) {
		unsigned long long user, nice, system, irq, softirq;
		unsigned int cpu;

		at += *at == '\n';
		/* The first line has all of them together, and no number. */
		if (!strncmp(at, "cpu ", 4))
			continue;
		if (sscanf(at, "cpu%u %llu %llu %llu %*u %*u %llu %llu", &cpu, &user, &nice,
			   &system, &irq, &softirq) == 6 &&
		    !cpus_have(&used, cpu))
			ticks += user + nice + system + irq + softirq;
	}
	return ticks * 1000000000ULL / sysconf(_SC_CLK_TCK);
}

static int begin_used(struct window *w)
{
	uint64_t self;
	int rc;

	w->ticks_begin = read_ticks();
	if (!w->flowing)
		be_accounted();
	self = own_self_ns();
	rc = read_busy(&w->busy_begin, &w->elsewhere_begin);
	w->own_begin = own_ns();
	/* What reading took is accounted to the window, and taken off here. */
	self = own_self_ns() - self;
	w->busy_begin += self;
	w->own_begin += self;
	return rc;
}

/* The same for what the watcher took, since @self of this thread. */
static void leave_out_watcher(struct window *w, uint64_t self)
{
	self = own_self_ns() - self;
	w->busy_begin += self;
	w->own_begin += self;
}

static int end_used(struct window *w)
{
	uint64_t own = own_ns(), self = own_self_ns(), awake;
	int64_t tail;
	int rc;

	w->own_end = own - (self - w->self_end);
	if (!w->flowing)
		be_accounted();
	awake = own_self_ns();
	rc = read_busy(&w->busy_end, &w->elsewhere_end);
	/* Own tasks may work on behind the end; what this one reads now is accounted later. */
	tail = own_ns() - own;
	tail -= own_self_ns() - awake;
	w->busy_end -= tail + (self - w->self_end);
	/* Where almost nothing ran, what was taken off may be more than that. */
	if (w->busy_end < w->busy_begin)
		w->busy_end = w->busy_begin;
	if (w->own_end < w->own_begin)
		w->own_end = w->own_begin;
	w->ticks_end = read_ticks();
	return rc;
}

static int begin(struct window *w, enum clock_kind kind, bool flowing)
{
	uint64_t self;
	int rc;

	memset(w, 0, sizeof(*w));
	w->kind = kind;
	w->flowing = flowing;
	if (kind == CLOCK_INSN)
		rc = read_idle(&w->idle_begin);
	else if (used.count)
		rc = begin_used(w);
	else
		rc = read_busy(&w->busy_begin, &w->elsewhere_begin);
	self = used.count ? own_self_ns() : 0;
	if (window_watcher)
		window_watcher(true);
	if (used.count)
		leave_out_watcher(w, self);
	w->begin_tsc = __rdtsc();
	w->begin = clock_now(kind);
	return rc;
}

int window_begin(struct window *w, enum clock_kind kind)
{
	return begin(w, kind, false);
}

int window_begin_flowing(struct window *w, enum clock_kind kind)
{
	return begin(w, kind, true);
}

void window_stamp(struct window *w)
{
	w->end = clock_now(w->kind);
	w->end_tsc = __rdtsc();
	if (used.count)
		w->self_end = own_self_ns();
	if (window_watcher)
		window_watcher(false);
}

int window_end(struct window *w)
{
	if (!w->end)
		window_stamp(w);
	if (w->kind == CLOCK_INSN)
		return read_idle(&w->idle_end);
	return used.count ? end_used(w) : read_busy(&w->busy_end, &w->elsewhere_end);
}

double window_cost(const struct window *w)
{
	double busy = (double)(w->busy_end - w->busy_begin);
	double own = (double)(w->own_end - w->own_begin);

	if (w->kind == CLOCK_INSN)
		return (double)(w->end - w->begin) - (double)(w->idle_end - w->idle_begin);
	/* A server that polls leaves its processor never, and is accounted by itself alone. */
	return used.count && own > busy ? own : busy;
}

bool window_noise(const struct window *w, double *processors, double *machine)
{
	long others = sysconf(_SC_NPROCESSORS_ONLN) - (long)used.count;
	double busy = (double)(w->busy_end - w->busy_begin);
	double own = (double)(w->own_end - w->own_begin), length = w->end - w->begin;
	double elsewhere, ticks;

	if (!used.count || w->kind == CLOCK_INSN || length <= 0)
		return false;
	*processors = busy > own ? (busy - own) / (length * used.count) : 0;
	elsewhere = w->elsewhere_end - w->elsewhere_begin;
	/* Of the hundredths one may have begun before the window on each. */
	ticks = (double)(w->ticks_end - w->ticks_begin) - others * 1e9 / sysconf(_SC_CLK_TCK);
	if (ticks > elsewhere)
		elsewhere = ticks;
	*machine = others > 0 ? elsewhere / (length * others) : 0;
	return true;
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
