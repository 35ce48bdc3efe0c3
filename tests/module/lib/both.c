// SPDX-License-Identifier: GPL-2.0-only
/* One case put to both modules: see both.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "both.h"
#include "nic.h"
#include "tap.h"

#define INTREE "/dev/vhost-net"

/* Whether the in-tree answers in the tests are those of this kernel. */
static bool known_kernel(void)
{
	struct utsname u;

	return !uname(&u) && !strncmp(u.release, "6.1.", 4);
}

void both(void (*cases)(void))
{
	const char *tested = device;

	cases();
	if (!is_ours())
		return;
	if (!known_kernel()) {
		tap_skip(1, "the in-tree answers here are those of 6.1", "the same with " INTREE);
		return;
	}
	if (!modprobe("vhost_net") || access(INTREE, F_OK)) {
		tap_skip(1, "there is no in-tree module", "the same with " INTREE);
		return;
	}
	device = INTREE;
	tap_prefix("in-tree: ");
	cases();
	tap_prefix("");
	device = tested;
}

bool answer(int got, int ours, int intree, const char *why, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if ((ours == intree) != !why)
		tap_bail("%s: a reason belongs to answers that differ", what);
	if (is_ours())
		return tap_err(got, ours, "%s", what);
	return tap_err(got, intree, "%s%s%s", what, why ? ": differs: " : "", why ?: "");
}

uint8_t *hole(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || munmap(two + page, page))
		tap_bail("memory: %s", strerror(errno));
	return two + page;
}

bool ours_alone(const char *why, const char *what)
{
	if (is_ours())
		return true;
	tap_skip(1, why, what);
	return false;
}
