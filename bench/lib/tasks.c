// SPDX-License-Identifier: GPL-2.0-only
/* Finding tasks by name, and where and how they run. */
#define _GNU_SOURCE
#include "tasks.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* False: the task has ended meanwhile. */
static bool read_name(const char *folder, const char *tid, char *name, size_t size)
{
	char path[300];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%.30s/comm", folder, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, name, size - 1);
	close(fd);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return *name;
}

int tasks_each(const char *folder, int (*seen)(void *arg, pid_t tid, const char *name), void *arg)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char name[64];
	int rc = 0;

	if (!dir)
		return -1;
	while (!rc && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_name(folder, entry->d_name, name, sizeof(name)))
			rc = seen(arg, atoi(entry->d_name), name);
	closedir(dir);
	return rc;
}

struct search {
	const char *name;
	pid_t *tid;
	unsigned int have, max;
};

/* Ends the search when there is no more room. */
static int keep_named(void *arg, pid_t tid, const char *name)
{
	struct search *s = arg;
	size_t len = strlen(s->name);

	/* A kernel cuts a name at 15 characters. */
	if (len > 15)
		len = 15;
	if (s->have < s->max && !strncmp(name, s->name, len) && !isdigit((unsigned char)name[len]))
		s->tid[s->have++] = tid;
	return s->have == s->max;
}

int tasks_named(const char *name, pid_t *tid, unsigned int max)
{
	struct search s = { .name = name, .tid = tid, .max = max };

	if (tasks_each("/proc", keep_named, &s) <= 0)
		tasks_each("/proc/self/task", keep_named, &s);
	return s.have;
}

static int count_one(void *arg, pid_t tid, const char *name)
{
	(void)tid;
	(void)name;
	(*(unsigned int *)arg)++;
	return 0;
}

unsigned int tasks_of(pid_t pid)
{
	unsigned int count = 0;
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%d/task", pid);
	tasks_each(folder, count_one, &count);
	return count;
}

unsigned int tasks_cpus(int *cpu, unsigned int max)
{
	unsigned int have = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (int i = 0; i < CPU_SETSIZE && have < max; i++)
		if (CPU_ISSET(i, &set))
			cpu[have++] = i;
	return have;
}

static int set_policy(pid_t tid, int policy)
{
	struct sched_param param = { .sched_priority = policy == SCHED_FIFO };

	if (sched_setscheduler(tid, policy, &param))
		return fail(RC_FAIL, "scheduling policy: task %d: %s", tid, strerror(errno));
	return RC_OK;
}

int task_place(pid_t tid, int cpu, int policy)
{
	struct cpus one = { 1, { cpu } };

	return cpu < 0 ? set_policy(tid, policy) : task_spread(tid, &one, policy);
}

/* For every number of a processor that a list may have. */
union mask {
	unsigned long bits[CPUS_KNOWN / 8 / sizeof(long)];
	cpu_set_t set;
};

static void mask_of(const struct cpus *c, union mask *mask)
{
	memset(mask, 0, sizeof(*mask));
	for (unsigned int i = 0; i < c->count; i++)
		CPU_SET_S(c->cpu[i], sizeof(*mask), &mask->set);
}

int task_bind(pid_t tid, const struct cpus *c)
{
	union mask mask;

	mask_of(c, &mask);
	if (sched_setaffinity(tid, sizeof(mask), &mask.set) && errno != EINVAL)
		return fail(RC_FAIL, "CPU %d: task %d: %s", c->cpu[0], tid, strerror(errno));
	return RC_OK;
}

int task_spread(pid_t tid, const struct cpus *c, int policy)
{
	int rc = task_bind(tid, c);

	return rc ? rc : set_policy(tid, policy);
}

void memory_near(int node)
{
	enum { MPOL_PREFERRED = 1, NODES = 1024, BITS = 8 * sizeof(long) };
	unsigned long mask[NODES / BITS] = { 0 };

	if (node < 0 || node >= NODES)
		return;
	mask[node / BITS] |= 1ul << node % BITS;
	/* A kernel without NUMA has one memory only. */
	syscall(SYS_set_mempolicy, MPOL_PREFERRED, mask, NODES + 1ul);
}

bool tasks_may_run(const struct cpus *c)
{
	union mask mask, before;

	mask_of(c, &mask);
	if (sched_getaffinity(0, sizeof(before), &before.set) < 0 ||
	    sched_setaffinity(0, sizeof(mask), &mask.set))
		return false;
	return !sched_setaffinity(0, sizeof(before), &before.set);
}
