// SPDX-License-Identifier: GPL-2.0-only
/* Runs one measuring process with a time limit and leaves nothing of it behind. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"

/* An idle second under the instruction clock weighs this much: see patience_seconds(). */
#define IDLE_WEIGHT 1e-3
/* How long a killed process may take to end, in seconds of patience. */
#define KILL_PATIENCE 10.0
/* Between SIGTERM and SIGKILL. */
#define TERM_PATIENCE 3.0

static int signals = -1;
static bool stop;

/* Seconds the processors were idle since boot, all together; 0 where it is not known. */
static double idle_seconds(void)
{
	FILE *file = fopen("/proc/stat", "r");
	unsigned long long user, nice, kernel, idle, iowait;
	double seconds = 0;

	if (!file)
		return 0;
	if (fscanf(file, "cpu %llu %llu %llu %llu %llu", &user, &nice, &kernel, &idle, &iowait) ==
	    5)
		seconds = (double)(idle + iowait) / sysconf(_SC_CLK_TCK);
	fclose(file);
	return seconds;
}

double patience_seconds(void)
{
	const char *clock = getenv("VHOSTLAB_CLOCK");
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = now.tv_sec + now.tv_nsec * 1e-9;
	if (clock && !strcmp(clock, "insn"))
		seconds -= (1 - IDLE_WEIGHT) * idle_seconds();
	return seconds;
}

bool child_setup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return false;
	/* A shell may have started us with these ignored; then they would never arrive. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals >= 0;
}

bool child_stop_asked(void)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			stop = true;
	return stop;
}

/* Output of one pipe so far. */
struct heard {
	int fd;
	char *text;
	size_t length, max;
};

static void listen_to(struct heard *h)
{
	char spill[4096];
	ssize_t n;

	while (h->fd >= 0) {
		size_t room = h->max - h->length;

		n = room ? read(h->fd, h->text + h->length, room)
			 : read(h->fd, spill, sizeof(spill));
		if (n > 0 && room)
			h->length += n;
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		if (n == 0 || errno != EAGAIN) {
			close(h->fd);
			h->fd = -1;
		}
		break;
	}
}

static bool hear(struct heard *h, int fd, size_t max)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*h = (struct heard){ .fd = fd, .text = malloc(max + 1), .max = max };
	return h->text;
}

static void run_in_child(char **argv, int out, int err, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (null >= 0)
		dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Reaps whatever ended; true once @pid is among it, with its status. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int other;
	pid_t got;

	while ((got = waitpid(-1, &other, WNOHANG)) > 0) {
		if (got == pid) {
			*status = other;
			found = true;
		}
	}
	return found;
}

/* Kills every child of this process: one that left its group has become a child as an orphan. */
static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		char path[300], text[512], *after;
		int pid = atoi(entry->d_name), parent;
		FILE *file;
		size_t n;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "r");
		if (!file)
			continue;
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		text[n] = '\0';
		/* The name may hold anything, so the fields are counted from its end. */
		after = strrchr(text, ')');
		if (after && sscanf(after + 1, " %*c %d", &parent) == 1 && parent == getpid())
			kill(pid, SIGKILL);
	}
	closedir(proc);
}

/* Ends the whole group and all orphans, waits for them; false when something survives SIGKILL. */
static bool sweep_up(pid_t group)
{
	double since = patience_seconds();
	struct pollfd wait = { .fd = signals, .events = POLLIN };

	for (;;) {
		int status;

		kill(-group, SIGKILL);
		reap(0, &status);
		if (waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD)
			return true;
		kill_children();
		if (patience_seconds() - since > KILL_PATIENCE)
			return false;
		child_stop_asked();
		poll(&wait, 1, 100);
	}
}

void child_run(struct child *child, char **argv, double limit)
{
	int out[2], err[2] = { -1, -1 }, status = 0;
	struct heard from_out, from_err;
	double since = patience_seconds(), asked_to_end = 0;
	pid_t pid, parent = getpid();
	bool gone = false;

	memset(child, 0, sizeof(*child));
	child->end = CHILD_NOT_STARTED;
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) ||
	    !hear(&from_out, out[0], CHILD_OUT_MAX) || !hear(&from_err, err[0], CHILD_ERR_MAX)) {
		child->code = errno;
		return;
	}
	pid = fork();
	if (pid == 0)
		run_in_child(argv, out[1], err[1], parent);
	child->code = errno;
	close(out[1]);
	close(err[1]);
	if (pid > 0) {
		setpgid(pid, pid);
		child->end = CHILD_EXITED;
	}

	while (pid > 0 && !gone) {
		struct pollfd wait[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = from_out.fd, .events = POLLIN },
			{ .fd = from_err.fd, .events = POLLIN },
		};
		double now;

		poll(wait, 3, 1000);
		listen_to(&from_out);
		listen_to(&from_err);
		child_stop_asked();
		gone = reap(pid, &status);
		if (gone)
			break;
		now = patience_seconds();
		if (!asked_to_end && (stop || now - since > limit)) {
			child->end = stop ? CHILD_INTERRUPTED : CHILD_HUNG;
			asked_to_end = now;
			kill(-pid, SIGTERM);
			kill(-pid, SIGCONT);
		} else if (asked_to_end && now - asked_to_end > TERM_PATIENCE) {
			break;
		}
	}
	if (pid > 0 && !sweep_up(pid))
		child->end = CHILD_STUCK;
	listen_to(&from_out);
	listen_to(&from_err);
	if (from_out.fd >= 0)
		close(from_out.fd);
	if (from_err.fd >= 0)
		close(from_err.fd);
	from_out.text[from_out.length] = '\0';
	from_err.text[from_err.length] = '\0';
	child->out = from_out.text;
	child->err = from_err.text;
	if (child->end == CHILD_EXITED) {
		if (WIFSIGNALED(status))
			child->end = CHILD_SIGNALLED;
		child->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	}
}
