// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes with one address space: both are the owner. The one that called
 * VHOST_SET_OWNER ends, and where its worker is a thread of it that ends, too.
 * The other can still reset the device and use it again, and can close it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

static struct guest g;
static struct tap t;

/* The first owner: starts all, sees a frame through, and ends. */
static int first(void *unused)
{
	(void)unused;
	guest_start(&g, F_V1, 256);
	guest_backend(&g, t.fd);
	_exit(tx_one(&g, t.far, 1, 100) ? 0 : 1);
}

/* Again from the beginning, by the one that is left. */
static int start_again(void)
{
	uint64_t features = F_V1;
	int err = dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);

	err = err ?: dev_ioctl(g.fd, VHOST_SET_FEATURES, &features);
	err = err ?: guest_mem_table(&g, g.mem);
	for (unsigned int i = 0; i < 2 && !err; i++) {
		struct ring *q = &g.q[i];

		err = ring_state(q, VHOST_SET_VRING_NUM, q->num);
		err = err ?: ring_begin(q, 0);
		err = err ?: ring_addr(q, g.mem, 0, 0);
		err = err ?: ring_fd(q, VHOST_SET_VRING_KICK, q->kick);
		err = err ?: ring_fd(q, VHOST_SET_VRING_CALL, q->call);
		err = err ?: ring_backend(q, t.fd);
	}
	return err;
}

int main(int argc, char **argv)
{
	const size_t size = 256 << 10;
	char *stack = malloc(size);
	int status = -1;
	pid_t pid;

	guest_args(argc, argv);
	net_private();
	tap_new(&t, "vl0", 12);
	if (!stack)
		tap_bail("no memory");
	pid = clone(first, stack + size, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		tap_bail("clone: %s", strerror(errno));
	tap_is(status, 0, "a process with the same memory starts the device, sends, and ends");
	/* Whether there is a worker still or not: work is queued. */
	ring_kick(&g.q[TX]);
	ring_kick(&g.q[RX]);
	sleep_ms(100);
	tap_err(dev_ioctl(g.fd, VHOST_RESET_OWNER, NULL), 0, "the other resets the device");
	tap_err(start_again(), 0, "and starts it again");
	tap_ok(tx_one(&g, t.far, 2, 100), "a frame goes out");
	tap_ok(rx_one(&g, t.far, 3, 100), "and one comes in");
	alarm(20);
	close(g.fd);
	tap_ok(true, "and the device can be closed");
	return tap_done();
}
