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
#include <unistd.h>

static bool name_matches(const char *path, const char *name)
{
	size_t len = strlen(name);
	char comm[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false; /* it has ended meanwhile */
	n = read(fd, comm, sizeof(comm) - 1);
	close(fd);
	if (n <= 0)
		return false;
	/* A kernel cuts a name at 15 characters. */
	if (len > 15)
		len = 15;
	return !strncmp(comm, name, len) && !isdigit((unsigned char)comm[len]);
}

static int scan(const char *dir, const char *name, pid_t *tid, unsigned int max, unsigned int have)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[300];

	if (!d)
		return have;
	while ((e = readdir(d)) && have < max) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/%.200s/comm", dir, e->d_name);
		if (name_matches(path, name))
			tid[have++] = atoi(e->d_name);
	}
	closedir(d);
	return have;
}

int tasks_named(const char *name, pid_t *tid, unsigned int max)
{
	int have = scan("/proc", name, tid, max, 0);

	return scan("/proc/self/task", name, tid, max, have);
}

unsigned int tasks_of(pid_t pid)
{
	pid_t tid[64];
	char dir[64];

	snprintf(dir, sizeof(dir), "/proc/%d/task", pid);
	return scan(dir, "", tid, ARRAY_SIZE(tid), 0);
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

int task_place(pid_t tid, int cpu, int policy)
{
	struct sched_param param = { .sched_priority = policy == SCHED_FIFO };
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	if (cpu >= 0 && sched_setaffinity(tid, sizeof(set), &set) && errno != EINVAL)
		return fail(RC_FAIL, "CPU %d: task %d: %s", cpu, tid, strerror(errno));
	if (sched_setscheduler(tid, policy, &param))
		return fail(RC_FAIL, "scheduling policy: task %d: %s", tid, strerror(errno));
	return RC_OK;
}
