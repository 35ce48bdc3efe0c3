// SPDX-License-Identifier: GPL-2.0-only
/*
 * lend: opens all queues of a tap, and a vhost device as many times, and becomes
 * the command, which finds them at fixed numbers: taps from LEND_TAP, devices
 * from LEND_VHOST on. So a virtual machine monitor needs no right to open them
 * itself, and any device that speaks the vhost interface can be handed to it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/common.h"
#include "lib/tasks.h"

#define LEND_TAP   100
#define LEND_VHOST 120
#define MAX_QUEUES 8

/* Moves @fd to @number, where it survives exec. */
static int place(int fd, int number)
{
	if (dup2(fd, number) < 0)
		return fail(RC_FAIL, "lend: descriptor %d: %s", number, strerror(errno));
	close(fd);
	return RC_OK;
}

static int lend_tap(const char *name, unsigned int queues)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (queues > 1)
		request.ifr_flags |= IFF_MULTI_QUEUE;
	for (unsigned int q = 0; q < queues; q++) {
		int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

		if (fd < 0)
			return fail(RC_CANNOT, "lend: /dev/net/tun: %s", strerror(errno));
		if (ioctl(fd, TUNSETIFF, &request))
			return fail(RC_FAIL, "lend: tap %s: %s", name, strerror(errno));
		rc = place(fd, LEND_TAP + q);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static int lend_vhost(const char *device, unsigned int queues)
{
	for (unsigned int q = 0; q < queues; q++) {
		int fd = open(device, O_RDWR | O_CLOEXEC), rc;

		if (fd < 0)
			return fail(RC_CANNOT, "lend: %s: %s: is its module loaded?", device,
				    strerror(errno));
		rc = place(fd, LEND_VHOST + q);
		if (rc)
			return rc;
	}
	return RC_OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "tap", required_argument, NULL, 't' },
		{ "queues", required_argument, NULL, 'q' },
		{ "vhost", required_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *tap = NULL, *vhost = NULL, *list = getenv("VHOSTLAB_CPUS");
	struct cpus cpus;
	pid_t parent = getppid();
	long queues = 1;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 't')
			tap = optarg;
		else if (opt == 'q')
			queues = atol(optarg);
		else if (opt == 'v')
			vhost = optarg;
		else
			tap = NULL, optind = argc;
	}
	if (optind >= argc || queues < 1 || queues > MAX_QUEUES)
		return fail(RC_USAGE,
			    "lend: wrong use: lend [--tap NAME] [--queues 1..%d] [--vhost DEVICE] "
			    "COMMAND...",
			    MAX_QUEUES);
	/* Our parent may be killed without a chance to end the command. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return fail(RC_FAIL, "lend: %s: its parent has ended", argv[optind]);
	/* The guest's memory comes from where its processor is. */
	if (list && *list) {
		rc = cpus_parse(&cpus, "VHOSTLAB_CPUS", list);
		if (rc)
			return rc;
		memory_near(cpu_node(cpus_of(&cpus, CPU_GUEST)));
	}
	rc = tap ? lend_tap(tap, queues) : RC_OK;
	if (!rc && vhost)
		rc = lend_vhost(vhost, queues);
	if (rc)
		return rc;
	execvp(argv[optind], argv + optind);
	return fail(RC_CANNOT, "lend: %s: %s: run ./run.sh setup", argv[optind], strerror(errno));
}
