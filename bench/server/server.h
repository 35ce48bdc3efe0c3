/* SPDX-License-Identifier: GPL-2.0-only */
/* The servers of the queues, behind one face. */
#ifndef VL_SERVER_H
#define VL_SERVER_H

#include <sys/types.h>

#include "guest/guest.h"
#include "net/tap.h"

#define SERVER_TASKS_MAX 64

struct server {
	const struct options *o;
	int device; /* its number in debugfs, or -1 */
	char *module; /* what the module counted, JSON, after the stop; or NULL */
	int vhost_fd; /* -1 with a server in a process */
	uint64_t *log; /* dirty log: a bit a page of 4096 bytes; NULL: none */
	size_t log_bytes;
	uint64_t log_pages; /* marked in it, after the stop */
	pid_t pid; /* of a server in a process (userspace, uring), else 0 */
	/* The tasks that serve: what counters are attached to. */
	pid_t task[SERVER_TASKS_MAX];
	unsigned int tasks;
	bool shared_tasks; /* kworkers, which may also do other people's work */
	bool pooled; /* threads that serve all devices of that server */
};

/*
 * Starts serving the guest's queues on the tap. Returns an RC_ value after one
 * line on stderr when it is not RC_OK; stop in any case.
 */
int server_start(struct server *s, const struct options *o, struct guest *g, const struct tap *t);

/* Stops serving: unbinds the tap, ends the process. Checks that it goes well. */
int server_stop(struct server *s);

/* Is it still alive, and has it the tasks that were counted? Says so when not. */
int server_check(struct server *s);

/* The two kinds; see above. */
int user_start(struct server *s, struct guest *g, const struct tap *t);
int user_stop(struct server *s);
int vhost_start(struct server *s, struct guest *g, const struct tap *t);
int vhost_stop(struct server *s);

#endif
