// SPDX-License-Identifier: GPL-2.0-only
/* One way to report a failure, and the watchdog that ends a wait that cannot succeed. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

volatile sig_atomic_t watch_stop;
volatile uint64_t watch_progress;
bool watch_silent;

static volatile uint64_t seen_progress;
static volatile sig_atomic_t stale_ticks;

int fail(int rc, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "vhostlab: %s\n", line);
	return rc;
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -1;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	if (!error)
		return 0;
	errno = error;
	return -1;
}

static void on_tick(int sig)
{
	(void)sig;
	if (watch_progress != seen_progress) {
		seen_progress = watch_progress;
		stale_ticks = 0;
		return;
	}
	if (++stale_ticks >= 3 && !watch_stop)
		watch_stop = WATCH_STUCK;
}

static void on_signal(int sig)
{
	static const char msg[] = "vhostlab: interrupted: point: nothing of it is left behind\n";

	(void)sig;
	if (watch_stop != WATCH_SIGNAL && !watch_silent &&
	    write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(RC_FAIL);
	watch_stop = WATCH_SIGNAL;
}

int watch_signals(void)
{
	/* No SA_RESTART: a blocked read must come back with EINTR. */
	struct sigaction tick = { .sa_handler = on_tick };
	struct sigaction stop = { .sa_handler = on_signal };

	if (sigaction(SIGALRM, &tick, NULL) || sigaction(SIGINT, &stop, NULL) ||
	    sigaction(SIGTERM, &stop, NULL) || sigaction(SIGHUP, &stop, NULL))
		return fail(RC_FAIL, "signals: point: %s", strerror(errno));
	return RC_OK;
}

int watch_start(void)
{
	struct itimerval every = { .it_interval.tv_sec = 2, .it_value.tv_sec = 2 };

	watch_reset();
	if (setitimer(ITIMER_REAL, &every, NULL))
		return fail(RC_FAIL, "timer: point: %s", strerror(errno));
	return RC_OK;
}

void watch_reset(void)
{
	stale_ticks = 0;
	if (watch_stop == WATCH_STUCK)
		watch_stop = 0;
}

int watch_complain(const char *what)
{
	if (watch_stop == WATCH_STUCK)
		return fail(
			RC_FAIL,
			"no progress for 6 s: %s: the server stopped serving or a call was lost",
			what);
	return RC_FAIL; /* a signal has spoken for itself already */
}
