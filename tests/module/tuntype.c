// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tun has no link headers, whatever its interface is called, wherever it is and of
 * whatever link type; a tap has. Would fail if: the first 14 bytes of a tun's packet
 * were taken for a link header, or a tap were sent to frame by frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define PACKETS 12u
/* <linux/if_arp.h> and <net/if.h> do not go together. */
#define ARPHRD_ETHER 1
#define ARPHRD_PPP   512
#define ARPHRD_RAWIP 519
#define ARPHRD_NONE  0xfffe

static uint8_t buf[SLOT_SIZE];
static int here, there; /* two namespaces */

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		tap_bail("setns: %s", strerror(errno));
}

static void move(const char *name)
{
	/* The namespace of this process is /proc/PID/ns/net only after setns(). */
	if (sh("ip link set %s netns /proc/%d/fd/%d", name, (int)getpid(), there))
		tap_bail("%s: not moved", name);
}

static size_t packet_make(uint8_t *p, size_t len, uint8_t seq)
{
	const uint8_t head[20] = { 0x45,
				   0,
				   (uint8_t)(len >> 8),
				   (uint8_t)len,
				   0,
				   0,
				   0,
				   0,
				   64,
				   253,
				   0,
				   0,
				   10,
				   0,
				   0,
				   1,
				   10,
				   0,
				   0,
				   2 };

	memcpy(p, head, sizeof(head));
	for (size_t i = sizeof(head); i < len; i++)
		p[i] = (uint8_t)(seq * 3 + i);
	return len;
}

/* Packets to and from the packet socket of a tun that is bound. */
static void packets(struct guest *g, int far, const char *what)
{
	unsigned int out = 0, in = 0;
	struct vring_used_elem e;

	for (uint8_t i = 0; i < PACKETS; i++) {
		size_t len = packet_make(g->mem + slot(0) + 12, 40 + i * 100u, i);

		memset(g->mem + slot(0), 0, 12);
		desc_set(&g->q[TX], 0, gpa_of(slot(0)), (uint32_t)len + 12, 0, 0);
		ring_publish(&g->q[TX], 0);
		ring_kick(&g->q[TX]);
		if (ring_wait(&g->q[TX], 3000) && ring_take(&g->q[TX], &e) &&
		    far_recv(far, buf, sizeof(buf), 300) == (long)len)
			out += !memcmp(buf, g->mem + slot(0) + 12, len);
		rx_post(g, 1, SLOT_SIZE);
		packet_make(buf, len, i);
		if (!far_send(far, buf, len) && ring_wait(&g->q[RX], 3000) &&
		    ring_take(&g->q[RX], &e) && e.len == len + 12)
			in += !memcmp(buf, g->mem + slot(1) + 12, len);
	}
	tap_is(out, PACKETS, "%s: packets go out unchanged", what);
	tap_is(in, PACKETS, "%s: packets come in unchanged", what);
}

enum moment { NEVER, BEFORE, AFTER };

/* link: a type, -1 for that of a tun; when it is set, and when it is moved. */
static void tun(const char *what, int link, enum moment set, enum moment moved, bool reused)
{
	struct guest g;
	int fd, far, other = -1;

	guest_start(&g, F_V1, 256);
	fd = tap_fd("vl0", IFF_TUN | IFF_VNET_HDR, 12);
	for (enum moment m = BEFORE; m <= AFTER; m++) {
		if (set == m && ioctl(fd, TUNSETLINK, link))
			tap_bail("TUNSETLINK %d: %s", link, strerror(errno));
		if (moved == m)
			move("vl0");
		if (moved == m && reused)
			other = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR, 12);
		if (m == BEFORE)
			guest_backend(&g, fd);
	}
	if (moved != NEVER)
		enter(there);
	if_up("vl0");
	far = packet_socket("vl0", ETH_P_IP, false);
	enter(here);
	packets(&g, far, what);
	guest_stop(&g);
	close(fd);
	close(far);
	if (other >= 0)
		close(other);
}

/* The descriptor of a tap that was deleted, bound meanwhile, becomes a tun. */
static void again(bool moved)
{
	const char *what = moved ? "a moved tap's descriptor, then a tun's"
				 : "a tap's descriptor, then a tun's";
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_VNET_HDR | IFF_NO_PI };
	int fd, far, sndbuf = INT_MAX, hdr = 12;
	struct guest g;

	guest_start(&g, F_V1, 256);
	fd = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR, 12);
	if (moved)
		move("vl0");
	guest_backend(&g, fd);
	enter(moved ? there : here);
	if (sh("ip link del vl0"))
		tap_bail("vl0: not deleted");
	enter(here);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "vl0");
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETSNDBUF, &sndbuf) ||
	    ioctl(fd, TUNSETVNETHDRSZ, &hdr))
		tap_bail("attach again: %s", strerror(errno));
	if_up("vl0");
	far = packet_socket("vl0", ETH_P_IP, false);
	packets(&g, far, what);
	guest_stop(&g);
	close(fd);
	close(far);
}

/* 64 frames published at once are one array or two. */
static void in_arrays(const char *what, int link, bool moved)
{
	struct guest g;
	struct tap t;
	unsigned int got = 0;
	struct vring_used_elem e;

	guest_start(&g, F_V1, 256);
	t.fd = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR, 12);
	if (link >= 0 && ioctl(t.fd, TUNSETLINK, link))
		tap_bail("TUNSETLINK %d: %s", link, strerror(errno));
	if (moved)
		move("vl0");
	guest_backend(&g, t.fd);
	enter(moved ? there : here);
	if_up("vl0");
	enter(here);
	for (unsigned int i = 0; i < 64; i++) {
		memset(g.mem + slot(i), 0, 12);
		frame_make(g.mem + slot(i) + 12, 100, i);
		desc_set(&g.q[TX], i, gpa_of(slot(i)), 112, 0, 0);
		ring_publish(&g.q[TX], (uint16_t)i);
	}
	ring_kick(&g.q[TX]);
	while (got < 64 && ring_wait(&g.q[TX], 2000) && ring_take(&g.q[TX], &e))
		got++;
	stats_find();
	tap_ok(got == 64 && stat_of("tx", "packets") == 64 && stat_of("tx", "batches") > 0,
	       "%s: %lld frames in %lld arrays", what, stat_of("tx", "packets"),
	       stat_of("tx", "batches"));
	guest_stop(&g);
	close(t.fd);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "the in-tree module takes every array for ethernet", "tun");
		return tap_done();
	}
	net_private();
	there = open("/proc/self/ns/net", O_RDONLY);
	net_private();
	here = open("/proc/self/ns/net", O_RDONLY);
	in_arrays("a tap", -1, false);
	in_arrays("a tap of another link type", ARPHRD_NONE, false);
	in_arrays("a tap moved to another namespace", -1, true);
	tun("a tun", -1, NEVER, NEVER, false);
	tun("link type RAWIP", ARPHRD_RAWIP, BEFORE, NEVER, false);
	tun("link type PPP", ARPHRD_PPP, BEFORE, NEVER, false);
	tun("link type Ethernet", ARPHRD_ETHER, BEFORE, NEVER, false);
	tun("link type set while bound", ARPHRD_ETHER, AFTER, NEVER, false);
	tun("moved", -1, NEVER, BEFORE, false);
	tun("moved, its name a tap's", -1, NEVER, BEFORE, true);
	tun("moved while bound", -1, NEVER, AFTER, false);
	again(false);
	again(true);
	return tap_done();
}
