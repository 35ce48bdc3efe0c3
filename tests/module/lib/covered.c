// SPDX-License-Identifier: GPL-2.0-only
/* Coverage of each thread of a test program: see covered.h. */
#include <linux/kcov.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "covered.h"

static int first = -1, last;

/* An area becomes free when its thread ends. */
static void area_take(void)
{
	for (int fd = first; fd >= 0 && fd <= last; fd++)
		if (!ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
			return;
}

static void __attribute__((constructor)) covered_begin(void)
{
	const char *fds = getenv(COVERED);

	if (fds && sscanf(fds, "%d %d", &first, &last) == 2)
		area_take();
}

struct body {
	void *(*fn)(void *arg);
	void *arg;
};

static void *covered_body(void *arg)
{
	struct body b = *(struct body *)arg;

	free(arg);
	area_take();
	return b.fn(b.arg);
}

/* In place of pthread_create() and fork(): the Makefile has the linker do so. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
			  void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
			  void *arg)
{
	struct body *b = first < 0 ? NULL : malloc(sizeof(*b));

	if (!b)
		return __real_pthread_create(thread, attr, fn, arg);
	*b = (struct body){ fn, arg };
	return __real_pthread_create(thread, attr, covered_body, b);
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (!pid)
		area_take();
	return pid;
}
