// SPDX-License-Identifier: GPL-2.0-only
/* Where the two threads of the native rig run: see place.h. */
#define _GNU_SOURCE
#include "place.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tasks.h"

#define CPUS 1024

static pthread_t thread_id;
static bool started;

/* Whether both are of one core; processors whose core is not known are not. */
static bool siblings(int a, int b)
{
	char path[100], line[256] = "";
	char *at = line, *end;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 a);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		*line = '\0';
	fclose(f);
	/* A list of numbers and ranges: 0,4 or 0-1. */
	while (*at >= '0' && *at <= '9') {
		long first = strtol(at, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (b >= first && b <= last)
			return true;
		at = *end == ',' ? end + 1 : end;
	}
	return false;
}

/* Two processors as @cores asks for; the first two there are. */
static bool choose(enum cores cores, int pair[2])
{
	static int cpu[CPUS];
	unsigned int n = tasks_cpus(cpu, CPUS);

	for (unsigned int i = 0; i < n; i++) {
		if (cores == CORES_TURNS) {
			pair[0] = pair[1] = cpu[i];
			return true;
		}
		for (unsigned int j = i + 1; j < n; j++) {
			if (siblings(cpu[i], cpu[j]) != (cores == CORES_SMT))
				continue;
			pair[0] = cpu[i];
			pair[1] = cpu[j];
			return true;
		}
	}
	return false;
}

int place_pair(enum cores cores, int cpu[2], void *(*thread)(void *))
{
	pthread_attr_t attr;
	cpu_set_t set;
	int rc, err;

	if (!choose(cores, cpu))
		return fail(RC_CANNOT, "knob cores=%s: this machine: it has no two such processors",
			    cores == CORES_SMT ? "smt" : "two");
	rc = task_place(0, cpu[0], SCHED_OTHER);
	if (rc || !thread)
		return rc;
	CPU_ZERO(&set);
	CPU_SET(cpu[1], &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	err = pthread_create(&thread_id, &attr, thread, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		return fail(RC_FAIL, "thread: server: %s", strerror(err));
	started = true;
	return RC_OK;
}

void place_join(void)
{
	if (started)
		pthread_join(thread_id, NULL);
	started = false;
}
