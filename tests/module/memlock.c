// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_access=pinned and RLIMIT_MEMLOCK, which root does not have. Would fail if: a
 * user's devices pinned more than the limit together, in one process or several;
 * rings over the limit were not served; or what was pinned stayed charged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define DEVICES 4
#define USER	65534

static struct guest g[DEVICES];
static struct tap t[DEVICES];

static long pinned_kib(void)
{
	char line[200];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmPin: %ld kB", &kib);
	if (f)
		fclose(f);
	return kib;
}

static unsigned int both_ways(unsigned int i)
{
	unsigned int good = 0;

	for (uint32_t k = 0; k < 5; k++) {
		good += tx_one(&g[i], t[i].far, k, 100);
		good += rx_one(&g[i], t[i].far, k, 100);
		sleep_ms(25);
	}
	return good;
}

/* Starts n devices. Returns the KiB that are pinned then; a ring of 1,024 is 32. */
static long devices(unsigned int first, unsigned int n, unsigned int *good)
{
	*good = 0;
	for (unsigned int i = first; i < first + n; i++) {
		guest_start(&g[i], F_V1, 1024);
		guest_backend(&g[i], t[i].fd);
		*good += both_ways(i);
	}
	return pinned_kib();
}

static void user(void)
{
	unsigned int good;
	pid_t child;
	int status;
	long kib;

	/* The saved ID stays root's, which has no effect until it is taken up again. */
	if (setresgid(USER, USER, 0) || setresuid(USER, USER, 0))
		tap_bail("setresuid: %s", strerror(errno));
	kib = devices(0, 2, &good);
	tap_ok(kib > 0 && kib <= 96, "2 devices with RLIMIT_MEMLOCK 96 KiB: %ld KiB pinned", kib);
	tap_is(good, 20, "and all frames arrive");
	/* What this process has pinned counts for the other one, too. */
	child = fork();
	if (!child) {
		long more = devices(2, 2, &good);

		_exit(kib + more > 96 ? 1 : good == 20 ? 0 : 2);
	}
	waitpid(child, &status, 0);
	tap_is(WEXITSTATUS(status), 0, "another process of the user pins no more than is left");
	for (unsigned int i = 0; i < 2; i++)
		guest_stop(&g[i]);
	tap_is(pinned_kib(), 0, "without devices nothing is pinned");
	/* The charge is returned: as much as before can be pinned again. */
	tap_is(devices(0, 2, &good), kib, "and as much can be pinned again");
	for (unsigned int i = 0; i < 2; i++)
		guest_stop(&g[i]);
	if (setresuid(0, 0, 0) || setresgid(0, 0, 0))
		tap_bail("setresuid: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct rlimit lim = { 96 << 10, 96 << 10 };
	unsigned int good;
	long kib;

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "only our module pins", "RLIMIT_MEMLOCK");
		return tap_done();
	}
	if (knob("ring_access", "pinned") || chmod(device, 0666))
		tap_bail("set up: %s", strerror(errno));
	for (unsigned int i = 0; i < DEVICES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vl%u", i);
		tap_new(&t[i], name, 12);
	}
	setrlimit(RLIMIT_MEMLOCK, &lim);
	kib = devices(0, DEVICES, &good);
	tap_ok(kib > 96, "CAP_IPC_LOCK is not limited: %ld KiB pinned", kib);
	stats_find();
	tap_is(stat_of("tx", "pins_over_limit"), 0, "nothing was refused");
	for (unsigned int i = 0; i < DEVICES; i++)
		guest_stop(&g[i]);
	user();
	tap_err(knob("ring_access", "uaccess"), 0, "ring_access=uaccess");
	return tap_done();
}
