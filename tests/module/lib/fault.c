// SPDX-License-Identifier: GPL-2.0-only
/* Faults on demand: see fault.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "nic.h"
#include "tap.h"

#define DEBUGFS "/sys/kernel/debug/"

unsigned long faults;

static struct fault self;
static int space_pages = -1, space_bytes = -1, make_it_fail = -1;

static const struct {
	const char *file, *during, *after;
} settings[] = {
	/* Without a trace of the stack for each fault. */
	{ "failslab/verbose", "0", "2" },
	{ "fail_page_alloc/verbose", "0", "2" },
	{ "fail_usercopy/verbose", "0", "2" },
	/* Any allocation, not only those that may not sleep, or of more than a page. */
	{ "failslab/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N", "Y" },
	{ "fail_page_alloc/min-order", "0", "1" },
	/* memory_ends(): tasks that are to fail, always, as soon as the space is used up. */
	{ "failslab/times", "1000000000", "1" },
	{ "fail_page_alloc/times", "1000000000", "1" },
	{ "failslab/task-filter", "Y", "N" },
	{ "fail_page_alloc/task-filter", "Y", "N" },
	{ "failslab/probability", "100", "0" },
	{ "fail_page_alloc/probability", "100", "0" },
};

#define SETTINGS (sizeof(settings) / sizeof(*settings))

static void faults_end(int status, void *arg)
{
	char path[80];

	(void)status;
	(void)arg;
	/* The last ones first: no task fails when there is no filter. */
	for (size_t i = SETTINGS; i-- > 0;) {
		snprintf(path, sizeof(path), DEBUGFS "%s", settings[i].file);
		file_put(path, settings[i].after);
	}
}

static int file_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("open %s: %s", path, strerror(errno));
	return fd;
}

bool faults_begin(void)
{
	char path[80];

	if (access("/proc/self/fail-nth", W_OK))
		return false;
	for (size_t i = 0; i < SETTINGS; i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", settings[i].file);
		if (access(path, W_OK))
			return false;
	}
	if (on_exit(faults_end, NULL))
		tap_bail("on_exit");
	for (size_t i = 0; i < SETTINGS; i++) {
		int err;

		snprintf(path, sizeof(path), DEBUGFS "%s", settings[i].file);
		err = file_put(path, settings[i].during);
		if (err)
			tap_bail("%s: %s", path, strerror(-err));
	}
	space_pages = file_open(DEBUGFS "fail_page_alloc/space", O_WRONLY);
	space_bytes = file_open(DEBUGFS "failslab/space", O_WRONLY);
	fault_open(&self, 0);
	make_it_fail = file_open("/proc/thread-self/make-it-fail", O_WRONLY);
	return true;
}

void fault_open(struct fault *f, int tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", tid, tid);
	f->own = !tid;
	f->fd = file_open(tid ? path : "/proc/thread-self/fail-nth", O_RDWR);
}

void fault_close(struct fault *f)
{
	close(f->fd);
}

void fault_arm(const struct fault *f, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(f->fd, text, (size_t)len, 0) != len)
		tap_bail("fail-nth: %s", strerror(errno));
}

unsigned int fault_left(const struct fault *f)
{
	char text[16] = "";
	unsigned int left = 1;
	ssize_t n = pread(f->fd, text, sizeof(text) - 1, 0);

	/* Where one was left the caller's read, which copies the answer, has met it. */
	if (n > 0)
		left = (unsigned int)strtoul(text, NULL, 10);
	else if (!f->own || errno != EFAULT)
		tap_bail("fail-nth: %s", strerror(errno));
	/* The read was one, and so is this. */
	while (left && pwrite(f->fd, "0", 1, 0) != 1)
		if (errno != EFAULT)
			tap_bail("fail-nth: %s", strerror(errno));
	return left;
}

static void put_number(int fd, long n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld", n < 0 ? 1L << 30 : n);

	/* Files of debugfs have no position. */
	if (write(fd, text, (size_t)len) != len)
		tap_bail("space: %s", strerror(errno));
}

/*
 * For the caller there are so many pages, or so many bytes of the slab allocator, and no more; a
 * negative number: as many as it likes. Page faults count, so its memory must be there and locked.
 */
static void memory_ends(long pages, long bytes)
{
	put_number(space_pages, pages);
	put_number(space_bytes, bytes);
	if (pwrite(make_it_fail, "1", 1, 0) != 1)
		tap_bail("make-it-fail: %s", strerror(errno));
}

static void memory_goes_on(void)
{
	if (pwrite(make_it_fail, "0", 1, 0) != 1)
		tap_bail("make-it-fail: %s", strerror(errno));
}

/* What says that memory is short, or was not there. */
static bool understood(int err)
{
	return err == -ENOMEM || err == -EFAULT || err == -ENOBUFS;
}

/* How a call went, with all faults. */
struct outcome {
	unsigned int faults, survived, odd, changed, stuck;
	int last; /* the odd errno */
};

/* One try, of which the result is known. */
static void judge(const struct call *c, int err, struct outcome *o)
{
	o->faults++;
	faults++;
	if (!err) {
		o->survived++;
		if (c->done && !c->done())
			o->changed++;
		if (c->undo)
			c->undo();
		return;
	}
	if (!understood(err) && err != c->also) {
		o->odd++;
		o->last = err;
	}
	if (c->as_before && !c->as_before())
		o->changed++;
	if (c->make())
		o->stuck++;
	else if (c->undo)
		c->undo();
}

static void verdict(const struct call *c, const struct outcome *o, const char *how)
{
	bool good = !o->odd && !o->changed && !o->stuck;

	tap_ok(good, "%s: %s", c->name, how);
	if (!good)
		tap_note("%u of %u with another errno (%d), %u left the device changed, %u did not "
			 "succeed without the fault",
			 o->odd, o->faults, o->last, o->changed, o->stuck);
	tap_note("%u faults, %u of them without an effect on the result", o->faults, o->survived);
}

/* The call with a fault in each place, and at the end without one: it is in effect then. */
void fault_each(const struct call *c)
{
	struct outcome o = { 0 };
	unsigned int nth;
	int err;

	for (nth = 1;; nth++) {
		fault_arm(&self, nth);
		err = c->make();
		if (fault_left(&self))
			break;
		judge(c, err, &o);
	}
	verdict(c, &o, "each allocation and copy fails once");
	if (err)
		tap_bail("%s: %s", c->name, strerror(-err));
}

/*
 * The same where memory comes to an end, so that there is nothing to fall back to either: after so
 * many pages, then after so many bytes of the slab allocator.
 */
void fault_memory(const struct call *c)
{
	struct outcome o = { 0 };

	/* A page fault of this program must not be what fails. */
	if (mlockall(MCL_CURRENT))
		tap_bail("mlockall: %s", strerror(errno));
	for (int slab = 0; slab < 2; slab++) {
		long step = slab ? 512 : 1;
		int err = -1;

		for (long n = 0; err && n < 400; n++) {
			memory_ends(slab ? -1 : n * step, slab ? n * step : -1);
			err = c->make();
			memory_goes_on();
			if (err)
				judge(c, err, &o);
			else if (c->undo)
				c->undo();
		}
		if (err)
			o.stuck++;
	}
	munlockall();
	verdict(c, &o, "memory ends at each point");
}
