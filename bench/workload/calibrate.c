// SPDX-License-Identifier: GPL-2.0-only
/* A window by time: how many packets it has room for. */
#define _GNU_SOURCE
#include "calibrate.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Packets of a point at most, as its command line has them. */
#define PACKETS_MAX 1000000000.0

static double value_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? atof(at + strlen(name)) : 0;
}

static int run_child(struct point *p, int (*measure)(struct point *p, FILE *out), FILE *out)
{
	pid_t parent = getpid(), pid = fork();
	int status;

	if (pid < 0)
		return fail(RC_FAIL, "fork: calibration: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(RC_FAIL);
		_exit(measure(p, out));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(RC_FAIL, "wait: calibration: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : RC_FAIL;
}

int calibrate(struct point *p, int (*measure)(struct point *p, FILE *out))
{
	FILE *out = tmpfile();
	char text[1024] = "";
	double packets, seconds;
	int rc;

	if (!out)
		return fail(RC_FAIL, "calibration: no temporary file: %s: free space in /tmp",
			    strerror(errno));
	rc = run_child(p, measure, out);
	rewind(out);
	/* Both are at the beginning of the line. */
	if (!rc && !fgets(text, sizeof(text), out))
		rc = fail(RC_FAIL, "calibration: it gave no result");
	fclose(out);
	packets = value_of(text, "\"packets\":");
	seconds = value_of(text, "\"seconds\":");
	if (!rc && (packets < 1 || seconds <= 0))
		rc = fail(RC_FAIL, "calibration: no packet was delivered");
	if (rc)
		return rc;
	packets *= p->o.duration_ms / 1e3 / seconds;
	if (packets > PACKETS_MAX)
		packets = PACKETS_MAX;
	p->o.packets = packets < 1 ? 1 : packets;
	return RC_OK;
}
