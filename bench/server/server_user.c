// SPDX-License-Identifier: GPL-2.0-only
/* Starts and stops the servers that are a process of their own: userspace-net and uring-net. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "server.h"

/* The program, <server>-net, lies beside this one. */
static int find_program(const struct server *s, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	size_t room;
	char *slash;

	if (n < 0)
		return fail(RC_FAIL, "own path: /proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	room = slash ? size - (slash - path) : 0;
	if (!slash || snprintf(slash, room, "/%s-net", server_name(s->o->server)) >= (int)room)
		return fail(RC_FAIL, "own path: %s: too long", path);
	return RC_OK;
}

/* It writes one byte when about to serve; else it has reported why not: its exit code counts. */
static int await_ready(struct server *s, int fd)
{
	int status = 0;
	ssize_t n;
	char byte;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR && !watch_stop);
	if (n == 1)
		return RC_OK;
	if (!n && waitpid(s->pid, &status, 0) == s->pid) {
		s->pid = 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) == RC_CANNOT)
			return RC_CANNOT;
	}
	return fail(RC_FAIL, "%s server: did not start: its message is above",
		    server_name(s->o->server));
}

int user_start(struct server *s, struct guest *g, const struct tap *t)
{
	const char *name = server_name(s->o->server);
	const int inherited[] = { g->memfd, t->fd, g->kick[0], g->call[0], g->kick[1], g->call[1] };
	unsigned long values[DEVICE_ARGS] = {
		[ARG_MEM_FD] = g->memfd,
		[ARG_MEM_BYTES] = g->bytes,
		[ARG_MEM_GPA] = GUEST_GPA,
		[ARG_TAP_FD] = t->fd,
		[ARG_RING_NUM] = g->o->ring,
		[ARG_EVENT_IDX] = g->o->event_idx,
		[ARG_MERGEABLE] = g->o->mrg_rxbuf,
		[ARG_RX_OFFSET] = g->ring_offset[QUEUE_RX],
		[ARG_RX_KICK] = g->kick[QUEUE_RX],
		[ARG_RX_CALL] = g->call[QUEUE_RX],
		[ARG_TX_OFFSET] = g->ring_offset[QUEUE_TX],
		[ARG_TX_KICK] = g->kick[QUEUE_TX],
		[ARG_TX_CALL] = g->call[QUEUE_TX],
	};
	char text[DEVICE_ARGS][24], path[PATH_MAX];
	char *argv[DEVICE_ARGS + 2];
	int ready[2], rc;

	rc = find_program(s, path, sizeof(path));
	if (rc)
		return rc;
	if (pipe2(ready, O_CLOEXEC))
		return fail(RC_FAIL, "pipe: %s server: %s", name, strerror(errno));
	values[ARG_READY_FD] = ready[1];
	argv[0] = path;
	for (size_t i = 0; i < DEVICE_ARGS; i++) {
		snprintf(text[i], sizeof(text[i]), "%lu", values[i]);
		argv[i + 1] = text[i];
	}
	argv[DEVICE_ARGS + 1] = NULL;

	s->pid = fork();
	if (s->pid < 0) {
		s->pid = 0;
		return fail(RC_FAIL, "fork: %s server: %s", name, strerror(errno));
	}
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
			fcntl(inherited[i], F_SETFD, 0);
		fcntl(ready[1], F_SETFD, 0);
		execv(path, argv);
		fail(RC_FAIL, "%s server: %s: %s; build again", name, path, strerror(errno));
		_exit(RC_FAIL);
	}
	close(ready[1]);
	rc = await_ready(s, ready[0]);
	close(ready[0]);
	if (rc)
		return rc;
	s->task[0] = s->pid;
	s->tasks = 1;
	return RC_OK;
}

int user_stop(struct server *s)
{
	const char *name = server_name(s->o->server);
	int status;

	if (!s->pid)
		return RC_OK;
	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(RC_FAIL, "wait: %s server: %s", name, strerror(errno));
	s->pid = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		return fail(RC_FAIL, "%s server: ended with status %#x, not on request", name,
			    status);
	return RC_OK;
}
