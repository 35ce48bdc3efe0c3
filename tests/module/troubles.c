// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trouble that is no attack: frames that fit nowhere, a guest that rests,
 * a queue that never does, a tap queue that is detached, limits of the owner.
 * What happens is defined and counted, and service goes on when it can.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define PATIENCE 5000

static uint8_t frame[9000];

static int send_frame(struct tap *t, size_t len, uint32_t seq)
{
	frame_make(frame, len, seq);
	return far_send(t->far, frame, len);
}

/* The counter reaches a value, sooner or later. */
static bool counted(const char *queue, const char *name, long long least)
{
	for (int i = 0; i < PATIENCE / 10 && stat_of(queue, name) < least; i++)
		sleep_ms(10);
	return stat_of(queue, name) >= least;
}

/* Frames that fit no buffer there is: dropped, counted, the next one comes. */
static void too_long(uint64_t features, uint32_t buffer, const char *what)
{
	struct vring_used_elem e;
	struct guest g;
	struct tap t;

	guest_start(&g, features, 16);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	sh("ip link set dev vl0 mtu 9000");
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 16; i++) {
		desc_set(&g.q[RX], i, gpa_of(slot(i)), buffer, VRING_DESC_F_WRITE, 0);
		ring_publish(&g.q[RX], (uint16_t)i);
	}
	ring_kick(&g.q[RX]);
	for (uint32_t i = 0; i < 10; i++)
		send_frame(&t, 8000, i);
	send_frame(&t, 60, 99);
	tap_ok(ring_wait(&g.q[RX], PATIENCE) && ring_take(&g.q[RX], &e) && e.id == 0 &&
		       frame_check(g.mem + slot(0) + g.hdr_len, 60) == 99,
	       "%s: ten frames too long for the ring, then one that fits comes", what);
	if (is_ours()) {
		tap_is(stat_of("rx", "truncated"), 10, "%s: ten counted as truncated", what);
		tap_is(stat_of("rx", "dropped"), 10, "%s: and as dropped", what);
	}
	tap_is(ring_base(&g.q[RX]), 1, "%s: they cost no buffer", what);
	guest_stop(&g);
	tap_del(&t);
}

/* A guest that refills nothing for a while: frames wait, then all come. */
static void resting(void)
{
	unsigned int n = 0, order = 0;
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	long long woken;

	guest_start(&g, F_V1 | F_MRG | F_EVENT, 256);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 4; i++)
		rx_post(&g, i, SLOT_SIZE);
	for (uint32_t i = 0; i < 200; i++)
		send_frame(&t, 300, i);
	while (n < 4 && ring_wait(&g.q[RX], PATIENCE) && ring_take(&g.q[RX], &e))
		order += frame_check(g.mem + slot(e.id) + 12, 300) == n++;
	tap_is(order, 4, "a guest that rests: as many frames as it has buffers");
	if (is_ours())
		tap_ok(counted("rx", "no_buffers", 1), "a guest that rests: counted");
	woken = stat_of("rx", "wakeups");
	for (int i = 0; i < 50; i++) {
		send_frame(&t, 300, 200 + (uint32_t)i);
		sleep_ms(2);
	}
	woken = stat_of("rx", "wakeups") - woken;
	if (is_ours())
		tap_ok(woken <= 2, "a guest that rests: 50 frames more wake the worker %lld times",
		       woken);
	for (unsigned int i = 0; i < 246; i++)
		rx_post(&g, i, SLOT_SIZE);
	while (n < 250 && ring_wait(&g.q[RX], PATIENCE) && ring_take(&g.q[RX], &e))
		order += frame_check(g.mem + slot(e.id) + 12, 300) == n++;
	tap_is(order, 250, "it refills: all that waited come, in order");
	guest_stop(&g);
	tap_del(&t);
}

static int queue_flag(int fd, int flag)
{
	struct ifreq ifr = { .ifr_flags = (short)flag };

	return ioctl(fd, TUNSETQUEUE, &ifr) ? -errno : 0;
}

/* A queue of a multiqueue tap is detached under the device, and comes back. */
static void detached(void)
{
	struct vring_used_elem e;
	unsigned int back = 0;
	struct guest g;
	struct tap t;

	snprintf(t.name, sizeof(t.name), "vl0");
	t.fd = tap_fd(t.name, IFF_TAP | IFF_VNET_HDR | IFF_MULTI_QUEUE, 12);
	if_up(t.name);
	t.far = packet_socket(t.name, ETH_TEST, false);
	guest_start(&g, F_V1, 256);
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100) && rx_one(&g, t.far, 2, 100), "a multiqueue tap serves");
	tap_err(queue_flag(t.fd, IFF_DETACH_QUEUE), 0, "its queue is detached");
	for (unsigned int i = 0; i < 32; i++) {
		desc_set(&g.q[TX], i, gpa_of(slot(i)), 112, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
	}
	ring_kick(&g.q[TX]);
	while (back < 32 && ring_wait(&g.q[TX], 500) && ring_take(&g.q[TX], &e))
		back++;
	if (is_ours())
		tap_is(back, 32, "detached: buffers come back, frames are lost");
	tap_err(queue_flag(t.fd, IFF_ATTACH_QUEUE), 0, "its queue is attached again");
	/* A client that knows of it binds again. */
	ring_repair(&g.q[RX], t.fd);
	ring_repair(&g.q[TX], t.fd);
	while (far_recv(t.far, frame, sizeof(frame), 20) > 0)
		;
	tap_ok(tx_one(&g, t.far, 3, 100), "attached again: transmit");
	tap_ok(rx_one(&g, t.far, 4, 100), "attached again: receive");
	guest_stop(&g);
	tap_del(&t);
}

/* The interface's limit changes under the device. */
static void mtu(void)
{
	unsigned int good = 0;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 10; i++) {
		size_t most = i & 1 ? 4000 : 1400;

		sh("ip link set dev vl0 mtu %zu", most);
		good += tx_one(&g, t.far, i, most) && rx_one(&g, t.far, 100 + i, most);
	}
	tap_is(good, 10, "the mtu changes ten times: a full frame each way each time");
	guest_stop(&g);
	tap_del(&t);
}

/* Posts every transmit buffer again as soon as it is back, for ever. */
static void never_empty(struct guest *g)
{
	struct ring *q = &g->q[TX];

	for (unsigned int i = 0; i < q->num; i++) {
		memset(g->mem + slot(256 + i), 0, g->hdr_len);
		frame_make(g->mem + slot(256 + i) + g->hdr_len, 60, i);
		desc_set(q, i, gpa_of(slot(256 + i)), g->hdr_len + 60, 0, 0);
		q->avail->ring[i] = (uint16_t)i;
	}
	for (unsigned int i = 0;; i++) {
		__atomic_store_n(&q->avail->idx, (uint16_t)(used_idx(q) + q->num),
				 __ATOMIC_RELEASE);
		if (i % 1000 == 0)
			ring_kick(q);
	}
}

/* A transmit ring that is never empty: receive gets its turn all the same. */
static void endless(void)
{
	uint64_t worst = 0, start, took;
	struct vring_used_elem e;
	unsigned int n = 0;
	uint16_t before;
	struct guest g;
	struct tap t;
	pid_t pid;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	fflush(stdout);
	pid = fork();
	if (!pid)
		never_empty(&g);
	/* Only when it has begun is there anything to have turns with. */
	for (int i = 0; i < PATIENCE && !used_idx(&g.q[TX]); i++)
		sleep_ms(1);
	before = used_idx(&g.q[TX]);
	for (unsigned int i = 0; i < 200; i++) {
		start = now_ns();
		rx_post(&g, 0, SLOT_SIZE);
		send_frame(&t, 100, i);
		n += ring_wait(&g.q[RX], PATIENCE) && ring_take(&g.q[RX], &e);
		took = now_ns() - start;
		worst = took > worst ? took : worst;
		if (n != i + 1)
			break;
	}
	for (int i = 0; i < PATIENCE && used_idx(&g.q[TX]) == before; i++)
		sleep_ms(1);
	took = (uint16_t)(used_idx(&g.q[TX]) - before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tap_is(n, 200, "transmit never rests: receive is served, %llu ms at worst",
	       (unsigned long long)worst / 1000000);
	tap_ok(took > 0, "and transmit goes on");
	guest_stop(&g);
	tap_del(&t);
}

/* What makes that so: a run ends after a number of packets, and another follows. */
static void weight(void)
{
	struct vring_used_elem e;
	unsigned int back = 0;
	struct guest g;
	struct tap t;

	if (!is_ours()) {
		tap_skip(2, "the in-tree module has no knobs and no counters", "packet_weight");
		return;
	}
	knob("packet_weight", "16");
	guest_start(&g, F_V1, 256);
	knob("packet_weight", "256");
	stats_find();
	tap_new(&t, "vl0", 12);
	for (unsigned int i = 0; i < 256; i++) {
		desc_set(&g.q[TX], i, gpa_of(slot(i)), 112, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
	}
	guest_backend(&g, t.fd);
	while (back < 256 && ring_wait(&g.q[TX], PATIENCE) && ring_take(&g.q[TX], &e))
		back++;
	tap_is(back, 256, "packet_weight=16: a burst of 256 is sent");
	tap_ok(stat_of("tx", "requeues") >= 15, "packet_weight=16: in 16 runs or more");
	guest_stop(&g);
	tap_del(&t);
}

/* The owner may not have another process: a clear answer, nothing half made. */
static void limits(void)
{
	static const struct {
		int what;
		const char *name;
	} all[] = { { RLIMIT_NPROC, "no process more" }, { RLIMIT_MEMLOCK, "no locked memory" } };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int status, code;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			struct rlimit none = { 0, 0 };
			int fd = dev_open(), first, second;

			setrlimit(all[i].what, &none);
			/* Root has no such limits. */
			if (setgid(65534) || setuid(65534))
				_exit(255);
			first = dev_ioctl(fd, VHOST_SET_OWNER, NULL);
			second = dev_ioctl(fd, VHOST_SET_OWNER, NULL);
			/* Refused twice alike, or owned once. */
			_exit(first		 ? (second == first ? -first : 254)
			      : second == -EBUSY ? 0
						 : 253);
		}
		waitpid(pid, &status, 0);
		code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
		tap_ok(code == 0 || code == EAGAIN || code == ENOMEM || code == EPERM,
		       "%s: SET_OWNER is whole or refused (%s)", all[i].name,
		       code ? strerror(code) : "whole");
	}
}

/* From 6.4 in-tree, and where vhost_task can be had, a worker is a thread of its owner. */
static bool of_owner(int tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	return !access(path, F_OK);
}

/* Signals do not end a worker while its device is open. */
static void signals(void)
{
	static const int all[] = { SIGTERM, SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGCONT };
	int tid[16], after[16], n;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	n = serving_threads(tid, 16);
	if (n <= 0) {
		tap_skip(1, "no worker of this name", "signals to the worker");
	} else if (of_owner(tid[0])) {
		tap_skip(1, "the worker is a thread of its owner: its signals are the owner's",
			 "signals to the worker");
	} else {
		for (int i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
				kill(tid[i], all[k]);
		tap_ok(tx_one(&g, t.far, 1, 100) && rx_one(&g, t.far, 2, 100) &&
			       serving_threads(after, 16) == n &&
			       !memcmp(tid, after, (size_t)n * sizeof(*tid)),
		       "%d workers outlive every signal and serve", n);
	}
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	too_long(F_V1, 200, "not mergeable");
	too_long(F_V1 | F_MRG, 200, "mergeable, a ring too small");
	resting();
	detached();
	mtu();
	endless();
	weight();
	limits();
	signals();
	return tap_done();
}
