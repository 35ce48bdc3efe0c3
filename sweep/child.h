/* SPDX-License-Identifier: GPL-2.0-only */
/* One measuring process: started, its output read, and ended with all its children. */
#ifndef WALK_CHILD_H
#define WALK_CHILD_H

#include <stdbool.h>

#define CHILD_OUT_MAX (1 << 20)
#define CHILD_ERR_MAX (64 << 10)

enum child_end {
	CHILD_EXITED, /* code is its exit code */
	CHILD_SIGNALLED, /* code is the signal */
	CHILD_HUNG, /* still running after the limit, killed */
	CHILD_STUCK, /* could not even be killed */
	CHILD_INTERRUPTED, /* we were asked to stop; killed */
	CHILD_NOT_STARTED, /* code is the errno */
};

struct child {
	enum child_end end;
	int code;
	char *out; /* NUL-terminated, owned by the caller (free) */
	char *err;
};

/*
 * Call once before child_run(): from then on SIGINT, SIGTERM and SIGHUP are
 * blocked and read, and this process is the subreaper of a child's orphans.
 */
bool child_setup(void);

/* Was a signal to stop received? Looks without waiting. */
bool child_stop_asked(void);

/* Runs @argv for at most @limit seconds and waits until all its processes have ended. */
void child_run(struct child *child, char **argv, double limit);

/*
 * The clock of all time limits. Under the instruction clock (one processor) an
 * idle machine jumps to its next timer at once, so waiting a millisecond for the
 * host's disk may look like many seconds: there an idle second counts a thousandth.
 */
double patience_seconds(void);

#endif
