// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes with one address space: both are the owner. The one that called
 * VHOST_SET_OWNER ends, and where its worker is a thread of it that ends, too.
 * The other can still reset the device and use it again, and can close it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define KEPT 16u /* frames */

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

/* Runs @part in a process with the same memory, to its end. Returns its exit status. */
static int run(int (*part)(void *))
{
	const size_t size = 256 << 10;
	char *stack = malloc(size);
	int status = -1;
	pid_t pid;

	if (!stack)
		tap_bail("no memory");
	pid = clone(part, stack + size, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		tap_bail("clone: %s", strerror(errno));
	free(stack);
	return status;
}

static unsigned int back(unsigned int until)
{
	struct vring_used_elem e;
	unsigned int n = 0;

	while (n < until && ring_wait(&g.q[TX], 2000) && ring_take(&g.q[TX], &e))
		n++;
	return n;
}

/* The first owner of frames that are sent by reference, and kept. */
static int sender(void *unused)
{
	(void)unused;
	guest_start(&g, F_V1, 256);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < KEPT; i++) {
		memset(g.mem + slot(i), 0, g.hdr_len);
		frame_make(g.mem + slot(i) + g.hdr_len, 4000, i);
		desc_set(&g.q[TX], i, gpa_of(slot(i)), g.hdr_len + 4000u, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
	}
	ring_kick(&g.q[TX]);
	sleep_ms(300);
	_exit(0);
}

static void *let_go(void *unused)
{
	(void)unused;
	sleep_ms(1000);
	return (void *)(long)sh("tc qdisc change dev vl1 root plug release_indefinite");
}

/*
 * The stack still has frames when their owner is gone: the other detaches the
 * backend, which waits for them and gives the buffers back.
 */
static void frames_kept(void)
{
	pthread_t thread;
	uint64_t begin;

	if (knob("zerocopy", "1")) {
		tap_skip(3, "no parameter zerocopy", "frames by reference");
		return;
	}
	tap_new(&t, "vl0", 12);
	if (sh("ip link set dev vl0 mtu 9000 && ip link add name vl1 mtu 9000 type dummy && "
	       "ip link set dev vl1 up && tc qdisc add dev vl0 clsact && tc filter add dev vl0 "
	       "ingress matchall action mirred egress redirect dev vl1 && "
	       "tc qdisc add dev vl1 root plug limit 100000000"))
		tap_bail("a tap whose frames are kept: see above");
	tap_is(run(sender), 0, "a process with the same memory sends by reference, and ends");
	if (pthread_create(&thread, NULL, let_go, NULL))
		tap_bail("no thread");
	alarm(20);
	begin = now_ns();
	tap_err(ring_backend(&g.q[TX], -1), 0, "the other detaches the backend");
	alarm(0);
	tap_ok(back(KEPT) == KEPT && now_ns() - begin > 500000000,
	       "which waits for the frames, and all buffers come back");
	pthread_join(thread, NULL);
	close(g.fd);
	tap_del(&t);
	sh("ip link del vl1");
	knob("zerocopy", "0");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	tap_new(&t, "vl0", 12);
	tap_is(run(first), 0, "a process with the same memory starts the device, sends, and ends");
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
	alarm(0);
	tap_ok(true, "and the device can be closed");
	tap_del(&t);
	frames_kept();
	return tap_done();
}
