// SPDX-License-Identifier: GPL-2.0-only
/* System calls of the serving side, counted by the kernel's own tracepoint. */
#define _GNU_SOURCE
#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const counter_names[CALL_NAMES] = { "poll",	 "ppoll",  "read",	    "readv",
						"write", "writev", "io_uring_enter" };

static const int call_numbers[CALL_NAMES] = { SYS_poll,	 SYS_ppoll,  SYS_read,		SYS_readv,
					      SYS_write, SYS_writev, SYS_io_uring_enter };

static int tracepoint_id(uint64_t *id)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128], text[32] = "";
	ssize_t n = -1;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(places) && n <= 0; i++) {
		snprintf(path, sizeof(path), "%s/events/raw_syscalls/sys_enter/id", places[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return fail(RC_CANNOT,
			    "no tracepoint: raw_syscalls/sys_enter: mount tracefs as root");
	*id = strtoull(text, NULL, 10);
	return RC_OK;
}

static int open_one(struct counters *c, uint64_t id, pid_t tid, int number)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	char filter[32];
	int fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return fail(RC_CANNOT, "perf_event_open: task %d: %s", tid, strerror(errno));
	c->fd[c->fds++] = fd;
	if (number >= 0) {
		snprintf(filter, sizeof(filter), "id == %d", number);
		if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter))
			return fail(RC_CANNOT, "perf filter: %s: %s", filter, strerror(errno));
	}
	return RC_OK;
}

int counters_open(struct counters *c, const struct server *s)
{
	uint64_t id = 0;
	int rc;

	memset(c, 0, sizeof(*c));
	c->named = s->pid != 0;
	c->per_task = c->named ? 1 + CALL_NAMES : 1;
	rc = tracepoint_id(&id);
	for (unsigned int i = 0; !rc && i < s->tasks; i++) {
		rc = open_one(c, id, s->task[i], -1);
		for (int n = 0; !rc && c->named && n < CALL_NAMES; n++)
			rc = open_one(c, id, s->task[i], call_numbers[n]);
	}
	for (unsigned int i = 0; !rc && i < c->fds; i++)
		if (ioctl(c->fd[i], PERF_EVENT_IOC_ENABLE, 0))
			rc = fail(RC_FAIL, "perf: enable: %s", strerror(errno));
	return rc;
}

int counters_close(struct counters *c)
{
	int rc = RC_OK;

	for (unsigned int i = 0; i < c->fds; i++)
		ioctl(c->fd[i], PERF_EVENT_IOC_DISABLE, 0);
	for (unsigned int i = 0; i < c->fds; i++) {
		unsigned int which = i % c->per_task;
		uint64_t value = 0;

		if (read(c->fd[i], &value, sizeof(value)) != sizeof(value))
			rc = fail(RC_FAIL, "perf: read: %s", strerror(errno));
		else if (which)
			c->by_name[which - 1] += value;
		else
			c->total += value;
		close(c->fd[i]);
	}
	c->fds = 0;
	return rc;
}
