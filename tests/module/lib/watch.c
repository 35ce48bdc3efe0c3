// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel side is doing: the worker's CPU time, counters, the kernel log. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define STATS "/sys/kernel/debug/vhostlab"

char stats_dir[300];

static int kmsg = -1;

#define UNBOUND "/sys/devices/virtual/workqueue/cpumask" /* where work items may run */
#define THREADS 64

/* Threads whose name is this, or begins with it where it ends in a slash. */
struct threads {
	int n;
	int tid[THREADS];
	long long ns; /* CPU time of all */
};

/*
 * A thread whose device is closed: it has reported its end, but stays listed until
 * it has run to it, which takes a while beside a task that the scheduler favours.
 */
static bool is_exiting(const char *dir, const char *tid)
{
	enum { EXITING = 4 }; /* PF_EXITING of the kernel */
	char path[300], line[512] = "", *at;
	unsigned int flags = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/stat", dir, tid);
	f = fopen(path, "re");
	if (!f)
		return true;
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return !at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1 || flags & EXITING;
}

static void look_in(const char *dir, const char *name, struct threads *t)
{
	size_t len = strlen(name);
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[300], comm[32] = "";
		long long ns;
		FILE *f;

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/%s/comm", dir, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%31s", comm) != 1)
			comm[0] = '\0';
		if (f)
			fclose(f);
		if (strncmp(comm, name, len) || (comm[len] && name[len - 1] != '/') ||
		    is_exiting(dir, e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s/schedstat", dir, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%lld", &ns) == 1) {
			if (t->n < THREADS)
				t->tid[t->n] = atoi(e->d_name);
			t->n++;
			t->ns += ns;
		}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
}

static struct threads own_threads(void)
{
	struct threads t = { .tid = { -1 } };
	char comm[32];

	snprintf(comm, sizeof(comm), "%s-%d", is_ours() ? "vhostlab" : "vhost", getpid());
	comm[15] = '\0';
	/* A thread of the owner from 6.4 on, before that of the kernel. */
	look_in("/proc/self/task", comm, &t);
	if (!t.n)
		look_in("/proc", comm, &t);
	return t;
}

int worker_tid(void)
{
	return own_threads().tid[0];
}

/* Those that serve the device: its own, or those that serve all devices. */
static struct threads serving(void)
{
	struct threads t = own_threads();

	if (!t.n)
		look_in("/proc", "vhostlab-shared/", &t);
	return t;
}

int serving_threads(int *tid, int max)
{
	struct threads t = serving();
	int n = 0;

	for (; n < t.n && n < max && n < THREADS; n++)
		tid[n] = t.tid[n];
	return n;
}

long long free_kib(void)
{
	char line[128];
	long long kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

long long missing_kib(long long before, long long limit)
{
	for (int i = 0; i < 60 && before - free_kib() >= limit; i++)
		sleep_ms(50);
	return before - free_kib();
}

char thread_state(int tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state;
}

void task_pin(int tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	if (sched_setaffinity(tid, sizeof(set), &set))
		tap_bail("CPU %d: task %d: %s", cpu, tid, strerror(errno));
}

/* A kernel thread that runs work items may not be moved; the items may. */
static bool items_pin(int cpu)
{
	char mask[16];

	snprintf(mask, sizeof(mask), "%x",
		 cpu < 0 ? (1u << sysconf(_SC_NPROCESSORS_CONF)) - 1 : 1u << cpu);
	return !file_put(UNBOUND, mask);
}

static void items_free(int status, void *arg)
{
	(void)status;
	(void)arg;
	items_pin(-1);
}

void workers_pin(int cpu)
{
	static bool registered;
	struct threads t = serving();

	for (int i = 0; i < t.n && i < THREADS; i++)
		task_pin(t.tid[i], cpu);
	if (t.n)
		return;
	/* It is the whole machine's: not left so when this program ends early. */
	if (!registered && on_exit(items_free, NULL))
		tap_bail("on_exit");
	registered = true;
	if (!items_pin(cpu))
		tap_bail("CPU %d: no worker is found, and " UNBOUND " cannot be set", cpu);
}

long long worker_cpu_ns(void)
{
	struct threads t = serving();

	if (!t.n)
		look_in("/proc", "kworker/", &t);
	return t.n ? t.ns : -1;
}

long long worker_cpu_over(int ms, int share)
{
	long long least = -1;

	for (int i = 0; i < 5; i++) {
		long long ran = worker_cpu_ns();

		if (ran < 0)
			return -1;
		sleep_ms(ms);
		ran = worker_cpu_ns() - ran;
		if (least < 0 || ran < least)
			least = ran;
		if (least < ms * 1000000LL / share)
			break;
	}
	return least;
}

bool worker_sleeps(int ms)
{
	long long ran = worker_cpu_over(ms, 2);

	return ran >= 0 && ran < ms * 500000LL;
}

/* The highest number is the newest. */
void stats_find(void)
{
	DIR *d = opendir(STATS);
	struct dirent *e;
	int best = -1;

	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && atoi(e->d_name) > best)
			best = atoi(e->d_name);
	if (d)
		closedir(d);
	snprintf(stats_dir, sizeof(stats_dir), "%s/%d", STATS, best);
}

/* Adds up the counters whose name is, or begins with, what is given. */
static long long stat_sum(const char *queue, const char *name, bool prefix)
{
	char path[400], key[64];
	long long value, sum = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", stats_dir, queue);
	f = fopen(path, "re");
	while (f && fscanf(f, "%63s %lld", key, &value) == 2)
		if (prefix ? !strncmp(key, name, strlen(name)) : !strcmp(key, name))
			sum = (sum < 0 ? 0 : sum) + value;
	if (f)
		fclose(f);
	return sum;
}

long long stat_of(const char *queue, const char *name)
{
	return stat_sum(queue, name, false);
}

long long stat_errors(void)
{
	return stat_sum("rx", "error_", true) + stat_sum("tx", "error_", true);
}

int knob(const char *name, const char *value)
{
	char path[120];

	snprintf(path, sizeof(path), KNOB_DIR "%s", name);
	return file_put(path, value);
}

bool worker_is(const char *model)
{
	char is[32] = "";
	FILE *f = is_ours() ? fopen(KNOB_DIR "worker", "re") : NULL;

	if (f) {
		if (fscanf(f, "%31s", is) != 1)
			is[0] = '\0';
		fclose(f);
	}
	return !strcmp(is, model);
}

void kmsg_mark(void)
{
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		tap_bail("open /dev/kmsg: %s", strerror(errno));
	lseek(kmsg, 0, SEEK_END);
}

int kmsg_lines(void)
{
	char line[8192];
	int n = 0;
	ssize_t got;

	while ((got = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (got <= 0)
			continue;
		line[got] = '\0';
		/* Only what the servers say counts; devices come and go. */
		if (strstr(line, "vhost"))
			n++;
	}
	return n;
}

/* The module's reference count; -1 where it cannot be read. */
int module_references(void)
{
	FILE *f = fopen("/sys/module/vhostlab_net/refcnt", "re");
	int n = -1;

	if (f && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* Whether it comes to be that within five seconds. */
bool module_references_are(int want)
{
	for (int i = 0; i < 500 && module_references() != want; i++)
		sleep_ms(10);
	return module_references() == want;
}
