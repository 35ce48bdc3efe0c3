// SPDX-License-Identifier: GPL-2.0-only
/* The servers of the queues, behind one face. */
#include "server.h"

#include <string.h>
#include <sys/wait.h>

#include "floor.h"
#include "lib/tasks.h"

/* A process of its own, or a module? */
static bool is_process(const struct options *o)
{
	return o->server == SERVER_USERSPACE || o->server == SERVER_URING;
}

int server_start(struct server *s, const struct options *o, struct guest *g, const struct tap *t)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->vhost_fd = -1;
	if (o->server == SERVER_FLOOR)
		return floor_start(s);
	return is_process(o) ? user_start(s, g, t) : vhost_start(s, g, t);
}

int server_stop(struct server *s)
{
	if (!s->o)
		return RC_OK;
	return is_process(s->o) ? user_stop(s) : vhost_stop(s);
}

int server_check(struct server *s)
{
	int status;

	if (!s->pid)
		return RC_OK;
	if (waitpid(s->pid, &status, WNOHANG)) {
		s->pid = 0;
		return fail(RC_FAIL, "%s server: ended early: its message is above",
			    server_name(s->o->server));
	}
	/* A thread that the kernel made for it, io_uring's, would work uncounted. */
	if (tasks_of(s->pid) != s->tasks)
		return fail(RC_FAIL,
			    "%s server: %u tasks at the end, %u counted: figures miss some",
			    server_name(s->o->server), tasks_of(s->pid), s->tasks);
	return RC_OK;
}
