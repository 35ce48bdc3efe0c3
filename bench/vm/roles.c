// SPDX-License-Identifier: GPL-2.0-only
/* The tasks of a guest and of what serves it, by the part they play. */
#define _GNU_SOURCE
#include "roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/common.h"
#include "lib/tasks.h"

const char *const role_names[ROLES] = { "vcpu", "main", "other", "worker", "guest", "server" };

static int append(struct roles *roles, pid_t tid, enum role role)
{
	struct task *task = realloc(roles->task, (roles->count + 1) * sizeof(*task));

	if (!task)
		return fail(RC_FAIL, "window: out of memory: close other programs");
	roles->task = task;
	task[roles->count++] = (struct task){ .tid = tid, .role = role };
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

struct process {
	struct roles *roles;
	pid_t pid;
	enum role role;
};

static int add_thread(void *arg, pid_t tid, const char *name)
{
	const struct process *p = arg;

	return append(p->roles, tid, role_of(name, p->pid, tid, p->role));
}

static int add_worker(void *arg, pid_t tid, const char *name)
{
	const struct process *p = arg;

	return is_worker(name, p->pid) ? append(p->roles, tid, ROLE_WORKER) : RC_OK;
}

int roles_add(struct roles *roles, pid_t pid, enum role role)
{
	struct process p = { roles, pid, role };
	char threads[64];
	int rc;

	snprintf(threads, sizeof(threads), "/proc/%d/task", pid);
	rc = tasks_each(threads, add_thread, &p);
	if (rc < 0)
		return fail(RC_FAIL, "window: process %d: it has ended: see its output", pid);
	return rc ? rc : tasks_each("/proc", add_worker, &p);
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

int roles_read(struct roles *roles)
{
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < roles->count; i++)
		rc = read_one(roles->task[i].tid, &roles->task[i].cpu_ns, &roles->task[i].switches);
	return rc;
}

int roles_since(struct roles *roles)
{
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < roles->count; i++) {
		struct task *task = &roles->task[i];
		uint64_t cpu_ns = 0, switches = 0;

		rc = read_one(task->tid, &cpu_ns, &switches);
		task->cpu_ns = cpu_ns - task->cpu_ns;
		task->switches = switches - task->switches;
	}
	return rc;
}
