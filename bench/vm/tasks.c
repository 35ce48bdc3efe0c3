// SPDX-License-Identifier: GPL-2.0-only
/* The tasks of a guest and of what serves it, by the part they play. */
#define _GNU_SOURCE
#include "tasks.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/common.h"

const char *const role_names[ROLES] = { "vcpu", "main", "other", "worker", "guest", "server" };

/* A task's name, or "" when it has ended. */
static void read_name(const char *folder, const char *tid, char name[64])
{
	char path[300];
	FILE *file;

	*name = '\0';
	snprintf(path, sizeof(path), "%s/%.30s/comm", folder, tid);
	file = fopen(path, "r");
	if (!file)
		return;
	if (!fgets(name, 64, file))
		*name = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
}

static int append(struct tasks *tasks, pid_t tid, enum role role)
{
	struct task *task = realloc(tasks->task, (tasks->count + 1) * sizeof(*task));

	if (!task)
		return fail(RC_FAIL, "window: out of memory: close other programs");
	tasks->task = task;
	task[tasks->count++] = (struct task){ .tid = tid, .role = role };
	return RC_OK;
}

/* Is it the worker the in-tree module, or ours, runs for process @pid? */
static bool is_worker(const char *name, pid_t pid)
{
	char expected[2][32];

	/* A kernel cuts a name at 15 characters. */
	snprintf(expected[0], 16, "vhost-%d", pid);
	snprintf(expected[1], 16, "vhostlab-%d", pid);
	return !strcmp(name, expected[0]) || !strcmp(name, expected[1]);
}

static enum role role_of(const char *name, pid_t pid, pid_t tid, enum role role)
{
	if (is_worker(name, pid))
		return ROLE_WORKER;
	if (role != ROLE_MAIN || pid == tid)
		return role;
	return strncmp(name, "CPU ", 4) ? ROLE_OTHER : ROLE_VCPU;
}

int tasks_add(struct tasks *tasks, pid_t pid, enum role role)
{
	char threads[64], name[64];
	struct dirent *entry;
	int rc = RC_OK;
	DIR *dir;

	snprintf(threads, sizeof(threads), "/proc/%d/task", pid);
	dir = opendir(threads);
	if (!dir)
		return fail(RC_FAIL, "window: process %d: it has ended: see its output", pid);
	while (!rc && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		read_name(threads, entry->d_name, name);
		if (tid > 0 && *name)
			rc = append(tasks, tid, role_of(name, pid, tid, role));
	}
	closedir(dir);

	dir = rc ? NULL : opendir("/proc");
	while (dir && !rc && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		read_name("/proc", entry->d_name, name);
		if (is_worker(name, pid))
			rc = append(tasks, atoi(entry->d_name), ROLE_WORKER);
	}
	if (dir)
		closedir(dir);
	return rc;
}

static int read_one(pid_t tid, uint64_t *cpu_ns, uint64_t *switches)
{
	char path[64], line[128];
	unsigned long long ran, n;
	FILE *file;
	int got;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
	file = fopen(path, "r");
	got = file ? fscanf(file, "%llu", &ran) : 0;
	if (file)
		fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "r");
	if (got != 1 || !file)
		return fail(RC_FAIL, "window: task %d: it has ended: see its output", tid);
	*cpu_ns = ran;
	*switches = 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %llu", &n) == 1)
			*switches += n;
	fclose(file);
	return RC_OK;
}

int tasks_read(struct tasks *tasks)
{
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < tasks->count; i++)
		rc = read_one(tasks->task[i].tid, &tasks->task[i].cpu_ns, &tasks->task[i].switches);
	return rc;
}

int tasks_since(struct tasks *tasks)
{
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < tasks->count; i++) {
		struct task *task = &tasks->task[i];
		uint64_t cpu_ns = 0, switches = 0;

		rc = read_one(task->tid, &cpu_ns, &switches);
		task->cpu_ns = cpu_ns - task->cpu_ns;
		task->switches = switches - task->switches;
	}
	return rc;
}
