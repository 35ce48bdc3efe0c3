// SPDX-License-Identifier: GPL-2.0-only
/* Starts and stops the userspace server, build/bench/userspace-net, a process of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

/* The program lies beside this one. */
static int find_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n < 0)
		return fail(RC_FAIL, "own path: /proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + sizeof("/userspace-net") > size)
		return fail(RC_FAIL, "own path: %s: too long", path);
	strcpy(slash, "/userspace-net");
	return RC_OK;
}

int user_start(struct server *s, struct guest *g, const struct tap *t)
{
	const int inherited[] = { g->memfd, t->fd, g->kick[0], g->call[0], g->kick[1], g->call[1] };
	const unsigned long values[] = {
		g->memfd,	   g->bytes,	    GUEST_GPA,	t->fd,
		g->o->ring,	   g->o->event_idx, g->hlen,	g->o->mrg_rxbuf,
		g->ring_offset[0], g->kick[0],	    g->call[0], g->ring_offset[1],
		g->kick[1],	   g->call[1],
	};
	char text[ARRAY_SIZE(values)][24], path[PATH_MAX], byte;
	char *argv[ARRAY_SIZE(values) + 3], ready_text[24];
	int ready[2], rc;
	ssize_t n;

	rc = find_program(path, sizeof(path));
	if (rc)
		return rc;
	if (pipe2(ready, O_CLOEXEC))
		return fail(RC_FAIL, "pipe: userspace server: %s", strerror(errno));
	snprintf(ready_text, sizeof(ready_text), "%d", ready[1]);
	argv[0] = path;
	argv[1] = ready_text;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(text[i], sizeof(text[i]), "%lu", values[i]);
		argv[i + 2] = text[i];
	}
	argv[ARRAY_SIZE(values) + 2] = NULL;

	s->pid = fork();
	if (s->pid < 0) {
		s->pid = 0;
		return fail(RC_FAIL, "fork: userspace server: %s", strerror(errno));
	}
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
			fcntl(inherited[i], F_SETFD, 0);
		fcntl(ready[1], F_SETFD, 0);
		execv(path, argv);
		fail(RC_FAIL, "userspace server: %s: %s; build again", path, strerror(errno));
		_exit(RC_FAIL);
	}
	close(ready[1]);
	/* It says one byte when it is about to serve. */
	do
		n = read(ready[0], &byte, 1);
	while (n < 0 && errno == EINTR && !watch_stop);
	close(ready[0]);
	if (n != 1)
		return fail(RC_FAIL, "userspace server: did not start: its message is above");
	s->task[0] = s->pid;
	s->tasks = 1;
	return RC_OK;
}

int user_stop(struct server *s)
{
	int status;

	if (!s->pid)
		return RC_OK;
	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(RC_FAIL, "wait: userspace server: %s", strerror(errno));
	s->pid = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		return fail(RC_FAIL, "userspace server: ended with status %#x, not when told to",
			    status);
	return RC_OK;
}
