// SPDX-License-Identifier: GPL-2.0-only
/* The rig in QEMU's user mode: see counted_run.h. */
#define _GNU_SOURCE
#include "counted_run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/common.h"

#define ARGUMENTS 64
#define EMULATOR  "qemu-x86_64"

const char *const constant_names[CONSTANTS] = {
	[CONST_INSTRUCTION] = "instruction",
	[CONST_LINE] = "line",
	[CONST_LINE_MORE] = "line_more",
	[CONST_LINE_STORE] = "line_store",
	[CONST_LOCKED] = "locked",
	[CONST_WINDOW] = "window",
	[CONST_PAUSE] = "pause",
	[CONST_COPY] = "copy",
	[CONST_WORDS] = "words",
	[CONST_COPY_MORE] = "copy_more",
};

const char *counted_folder(void)
{
	static char path[PATH_MAX - 100];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *end;

	path[n > 0 ? n : 0] = '\0';
	end = strrchr(path, '/');
	if (end)
		*end = '\0';
	return path;
}

/* The child. It has the file as its descriptor @fd. */
static void start(char *const *argv, int fd)
{
	static char rig[PATH_MAX], plugin[PATH_MAX + 50], file[50];
	char *all[ARGUMENTS] = { EMULATOR, "-cpu", "max", "-plugin", plugin, rig };
	int n = 6;

	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	snprintf(rig, sizeof(rig), "%s/native", counted_folder());
	snprintf(plugin, sizeof(plugin), "%s/../lab/plugin/lines.so,shared=%s", counted_folder(),
		 file);
	while (*argv && n < ARGUMENTS - 1)
		all[n++] = *argv++;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv(COUNTED_FILE, file, 1);
	/* What the rig prints is a measurement, which this is not. */
	if (!freopen("/dev/null", "w", stdout))
		_exit(RC_FAIL);
	execvp(EMULATOR, all);
	_exit(errno == ENOENT ? 127 : 126);
}

int counted_run(char *const *argv, struct counted *out)
{
	int fd = memfd_create("counted", 0), status = 0;
	struct counted *shared;
	pid_t child;

	if (fd < 0 || ftruncate(fd, sizeof(*shared)))
		return fail(RC_FAIL, "counts: memory: %s", strerror(errno));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return fail(RC_FAIL, "counts: memory: %s", strerror(errno));
	*shared = *out;
	child = fork();
	if (!child)
		start(argv, fd);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return fail(RC_FAIL, "counts: %s: cannot be started: %s", EMULATOR,
			    strerror(errno));
	*out = *shared;
	munmap(shared, sizeof(*shared));
	close(fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return fail(RC_CANNOT, "counts: %s: it is not installed: run ./run.sh setup",
			    EMULATOR);
	if (status)
		return fail(RC_FAIL, "counts: the rig in %s: %s %d", EMULATOR,
			    WIFEXITED(status) ? "exit code" : "signal",
			    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	if (out->phase != COUNTED_DONE || !out->packets)
		return fail(RC_FAIL, "counts: the rig in %s: it did not count: report it",
			    EMULATOR);
	return RC_OK;
}
