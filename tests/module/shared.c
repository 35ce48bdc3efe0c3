// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker=shared: threads that serve all devices. None of those can starve
 * another, by a full ring or by busy polling; an idle thread sleeps,
 * and it yields the processor to any task that needs it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define PATIENCE 5000 /* ms */
#define MANY	 16 /* devices: more than threads */
#define WEIGHT	 16 /* packets per turn */

/* All of the pool's threads and this process on one processor. */
static void pin_together(void)
{
	workers_pin(0);
	task_pin(0, 0);
}

/*
 * Devices until two share a thread: the first and the last one. Their number;
 * g[0] and g[1] are those two. The taps of the others are not needed.
 */
static unsigned int start(struct guest *g, struct tap *t, unsigned int ring)
{
	int tid[MANY];
	unsigned int n;

	guest_start(&g[0], F_V1, ring);
	n = (unsigned int)serving_threads(tid, MANY);
	tap_ok(n > 0 && n < MANY, "worker=shared: %u threads", n);
	for (unsigned int i = 1; i < n; i++)
		guest_start(&g[1 + i], F_V1, ring);
	guest_start(&g[1], F_V1, ring);
	for (unsigned int i = 0; i < 2; i++) {
		char name[8];

		snprintf(name, sizeof(name), "vl%u", i);
		tap_new(&t[i], name, 12);
	}
	return n + 1;
}

static void stop(struct guest *g, struct tap *t, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		guest_stop(&g[i]);
	for (unsigned int i = 0; i < 2; i++)
		tap_del(&t[i]);
}

static int ascending(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* Hears what all interfaces receive, in order. */
static int ear(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_TEST)), room = 16 << 20;
	struct timeval patience = { .tv_sec = PATIENCE / 1000 };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		tap_bail("packet socket: %s", strerror(errno));
	return fd;
}

/* Posts n frames from one buffer; not kicked. */
static void post(struct guest *g, unsigned int n)
{
	memset(g->mem + slot(0), 0, 12);
	frame_make(g->mem + slot(0) + 12, 60, 1);
	for (unsigned int i = 0; i < n; i++) {
		desc_set(&g->q[TX], i, gpa_of(slot(0)), 72, 0, 0);
		ring_publish(&g->q[TX], (uint16_t)i);
	}
}

/* A full ring of one device, one frame of another, and one thread for both. */
static void crowded(void)
{
	unsigned int n, before = 0, ifindex;
	struct sockaddr_ll from = {};
	struct guest g[MANY];
	struct tap t[2];
	char weight[16];
	int fd;

	snprintf(weight, sizeof(weight), "%d", WEIGHT);
	knob("packet_weight", weight);
	n = start(g, t, RING_MAX);
	knob("packet_weight", "256");
	/* One eventfd for both, so that both are queued before the thread, on this CPU, runs. */
	for (unsigned int i = 0; i < 2; i++) {
		if (ring_fd(&g[i].q[TX], VHOST_SET_VRING_KICK, g[0].q[TX].kick))
			tap_bail("SET_VRING_KICK: one eventfd for two queues");
		guest_backend(&g[i], t[i].fd);
	}
	pin_together();
	fd = ear();
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int most = 0, all = 0;

		/* Each in turn has the full ring: which is first on the list is not defined. */
		sleep_ms(50);
		ifindex = if_nametoindex(t[!i].name);
		post(&g[i], RING_MAX);
		post(&g[!i], 1);
		ring_kick(&g[0].q[TX]);
		for (; all < RING_MAX + 1; all++) {
			socklen_t len = sizeof(from);
			uint8_t frame[64];

			if (recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &len) <
			    0)
				break;
			if ((unsigned int)from.sll_ifindex == ifindex)
				most = all;
		}
		tap_is(all, RING_MAX + 1, "a full ring and one frame of another device: all sent");
		before = most > before ? most : before;
		for (unsigned int k = 0; k < 2; k++)
			g[k].q[TX].used_seen = used_idx(&g[k].q[TX]);
	}
	close(fd);
	task_pin(0, -1);
	tap_ok(before <= 2 * WEIGHT, "the one frame goes out behind %u of %u, %d per turn", before,
	       RING_MAX, WEIGHT);
	stop(g, t, n);
}

/*
 * One device polls for a second; the other one's work stands behind it on the
 * list. The task that waits for the call is run at once when it comes: how long a
 * scheduler lets a thread that polls go on is not the question. An answer that
 * waits for the poll to end takes a second, or until another task has
 * something to do on this CPU: some 400 ms, against 0.2.
 */
static void polling(void)
{
	struct sched_param param = { .sched_priority = 1 };
	struct guest g[MANY];
	struct tap t[2];
	unsigned int n = start(g, t, 256);

	for (unsigned int i = 0; i < 2; i++) {
		if (ring_fd(&g[i].q[TX], VHOST_SET_VRING_KICK, g[0].q[TX].kick))
			tap_bail("SET_VRING_KICK: one eventfd for two queues");
		guest_backend(&g[i], t[i].fd);
	}
	pin_together();
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		tap_bail("SCHED_FIFO: %s", strerror(errno));
	for (unsigned int i = 0; i < 2; i++) {
		struct ring *q = &g[!i].q[TX];
		long long took[21];

		/* Each in turn is the one that polls: which is first on the list is not defined. */
		ring_state(&g[i].q[TX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 1000000);
		ring_state(q, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 0);
		for (unsigned int k = 0; k < 21; k++) {
			uint64_t begin;

			event_clear(q->call);
			begin = now_ns();
			post(&g[!i], 1);
			ring_kick(&g[0].q[TX]);
			event_wait(q->call, PATIENCE);
			took[k] = (long long)(now_ns() - begin);
			q->used_seen = used_idx(q);
			/* The thread polls on; something else is to do on this CPU now and then. */
			sleep_ms(5);
		}
		qsort(took, 21, sizeof(took[0]), ascending);
		tap_ok(took[10] < 50000000,
		       "a device that polls for a second: the other one is served after %lld us",
		       took[10] / 1000);
	}
	param.sched_priority = 0;
	sched_setscheduler(0, SCHED_OTHER, &param);
	task_pin(0, -1);
	stop(g, t, n);
}

/* Nothing to do: the threads poll for as long as they are set to, and sleep. */
static void idle(void)
{
	struct guest g[MANY];
	struct tap t[2];
	long long cpu;
	unsigned int n = start(g, t, 256);

	guest_backend(&g[0], t[0].fd);
	tx_one(&g[0], t[0].far, 1, 60);
	sleep_ms(100);
	cpu = worker_cpu_over(500, 50);
	tap_ok(worker_cpu_ns() > 0 && cpu < 10000000, "idle threads sleep: %lld us in 500 ms",
	       cpu / 1000);
	stop(g, t, n);
}

/*
 * A thread that would look on for a second shares its processor with a guest
 * that has no claim to run at once: it runs when its call has come, not at the
 * next tick that counts.
 */
static void yielding(void)
{
	struct sched_param param = {};
	struct guest g[MANY];
	struct tap t[2];
	long long took[50];
	unsigned int n, done = 0;

	knob("shared_poll_us", "1000000");
	n = start(g, t, 256);
	knob("shared_poll_us", "50");
	guest_backend(&g[0], t[0].fd);
	pin_together();
	if (sched_setscheduler(0, SCHED_BATCH, &param))
		tap_bail("SCHED_BATCH: %s", strerror(errno));
	memset(g[0].mem + slot(0), 0, 12);
	frame_make(g[0].mem + slot(0) + 12, 60, 1);
	for (; done < 50; done++) {
		struct ring *q = &g[0].q[TX];
		uint64_t begin = now_ns();

		desc_set(q, 0, gpa_of(slot(0)), 72, 0, 0);
		event_clear(q->call);
		ring_publish(q, 0);
		ring_kick(q);
		if (!event_wait(q->call, PATIENCE))
			break;
		took[done] = (long long)(now_ns() - begin);
		q->used_seen = used_idx(q);
	}
	sched_setscheduler(0, SCHED_OTHER, &param);
	task_pin(0, -1);
	qsort(took, done, sizeof(took[0]), ascending);
	tap_ok(done == 50 && took[25] < 2000000,
	       "a thread that polls gives way: a frame takes %lld us, its call included",
	       done ? took[done / 2] / 1000 : -1);
	stop(g, t, n);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has no such threads", "worker=shared");
		return tap_done();
	}
	knob("worker", "shared");
	crowded();
	polling();
	idle();
	yielding();
	knob("worker", "device");
	return tap_done();
}
