// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker=caller: a kick runs the queue before the task that kicked returns, what must
 * not be done there is left to the thread, and a task that does not return holds up
 * neither the queue nor the device's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NUM	 256u
#define FRAME	 60u
#define PATIENCE 10000 /* ms */

static struct guest g;
static struct tap t;
static uint8_t in[2048];

/* Waits until the thread sleeps, after the runs that it has for the backend's sake. */
static void settle(void)
{
	for (int i = 0; i < PATIENCE; i += 2) {
		if (stat_of("tx", "wakeups") > 0 && stat_of("rx", "wakeups") > 0 &&
		    thread_state(worker_tid()) == 'S')
			return;
		sleep_ms(2);
	}
	tap_bail("the thread does not sleep");
}

static void start(void)
{
	guest_start(&g, F_V1 | F_MRG, NUM);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	stats_find();
	settle();
}

static void stop(void)
{
	guest_stop(&g);
	tap_del(&t);
}

/* Frames with these numbers in the transmit ring of a guest, not yet kicked. */
static void publish(struct guest *to, uint32_t seq, unsigned int n)
{
	struct ring *q = &to->q[TX];

	for (unsigned int i = 0; i < n; i++) {
		uint16_t d = (uint16_t)((seq + i) % NUM);

		memset(to->mem + slot(d), 0, to->hdr_len);
		frame_make(to->mem + slot(d) + to->hdr_len, FRAME, seq + i);
		desc_set(q, d, gpa_of(slot(d)), to->hdr_len + FRAME, 0, 0);
		ring_publish(q, d);
	}
}

/* How many of n frames arrive, each within so many ms, with the right content and in order. */
static unsigned int arrive(uint32_t seq, unsigned int n, int ms)
{
	unsigned int got = 0;

	while (got < n) {
		long len = far_recv(t.far, in, sizeof(in), ms);

		if (len != (long)FRAME || frame_check(in, FRAME) != seq + got)
			break;
		got++;
	}
	return got;
}

static void at_once(void)
{
	unsigned int got = 0;
	long long runs, turns;

	start();
	runs = stat_of("tx", "wakeups");
	for (uint32_t i = 0; i < 100; i++) {
		publish(&g, i, 1);
		ring_kick(&g.q[TX]);
		got += arrive(i, 1, 0);
	}
	tap_is(got, 100, "a frame is sent when the write of its kick returns");
	tap_is(stat_of("tx", "turns"), 100, "by the task that kicked");
	tap_is(stat_of("tx", "wakeups"), runs + 100, "and the thread did not run");
	publish(&g, 0, 100);
	ring_kick(&g.q[TX]);
	tap_is(arrive(0, 100, 0), 100, "a burst of 100, too");
	rx_post(&g, 200, SLOT_SIZE);
	turns = stat_of("rx", "turns");
	frame_make(in, FRAME, 7);
	tap_ok(!far_send(t.far, in, FRAME) && ring_wait(&g.q[RX], PATIENCE) == 1,
	       "a frame of another task is received");
	tap_is(stat_of("rx", "turns"), turns, "by the thread");
	stop();
}

static void weight(void)
{
	knob("caller_weight", "4");
	start();
	knob("caller_weight", "128");
	publish(&g, 0, 64);
	ring_kick(&g.q[TX]);
	tap_is(arrive(0, 64, PATIENCE), 64, "caller_weight=4: a burst of 64 is sent");
	tap_ok(stat_of("tx", "turns") == 1 && stat_of("tx", "requeues") == 1,
	       "caller_weight=4: one turn, and the thread has the rest");
	stop();
}

static void other_process(void)
{
	long long turns;
	int status;
	pid_t pid;

	start();
	publish(&g, 0, 1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		ring_kick(&g.q[TX]);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	turns = stat_of("tx", "turns");
	tap_is(arrive(0, 1, PATIENCE), 1, "kicked by another process: the frame is sent");
	tap_is(turns, 0, "kicked by another process: by the thread");
	stop();
	knob("poll_us", "100");
	start();
	knob("poll_us", "0");
	publish(&g, 0, 1);
	ring_kick(&g.q[TX]);
	tap_is(arrive(0, 1, PATIENCE), 1, "a queue that is busy-polled: the frame is sent");
	tap_is(stat_of("tx", "turns"), 0, "a queue that is busy-polled: by the thread");
	stop();
}

/*
 * A kick by a system call that does not return before the eventfd is read: the second
 * number would make its count overflow.
 */
struct sleeper {
	int fd;
	atomic_int state; /* 0: not begun, 1: in the call, 2: has returned */
	pthread_t thread;
};

static void *kick_and_sleep(void *arg)
{
	struct sleeper *s = arg;
	uint64_t one = 1, most = UINT64_MAX - 1;
	struct iovec iov[2] = { { &one, sizeof(one) }, { &most, sizeof(most) } };

	s->state = 1;
	if (writev(s->fd, iov, 2) != sizeof(one) + sizeof(most))
		tap_note("writev: %s", strerror(errno));
	s->state = 2;
	return NULL;
}

static void sleeper_start(struct sleeper *s, int fd)
{
	s->fd = fd;
	s->state = 0;
	if (fcntl(fd, F_SETFL, 0) || pthread_create(&s->thread, NULL, kick_and_sleep, s))
		tap_bail("thread: %s", strerror(errno));
	while (!s->state)
		sleep_ms(1);
}

/* Reads the eventfd, as often as others fill it, until that call has returned. */
static void sleeper_stop(struct sleeper *s)
{
	while (pthread_tryjoin_np(s->thread, NULL)) {
		event_clear(s->fd);
		sleep_ms(1);
	}
}

static void asleep(void)
{
	int before = module_references(), fd;
	struct sleeper first, second;
	long long turns;

	start();
	publish(&g, 0, 1);
	sleeper_start(&first, g.q[TX].kick);
	tap_is(arrive(0, 1, PATIENCE), 1, "the task that kicked sleeps: the frame is sent");
	tap_is(first.state, 1, "the task that kicked sleeps: it still does");
	tap_is(stat_of("tx", "turns"), 0, "the task that kicked sleeps: by the thread");
	publish(&g, 1, 1);
	sleeper_start(&second, g.q[TX].kick);
	tap_is(arrive(1, 1, PATIENCE), 1, "another task kicks meanwhile: the frame is sent");
	tap_is(stat_of("tx", "turns"), 0, "another task kicks meanwhile: by the thread");
	sleeper_stop(&first);
	sleeper_stop(&second);
	event_clear(g.q[TX].kick);
	settle();
	turns = stat_of("tx", "turns");
	publish(&g, 2, 1);
	ring_kick(&g.q[TX]);
	tap_is(arrive(2, 1, 0), 1, "both have returned: the next kick makes a turn again");
	tap_is(stat_of("tx", "turns"), turns + 1, "both have returned: by the task that kicked");

	/* The device ends while a task still has its task work. */
	fd = dup(g.q[TX].kick);
	event_clear(fd);
	publish(&g, 3, 1);
	sleeper_start(&first, fd);
	tap_is(arrive(3, 1, PATIENCE), 1, "a task sleeps again: the frame is sent");
	stop();
	tap_is(first.state, 1, "the device ends: the task still sleeps");
	tap_is(module_references(), before + 1, "the device ends: that task holds the module");
	sleeper_stop(&first);
	tap_ok(module_references_are(before), "it has returned: nothing holds the module");
	close(fd);
}

static atomic_bool over;

static atomic_bool returned;

static void *kick_once(void *arg)
{
	ring_kick(&((struct guest *)arg)->q[TX]);
	returned = true;
	return NULL;
}

/* A head outside the table: every run from now on fails, and says so by the error eventfd. */
static void spoil(struct guest *of)
{
	ring_publish(&of->q[TX], NUM);
}

/*
 * Two devices, each of whose error eventfds is the other's kick, with rings that are
 * broken: a turn of one kicks the other, without end. The task that kicked must still
 * return from its system call, or it could not be killed; the threads kick on.
 */
static void each_other(void)
{
	static struct guest h;
	pthread_t thread;
	struct tap u;

	start();
	guest_start(&h, F_V1 | F_MRG, NUM);
	tap_new(&u, "vl1", h.hdr_len);
	guest_backend(&h, u.fd);
	stats_find();
	settle();
	spoil(&g);
	spoil(&h);
	if (ring_fd(&g.q[TX], VHOST_SET_VRING_ERR, h.q[TX].kick) ||
	    ring_fd(&h.q[TX], VHOST_SET_VRING_ERR, g.q[TX].kick))
		tap_bail("error eventfds");
	returned = false;
	if (pthread_create(&thread, NULL, kick_once, &g))
		tap_bail("thread");
	for (int i = 0; i < PATIENCE && !returned; i += 10)
		sleep_ms(10);
	tap_ok(returned, "two devices kick each other without end: the task returns");
	tap_is(stat_of("tx", "turns"), 0,
	       "two devices kick each other without end: after one turn");
	guest_stop(&h);
	tap_del(&u);
	stop();
	pthread_join(thread, NULL);
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len / 2; i++)
		sum += p[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* An echo request of the guest to this machine. */
static size_t echo_make(uint8_t *p)
{
	struct ethhdr *eth = (void *)p;
	struct iphdr *ip = (void *)(eth + 1);
	struct icmphdr *icmp = (void *)(ip + 1);

	memset(p, 0, 98);
	memcpy(eth->h_dest, "\x02\0\0\0\0\x01", ETH_ALEN);
	memcpy(eth->h_source, "\x02\0\0\0\0\x02", ETH_ALEN);
	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){ .ihl = 5,
			      .version = 4,
			      .tot_len = htons(84),
			      .ttl = 64,
			      .protocol = IPPROTO_ICMP,
			      .saddr = htonl(0x0a630002),
			      .daddr = htonl(0x0a630001) };
	ip->check = checksum(ip, sizeof(*ip));
	icmp->type = ICMP_ECHO;
	icmp->checksum = checksum(icmp, 64);
	return 98;
}

static void answers(void)
{
	struct ring *q = &g.q[TX];
	struct vring_used_elem e;
	unsigned int got = 0;
	long long turns;
	size_t len;

	start();
	if (sh("ip link set vl0 address 02:00:00:00:00:01") ||
	    sh("ip addr add 10.99.0.1/24 dev vl0") ||
	    sh("ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev vl0"))
		tap_bail("addresses");
	for (unsigned int i = 100; i < 160; i++)
		rx_post(&g, i, SLOT_SIZE);
	memset(g.mem + slot(0), 0, g.hdr_len);
	len = echo_make(g.mem + slot(0) + g.hdr_len);
	desc_set(q, 0, gpa_of(slot(0)), (uint32_t)(g.hdr_len + len), 0, 0);
	for (int i = 0; i < 50; i++) {
		ring_publish(q, 0);
		ring_kick(q);
		if (ring_take(&g.q[RX], &e) && g.mem[slot(e.id) + g.hdr_len + 34] == ICMP_ECHOREPLY)
			got++;
	}
	tap_is(got, 50, "answers of this machine are there when the write of the kick returns");
	tap_ok(stat_of("rx", "turns") >= 50, "in the same turn");
	if (ring_state(&g.q[RX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 100))
		tap_bail("VHOST_SET_VRING_BUSYLOOP_TIMEOUT");
	settle();
	turns = stat_of("rx", "turns");
	ring_publish(q, 0);
	ring_kick(q);
	tap_ok(ring_wait(&g.q[RX], PATIENCE) > 0,
	       "the receive queue is busy-polled: an answer comes");
	tap_is(stat_of("rx", "turns"), turns, "by the thread");
	stop();
}

static atomic_int kick_fd;

/* A task with a signal pending leaves its turn to the thread. */
static void nothing(__attribute__((unused)) int signal)
{
}

static void *kicker(__attribute__((unused)) void *arg)
{
	uint64_t one = 1;

	while (!over) {
		int fd = kick_fd;

		/* It may be closed, or another one, at any time. */
		if (fd < 0 || write(fd, &one, sizeof(one)) < 0)
			sleep_ms(1);
	}
	return NULL;
}

/* Kicks of two tasks while queue, backend and device come and go. */
static void storm(void)
{
	pthread_t threads[2];
	int before = module_references(), times = rounds ? (int)rounds : 20;
	unsigned int got;

	over = false;
	kick_fd = -1;
	signal(SIGUSR1, nothing);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, kicker, NULL))
			tap_bail("thread");
	for (int i = 0; i < times; i++) {
		start();
		publish(&g, 0, NUM / 2);
		kick_fd = dup(g.q[TX].kick);
		for (int j = 0; j < 5; j++) {
			if (ring_backend(&g.q[TX], -1) || ring_backend(&g.q[TX], t.fd))
				tap_bail("SET_BACKEND");
			event_clear(g.q[TX].kick);
			pthread_kill(threads[j % 2], SIGUSR1);
		}
		got = arrive(0, NUM / 2, PATIENCE);
		if (got != NUM / 2 || i == times - 1)
			tap_is(got, NUM / 2,
			       "kicks of two tasks, round %d: all frames are sent once", i);
		if (i % 2 && dev_ioctl(g.fd, VHOST_RESET_OWNER, NULL))
			tap_bail("RESET_OWNER");
		pthread_kill(threads[i % 2], SIGUSR1);
		stop();
		close(atomic_exchange(&kick_fd, -1));
	}
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	tap_ok(module_references_are(before), "kicks of two tasks: nothing holds the module");
}

/* Keeps the transmit ring full, without kicks. */
static void *publisher(void *arg)
{
	struct guest *to = arg;
	struct ring *q = &to->q[TX];
	struct vring_used_elem e;

	while (!over) {
		while (ring_take(q, &e))
			ring_publish(q, (uint16_t)e.id);
	}
	return NULL;
}

/* An owner is killed while its threads kick, and one sleeps after its kick. */
static void killed(void)
{
	int before = module_references(), times = rounds ? (int)rounds : 20;

	for (int i = 0; i < times; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			pthread_t threads[2];
			struct sleeper s;

			net_private();
			start();
			publish(&g, 0, NUM / 2);
			kick_fd = g.q[TX].kick;
			over = false;
			for (int j = 0; j < 2; j++)
				pthread_create(&threads[j], NULL, kicker, NULL);
			if (i % 2)
				sleeper_start(&s, g.q[TX].kick);
			publisher(&g);
			_exit(0);
		}
		sleep_ms(20 + i * 7 % 40);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	tap_ok(module_references_are(before),
	       "owners are killed in turns: nothing holds the module");
}

int main(int argc, char **argv)
{
	int err;

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has one threading model", "worker=caller");
		return tap_done();
	}
	err = knob("worker", "caller");
	if (err == -EOPNOTSUPP) {
		tap_skip(1, "this kernel does not export task_work_add()", "worker=caller");
		return tap_done();
	}
	tap_err(err, 0, "worker=caller");
	kmsg_mark();
	at_once();
	weight();
	other_process();
	asleep();
	each_other();
	answers();
	storm();
	killed();
	knob("worker", "device");
	tap_is(kmsg_lines(), 0, "nothing in the kernel log");
	return tap_done();
}
