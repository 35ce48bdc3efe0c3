// SPDX-License-Identifier: GPL-2.0-only
/* The three servers of the queues, behind one face. */
#include "server.h"

#include <string.h>
#include <sys/wait.h>

int server_start(struct server *s, const struct options *o, struct guest *g, const struct tap *t)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->vhost_fd = -1;
	return o->server == SERVER_USERSPACE ? user_start(s, g, t) : vhost_start(s, g, t);
}

int server_stop(struct server *s)
{
	if (!s->o)
		return RC_OK;
	return s->o->server == SERVER_USERSPACE ? user_stop(s) : vhost_stop(s);
}

int server_check(struct server *s)
{
	int status;

	if (!s->pid || waitpid(s->pid, &status, WNOHANG) == 0)
		return RC_OK;
	s->pid = 0;
	return fail(RC_FAIL, "userspace server: ended early: its message is above");
}
