/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding tasks by name, and where and how they run. */
#ifndef VL_TASKS_H
#define VL_TASKS_H

#include <sys/types.h>

#include "common.h"
#include "cpus.h"

/*
 * Calls @seen with the id and the name of each task that @folder, /proc or a
 * /proc/PID/task, shows, until it returns other than 0, and returns that; -1
 * where there is no such folder. A task that ends meanwhile is left out.
 */
int tasks_each(const char *folder, int (*seen)(void *arg, pid_t tid, const char *name), void *arg);

/*
 * Tasks (also threads of this process) whose name begins with `name`, where a
 * digit must not follow a digit: "vhost-12" is not "vhost-123". Returns how
 * many were put into tid, at most max.
 */
int tasks_named(const char *name, pid_t *tid, unsigned int max);

/* How many tasks the process has, with those the kernel made for it. */
unsigned int tasks_of(pid_t pid);

/* CPUs this process may use; cpu[0] is the first. Returns how many, at most max. */
unsigned int tasks_cpus(int *cpu, unsigned int max);

/*
 * Ties a task (0: the caller) to one CPU (-1: leaves it free) under a
 * scheduling policy. A kernel thread that must not be moved stays where it is.
 */
int task_place(pid_t tid, int cpu, int policy);

/* Ties a task to some CPUs and leaves its policy; as above. */
int task_bind(pid_t tid, const struct cpus *c);

/* What the caller, and what it starts, touches first is put into the memory of that node. */
void memory_near(int node);

/* May the caller run on one of these? It is left where it was. */
bool tasks_may_run(const struct cpus *c);

/* The same for any of several CPUs. */
int task_spread(pid_t tid, const struct cpus *c, int policy);

#endif
