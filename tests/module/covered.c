// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a test program and adds what it executes of the module to the file $VHOSTLAB_COVERAGE:
 * covered PROGRAM [ARGUMENT...]. Ends as the program does. Covered are its threads and children, in
 * ioctls, kicks, turns (worker=caller) and the frames they send, and the runs of workers; not
 * interrupts, nor what a workqueue or RCU does later.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coverage.h"
#include "covered.h"
#include "guest.h"

#define AREAS 48u /* threads at a time; further ones are not covered */
#define WORDS (1u << 17)
#define HIGH  512 /* behind the descriptors that tests choose by number */

static struct coverage_set set;
static struct coverage_area areas[AREAS], workers;

static void fail(const char *what)
{
	fprintf(stderr, "vhostlab: covered: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void program(char **argv)
{
	char fds[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = 0; i < AREAS; i++)
		if (dup2(areas[i].fd, HIGH + (int)i) < 0)
			fail("descriptors");
	snprintf(fds, sizeof(fds), "%d %d", HIGH, HIGH + (int)AREAS - 1);
	setenv(COVERED, fds, 1);
	execv(argv[0], argv);
	fail(argv[0]);
}

static void take(void)
{
	coverage_take(&workers, &set);
	for (unsigned int i = 0; i < AREAS; i++)
		coverage_take(&areas[i], &set);
}

int main(int argc, char **argv)
{
	const char *file = getenv("VHOSTLAB_COVERAGE"), *missing = coverage_missing();
	int status;
	pid_t pid;

	if (argc < 2 || !file) {
		fprintf(stderr, "usage: VHOSTLAB_COVERAGE=FILE covered PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (missing) {
		fprintf(stderr, "vhostlab: covered: %s\n", missing);
		return 77;
	}
	for (unsigned int i = 0; i < AREAS; i++)
		if (!coverage_open(&areas[i], WORDS))
			fail("KCOV");
	if (!coverage_open(&workers, WORDS) || coverage_workers(&workers))
		fail("KCOV_REMOTE_ENABLE");
	/* A child is one for which workers report to this process. */
	pid = fork();
	if (!pid)
		program(argv + 1);
	while (pid > 0 && waitpid(pid, &status, WNOHANG) != pid) {
		take();
		sleep_ms(2);
	}
	take();
	if (!coverage_write(&set, file))
		fail(file);
	if (pid < 0)
		fail("fork");
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
