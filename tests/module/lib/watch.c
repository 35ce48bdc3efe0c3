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

static int find_in(const char *dir, const char *comm)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int tid = -1;

	if (!d)
		return -1;
	while (tid < 0 && (e = readdir(d))) {
		char path[300], got[32] = "";
		FILE *f;

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/%s/comm", dir, e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%31s", got) == 1 && !strcmp(got, comm))
			tid = atoi(e->d_name);
		fclose(f);
	}
	closedir(d);
	return tid;
}

/* A kernel thread in 6.1, a thread of the owner from 6.4 on. */
int worker_tid(void)
{
	char comm[32];
	int tid;

	snprintf(comm, sizeof(comm), "%s-%d", is_ours() ? "vhostlab" : "vhost", getpid());
	comm[15] = '\0';
	tid = find_in("/proc/self/task", comm);
	return tid > 0 ? tid : find_in("/proc", comm);
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

long long worker_cpu_ns(void)
{
	char path[64];
	long long ns = -1;
	int tid = worker_tid();
	FILE *f;

	if (tid < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%lld", &ns) != 1)
		ns = -1;
	fclose(f);
	return ns;
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
