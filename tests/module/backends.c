// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may stand behind a queue: tun, tap with and without a virtio header,
 * macvtap, packet sockets; and what may happen to it while frames flow.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define PATIENCE 5000
#define BUFFERS	 128u

static uint8_t buf[SLOT_SIZE];

/* A number of frames each way, of many sizes. */
static void both_ways(struct guest *g, int far, const char *what)
{
	unsigned int out = 0, in = 0;

	for (uint32_t i = 0; i < 40; i++) {
		out += tx_one(g, far, i, 60 + i * 35);
		in += rx_one(g, far, 1000 + i, 60 + i * 35);
	}
	tap_is(out, 40, "%s: transmit", what);
	tap_is(in, 40, "%s: receive", what);
}

static void taps(void)
{
	static const struct {
		const char *what;
		uint64_t features;
		bool vnet_hdr;
	} cases[] = {
		{ "tap with a header of 12", F_V1 | F_MRG, true },
		{ "tap with a header of 10", 0, true },
		{ "tap without a header, 12 in the ring", F_HDR | F_MRG, false },
		{ "tap without a header, 10 in the ring", F_HDR, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct virtio_net_hdr_mrg_rxbuf *h;
		struct guest g;
		struct tap t;

		guest_start(&g, cases[i].features, 256);
		tap_new(&t, "vl0", cases[i].vnet_hdr ? g.hdr_len : 0);
		guest_backend(&g, t.fd);
		/* Left-overs in the buffer must not pass for a header. */
		memset(g.mem + slot(0), 0xee, 64);
		both_ways(&g, t.far, cases[i].what);
		h = (struct virtio_net_hdr_mrg_rxbuf *)(g.mem + slot(0));
		tap_ok(!h->hdr.flags && !h->hdr.gso_type && !h->hdr.hdr_len &&
			       (g.hdr_len == 10 || h->num_buffers == 1),
		       "%s: the received header is clean", cases[i].what);
		guest_stop(&g);
		tap_del(&t);
	}
}

/* An IP packet to itself: layer 3 has no link header to carry a number. */
static size_t ip_packet(uint8_t *p, size_t len, uint8_t seed)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = 253;
	memcpy(p + 12, "\x0a\0\0\1\x0a\0\0\2", 8);
	for (size_t i = 20; i < len; i++)
		p[i] = (uint8_t)(seed + i);
	return len;
}

static void tun(int sndbuf, const char *what)
{
	unsigned int out = 0, in = 0;
	struct vring_used_elem e;
	struct guest g;
	int fd, far;

	guest_start(&g, F_V1, 256);
	fd = tap_fd("vl0", IFF_TUN | IFF_VNET_HDR, 12);
	if (ioctl(fd, TUNSETSNDBUF, &sndbuf))
		tap_bail("TUNSETSNDBUF: %s", strerror(errno));
	if_up("vl0");
	far = packet_socket("vl0", ETH_P_IP, false);
	guest_backend(&g, fd);
	for (uint8_t i = 0; i < 20; i++) {
		size_t len = 40 + i * 60u;
		uint8_t *p = g.mem + slot(0);

		memset(p, 0, 12);
		ip_packet(p + 12, len, i);
		desc_set(&g.q[TX], 0, gpa_of(slot(0)), (uint32_t)len + 12, 0, 0);
		ring_publish(&g.q[TX], 0);
		ring_kick(&g.q[TX]);
		if (ring_wait(&g.q[TX], PATIENCE) && ring_take(&g.q[TX], &e) &&
		    far_recv(far, buf, sizeof(buf), 500) == (long)len)
			out += !memcmp(buf, p + 12, len);
		rx_post(&g, 1, SLOT_SIZE);
		ip_packet(buf, len, i);
		if (!far_send(far, buf, len) && ring_wait(&g.q[RX], PATIENCE) &&
		    ring_take(&g.q[RX], &e) && e.len == len + 12)
			in += !memcmp(buf, g.mem + slot(1) + 12, len);
	}
	if (!is_ours() && out != 20)
		tap_skip(1, "the in-tree module takes every batch for ethernet", what);
	else
		tap_is(out, 20, "%s: transmit", what);
	tap_is(in, 20, "%s: receive", what);
	guest_stop(&g);
	close(fd);
	close(far);
}

static void veth(void)
{
	if (sh("ip link add ve0 type veth peer name ve1 1>&2") || sh("ip link set ve0 up") ||
	    sh("ip link set ve1 up"))
		tap_bail("veth pair");
	/* The carrier of a new pair comes a little later. */
	sleep_ms(200);
}

static void macvtap(void)
{
	struct guest g;
	int fd, far;

	if (!modprobe("macvtap") || !modprobe("veth")) {
		tap_skip(2, "the kernel has no macvtap or veth module", "macvtap on a veth");
		return;
	}
	veth();
	if (sh("ip link add link ve0 name mv0 type macvtap mode bridge 1>&2") ||
	    sh("ip link set mv0 up"))
		tap_bail("macvtap");
	fd = macvtap_fd("mv0", 12);
	far = packet_socket("ve1", ETH_TEST, false);
	guest_start(&g, F_V1 | F_MRG, 256);
	guest_backend(&g, fd);
	both_ways(&g, far, "macvtap on a veth");
	guest_stop(&g);
	close(fd);
	close(far);
	sh("ip link del ve0");
}

static void packet(void)
{
	struct guest g;
	int fd, far;

	if (!modprobe("veth")) {
		tap_skip(2, "the kernel has no veth module", "packet socket on a veth");
		return;
	}
	veth();
	fd = packet_socket("ve0", ETH_TEST, false);
	far = packet_socket("ve1", ETH_TEST, false);
	guest_start(&g, F_HDR | F_MRG, 256);
	guest_backend(&g, fd);
	both_ways(&g, far, "packet socket on a veth");
	guest_stop(&g);
	close(fd);
	close(far);
	sh("ip link del ve0");
}

/* Posts n frames, the first of them number seq; kicks. */
static void post(struct guest *g, unsigned int n, uint32_t seq)
{
	struct ring *q = &g->q[TX];

	for (unsigned int i = 0; i < n; i++) {
		memset(g->mem + slot(i), 0, g->hdr_len);
		frame_make(g->mem + slot(i) + g->hdr_len, 100, seq + i);
		desc_set(q, i, gpa_of(slot(i)), g->hdr_len + 100, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
}

static unsigned int taken(struct guest *g, unsigned int n, int ms)
{
	struct vring_used_elem e;
	unsigned int got = 0;

	while (got < n && ring_wait(&g->q[TX], ms) && ring_take(&g->q[TX], &e))
		got++;
	return got;
}

/*
 * A packet socket that is full, whose error queue is not empty: it says so for as long
 * as the owner leaves it there. A worker that takes that for room would try for ever.
 */
static void full_with_errors(void)
{
	int size = 4096, stamps = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE |
				  SOF_TIMESTAMPING_OPT_TSONLY;
	long long runs;
	struct guest g;
	int fd;

	if (!modprobe("dummy") || !modprobe("sch_tbf") ||
	    sh("ip link add vd0 type dummy && ip link set vd0 up && "
	       "tc qdisc add dev vd0 root tbf rate 8kbit burst 400 limit 1000000")) {
		tap_skip(2, "the kernel has no slow interface", "a full packet socket");
		return;
	}
	guest_start(&g, F_V1, 256);
	stats_find();
	fd = packet_socket("vd0", ETH_TEST, false);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		tap_bail("SO_SNDBUF: %s", strerror(errno));
	guest_backend(&g, fd);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)))
		tap_bail("SO_TIMESTAMPING: %s", strerror(errno));
	post(&g, 64, 0);
	sleep_ms(500);
	runs = stat_of("tx", "wakeups");
	tap_ok(taken(&g, 64, 100) < 64, "a full packet socket with errors: it is full");
	sleep_ms(1000);
	runs = stat_of("tx", "wakeups") - runs;
	tap_ok(runs < 100, "the queue waits for room (%lld runs in a second)", runs);
	guest_stop(&g);
	close(fd);
	sh("ip link del vd0");
}

/* The tap goes, then goes elsewhere: the guest keeps its buffers and queue. */
static void tap_vanishes(const char *how, const char *command)
{
	unsigned int back;
	bool sleeps;
	struct guest g;
	struct tap a, b;

	guest_start(&g, F_V1, 256);
	tap_new(&a, "vl0", 12);
	tap_new(&b, "vl1", 12);
	guest_backend(&g, a.fd);
	tap_ok(tx_one(&g, a.far, 1, 100), "%s: a frame before", how);
	/* Half of them while the interface goes. */
	post(&g, 64, 100);
	if (sh("%s", command))
		tap_bail("%s", command);
	post(&g, 64, 200);
	sleep_ms(50);
	sleeps = worker_sleeps(100);
	tap_ok(sleeps || !is_ours(), "%s: the worker sleeps", how);
	tap_err(ring_backend(&g.q[TX], b.fd), 0, "%s: another tap is accepted", how);
	tap_err(ring_backend(&g.q[RX], b.fd), 0, "%s: for receive too", how);
	ring_kick(&g.q[TX]);
	back = taken(&g, 128, 1000);
	if (!is_ours() && back != 128)
		tap_skip(1, "the in-tree module loses buffers here", how);
	else
		tap_is(back, 128, "%s: every buffer comes back", how);
	while (far_recv(b.far, buf, sizeof(buf), 50) > 0)
		;
	ring_repair(&g.q[TX], b.fd);
	tap_ok(tx_one(&g, b.far, 2, 100), "%s: transmit through the other tap", how);
	tap_ok(rx_one(&g, b.far, 3, 100), "%s: receive through the other tap", how);
	guest_stop(&g);
	tap_del(&a);
	tap_del(&b);
}

static void tap_down(void)
{
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	post(&g, 64, 100);
	sh("ip link set vl0 down");
	post(&g, 64, 200);
	tap_is(taken(&g, 128, 2000), 128, "tap set down: every buffer comes back");
	tap_ok(worker_sleeps(100), "tap set down: the worker sleeps");
	sh("ip link set vl0 up");
	/* The far end's first news is that its interface went down. */
	far_recv(t.far, buf, sizeof(buf), 50);
	while (far_recv(t.far, buf, sizeof(buf), 50) > 0)
		;
	tap_ok(tx_one(&g, t.far, 1, 100), "tap up again: transmit");
	tap_ok(rx_one(&g, t.far, 2, 100), "tap up again: receive");
	guest_stop(&g);
	tap_del(&t);
}

static void queue_length(void)
{
	unsigned int good = 0;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 30; i++) {
		struct vring_used_elem e;

		for (uint32_t k = 0; k < 10; k++) {
			frame_make(buf, 100, i * 10 + k);
			far_send(t.far, buf, 100);
		}
		if (sh("ip link set vl0 txqueuelen %u", 500 + i * 10))
			tap_bail("txqueuelen");
		for (uint32_t k = 0; k < 10; k++)
			rx_post(&g, k, SLOT_SIZE);
		for (uint32_t k = 0; k < 10; k++)
			if (ring_wait(&g.q[RX], 2000) && ring_take(&g.q[RX], &e))
				good += frame_check(g.mem + slot(e.id) + 12, 100) == i * 10 + k;
	}
	tap_is(good, 300, "the tap's queue is resized 30 times: no frame lost");
	guest_stop(&g);
	tap_del(&t);
}

/* A tap of newer kernels, such as 7.3, may stop its transmit queue when its own is full. */
#ifndef IFF_BACKPRESSURE
#define IFF_BACKPRESSURE 0x0080
#endif

static void backpressure(void)
{
	unsigned int features = 0, sent = 0, got = 0;
	struct vring_used_elem e;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_MRG, 256);
	t.fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (t.fd < 0 || ioctl(t.fd, TUNGETFEATURES, &features))
		tap_bail("TUNGETFEATURES: %s", strerror(errno));
	close(t.fd);
	if (!(features & IFF_BACKPRESSURE)) {
		tap_skip(1, "no tap of this kernel stops its queue", "a tap that stops its queue");
		guest_stop(&g);
		return;
	}
	t.fd = tap_fd("vl0", IFF_TAP | IFF_VNET_HDR | IFF_BACKPRESSURE, g.hdr_len);
	if (sh("ip link set vl0 txqueuelen 50 && tc qdisc replace dev vl0 root pfifo limit 400"))
		tap_bail("a short queue");
	if_up("vl0");
	t.far = packet_socket("vl0", ETH_TEST, false);
	guest_backend(&g, t.fd);
	/* No buffers: the tap's queue fills, then the qdisc. */
	for (; sent < BUFFERS; sent++) {
		frame_make(buf, 100, sent);
		if (far_send(t.far, buf, 100))
			break;
	}
	/* One each: all may be delivered before the first is looked at. */
	for (unsigned int i = 0; i < sent; i++)
		rx_post(&g, i, SLOT_SIZE);
	while (got < sent && ring_wait(&g.q[RX], 1000) && ring_take(&g.q[RX], &e))
		got += frame_check(g.mem + slot(e.id) + g.hdr_len, 100) == got;
	tap_ok(sent > 100 && got == sent,
	       "a tap that stops its queue: all frames arrive (%u of %u)", got, sent);
	guest_stop(&g);
	tap_del(&t);
}

static void other_namespace(void)
{
	char command[80];
	int hold[2];
	pid_t child;
	char c;

	if (pipe(hold))
		tap_bail("pipe");
	child = fork();
	if (!child) {
		close(hold[1]);
		net_private();
		_exit(read(hold[0], &c, 1) != 0);
	}
	close(hold[0]);
	sleep_ms(100);
	snprintf(command, sizeof(command), "ip link set vl0 netns %d", child);
	tap_vanishes("tap moved to another namespace", command);
	close(hold[1]);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	taps();
	tun(INT_MAX - 1, "tun");
	tun(INT_MAX, "tun with an unlimited send buffer");
	macvtap();
	packet();
	full_with_errors();
	tap_down();
	tap_vanishes("tap deleted", "ip link del vl0");
	other_namespace();
	queue_length();
	backpressure();
	return tap_done();
}
