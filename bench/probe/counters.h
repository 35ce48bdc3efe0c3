/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls of the serving side, counted by the kernel's own tracepoint. */
#ifndef VL_COUNTERS_H
#define VL_COUNTERS_H

#include "server/server.h"

/* The calls a server in a process is expected to make are counted by name too. */
enum {
	CALL_POLL,
	CALL_PPOLL,
	CALL_READ,
	CALL_READV,
	CALL_WRITE,
	CALL_WRITEV,
	CALL_IO_URING_ENTER,
	CALL_NAMES
};
extern const char *const counter_names[CALL_NAMES];

struct counters {
	int fd[SERVER_TASKS_MAX * (1 + CALL_NAMES)];
	unsigned int fds, per_task;
	uint64_t total;
	uint64_t by_name[CALL_NAMES];
	bool named; /* by_name was counted (servers in a process) */
};

/*
 * Attaches to every task of s and counts from now on. RC_CANNOT where the
 * kernel has no such tracepoint or does not let us.
 */
int counters_open(struct counters *c, const struct server *s);

/* Reads total and by_name, and detaches. To be called even after a failed open. */
int counters_close(struct counters *c);

#endif
