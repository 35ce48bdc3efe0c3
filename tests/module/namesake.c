// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames are delivered in the name of the descriptor's own interface, whatever that is
 * called and wherever it is: the name that a descriptor tells may mean another one.
 * Would fail if: the name alone were trusted. A frame would arrive at the namesake, the
 * first one after the backend was set already.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define SOME 12u /* frames */

static uint8_t buf[SLOT_SIZE];
static int here, there; /* two namespaces */

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		tap_bail("setns: %s", strerror(errno));
}

static unsigned int send_some(struct guest *g, int far)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < SOME; i++)
		n += tx_one(g, far, i, 60 + i * 100);
	return n;
}

/* The tap is in another namespace, and another tap has its name here. */
static void namesake(bool before)
{
	const char *when = before ? "moved before" : "moved after";
	struct guest g;
	int other, wrong;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	if (!before) {
		guest_backend(&g, t.fd);
		send_some(&g, t.far);
	}
	if (sh("ip link set vl0 netns /proc/%d/fd/%d", (int)getpid(), there))
		tap_bail("vl0: not moved");
	other = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR, g.hdr_len);
	if_up("vl0");
	wrong = packet_socket("vl0", ETH_TEST, false);
	close(t.far);
	enter(there);
	if_up("vl0");
	t.far = packet_socket("vl0", ETH_TEST, false);
	enter(here);
	if (before)
		guest_backend(&g, t.fd);
	tap_is(send_some(&g, t.far), SOME, "%s it became the backend: its frames arrive", when);
	tap_ok(far_recv(wrong, buf, sizeof(buf), 50) < 0, "%s: none at its namesake", when);
	close(other);
	close(wrong);
	guest_stop(&g);
	tap_del(&t);
}

static atomic_bool swapping, over;

/* Two taps, both down, change names without end. */
static void *swap(void *unused)
{
	static const char *const steps[][2] = { { "vl0", "vlx" },
						{ "vl1", "vl0" },
						{ "vlx", "vl1" } };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;

	while (!atomic_load(&over)) {
		if (!atomic_load(&swapping)) {
			sleep_ms(1);
			continue;
		}
		for (unsigned int i = 0; i < 3; i++) {
			snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", steps[i][0]);
			snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", steps[i][1]);
			if (ioctl(s, SIOCSIFNAME, &ifr))
				tap_bail("%s: %s", steps[i][0], strerror(errno));
		}
	}
	close(s);
	return unused;
}

/* Sends a frame without waiting for it. */
static void post(struct guest *g, unsigned int i, uint32_t seq)
{
	memset(g->mem + slot(i), 0, g->hdr_len);
	frame_make(g->mem + slot(i) + g->hdr_len, 60, seq);
	desc_set(&g->q[TX], i, gpa_of(slot(i)), g->hdr_len + 60, 0, 0);
	ring_publish(&g->q[TX], (uint16_t)i);
	ring_kick(&g->q[TX]);
}

/* Which interface the device takes its descriptor's for, while names change. */
static void renamed(void)
{
	unsigned int right = 0, wrong = 0, rounds = 0;
	struct guest g, other;
	struct vring_used_elem e;
	pthread_t thread;
	struct tap a, b;

	guest_start(&other, F_V1 | F_MRG, 256);
	guest_start(&g, F_V1 | F_MRG, 256);
	stats_find();
	tap_new(&a, "vl0", 12);
	tap_new(&b, "vl1", 12);
	guest_backend(&other, b.fd);
	if (pthread_create(&thread, NULL, swap, NULL))
		tap_bail("no thread");
	for (; rounds < 30; rounds++) {
		sh("ip link set vl0 down && ip link set vl1 down");
		atomic_store(&swapping, true);
		for (unsigned int i = 0; i < 5; i++)
			guest_backend(&g, a.fd);
		atomic_store(&swapping, false);
		/* A round of names may be under way. */
		sleep_ms(20);
		sh("ip link set vl0 up && ip link set vl1 up");
		far_recv(a.far, buf, sizeof(buf), 20);
		far_recv(b.far, buf, sizeof(buf), 20);
		for (uint32_t i = 0; i < 4; i++) {
			/* The other tap counts frames of its own meanwhile. */
			post(&other, 0, 1u << 20);
			right += tx_one(&g, a.far, 4 * rounds + i, 60);
			if (!ring_wait(&other.q[TX], 2000) || !ring_take(&other.q[TX], &e) ||
			    far_recv(b.far, buf, sizeof(buf), 2000) != 60 ||
			    frame_check(buf, 60) != 1 << 20)
				wrong++;
		}
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	tap_is(right, 4 * rounds, "two taps change names: frames arrive at the descriptor's");
	tap_is(wrong, 0, "and none at the other");
	tap_ok(stat_of("tx", "delivered") > 0, "some without the tap (%lld of %u)",
	       stat_of("tx", "delivered"), 4 * rounds);
	guest_stop(&g);
	guest_stop(&other);
	tap_del(&a);
	tap_del(&b);
}

/* The interface goes while its frames are delivered; its descriptor gets another one. */
static void deleted(void)
{
	unsigned int right = 0, back = 0;

	for (unsigned int i = 0; i < 20; i++) {
		struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_VNET_HDR | IFF_NO_PI };
		struct vring_used_elem e;
		struct guest g;
		struct tap t;
		int hdr = 12;

		guest_start(&g, F_V1 | F_MRG, 256);
		tap_new(&t, "vl0", 12);
		guest_backend(&g, t.fd);
		tx_one(&g, t.far, 0, 60);
		for (unsigned int k = 0; k < 200; k++) {
			memset(g.mem + slot(k % 64), 0, g.hdr_len);
			desc_set(&g.q[TX], k, gpa_of(slot(k % 64)), g.hdr_len + 60, 0, 0);
			ring_publish(&g.q[TX], (uint16_t)k);
			if (k == i * 10)
				ring_kick(&g.q[TX]);
		}
		ring_kick(&g.q[TX]);
		sh("ip link del vl0");
		while (ring_wait(&g.q[TX], 300) && ring_take(&g.q[TX], &e))
			back++;
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "vl1");
		if (ioctl(t.fd, TUNSETIFF, &ifr) || ioctl(t.fd, TUNSETVNETHDRSZ, &hdr))
			tap_bail("another interface: %s", strerror(errno));
		if_up("vl1");
		close(t.far);
		t.far = packet_socket("vl1", ETH_TEST, false);
		right += tx_one(&g, t.far, 1, 60);
		guest_stop(&g);
		tap_del(&t);
	}
	tap_is(back, 20 * 200, "a tap deleted under its frames, 20 times: every buffer comes back");
	tap_is(right, 20, "its descriptor's next interface gets the frames then");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	net_private();
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0)
		tap_bail("namespaces: %s", strerror(errno));
	namesake(true);
	namesake(false);
	renamed();
	deleted();
	return tap_done();
}
