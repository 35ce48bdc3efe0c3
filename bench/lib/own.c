// SPDX-License-Identifier: GPL-2.0-only
/* The tasks that a measurement consists of, and how long they ran. */
#define _GNU_SOURCE
#include "own.h"

#include <time.h>
#include <unistd.h>

#include "tasks.h"

#define OWN_MAX 512

static struct {
	pid_t pid;
	uint64_t ns; /* when it was last looked at */
} task[OWN_MAX];
static unsigned int tasks;

/* The clock of a process, as the kernel numbers it; glibc refuses that of a kernel thread. */
static clockid_t clock_of(pid_t pid)
{
	enum { SCHEDULED = 2 };

	return (clockid_t)((~(unsigned int)pid << 3) | SCHEDULED);
}

static uint64_t ns_of(clockid_t clock, uint64_t otherwise)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return otherwise;
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void own_add(pid_t tid)
{
	char path[64];

	/* A thread of this process is part of it. */
	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	if (!access(path, F_OK))
		tid = getpid();
	for (unsigned int i = 0; i < tasks; i++)
		if (task[i].pid == tid)
			return;
	if (tasks < OWN_MAX)
		task[tasks++].pid = tid;
}

void own_add_usual(const struct cpus *c)
{
	static const char *const names[] = { "ksoftirqd/%d", "kpktgend_%d" };
	pid_t found[64];
	char name[32];

	own_add(getpid());
	for (unsigned int i = 0; i < c->count; i++)
		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			int have;

			snprintf(name, sizeof(name), names[n], c->cpu[i]);
			have = tasks_named(name, found, ARRAY_SIZE(found));
			for (int k = 0; k < have; k++)
				own_add(found[k]);
		}
}

unsigned int own_count(void)
{
	return tasks;
}

uint64_t own_ns(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < tasks; i++) {
		task[i].ns = ns_of(clock_of(task[i].pid), task[i].ns);
		sum += task[i].ns;
	}
	return sum;
}

uint64_t own_self_ns(void)
{
	return ns_of(CLOCK_THREAD_CPUTIME_ID, 0);
}
