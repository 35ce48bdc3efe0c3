// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive: frames into buffers of every legal shape, whole and unchanged, and
 * buffers that are too small or too few; segmentation both ways.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define PATIENCE 5000

static uint8_t frame[70000], got[70000];

static bool send_frame(struct tap *t, size_t len, uint32_t seq)
{
	frame_make(frame, len, seq);
	return far_send(t->far, frame, len) == 0;
}

/* Posts n buffers of len bytes each, one descriptor per chain. */
static void post(struct guest *g, unsigned int n, uint32_t len)
{
	struct ring *q = &g->q[RX];

	for (unsigned int i = 0; i < n; i++) {
		memset(g->mem + slot(i), 0xee, SLOT_SIZE);
		desc_set(q, i, gpa_of(slot(i)), len, WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
}

/*
 * Takes one packet of the ring, header included, out of as many buffers as its
 * header names (1 without mergeable buffers). Bytes, or -1.
 */
static long take(struct guest *g, unsigned int *buffers)
{
	struct virtio_net_hdr_mrg_rxbuf *h = (void *)got;
	struct vring_used_elem e;
	unsigned int want = 1;
	size_t n = 0;

	*buffers = 0;
	while (*buffers < want) {
		if (!ring_wait(&g->q[RX], PATIENCE) || !ring_take(&g->q[RX], &e) || e.id >= 256 ||
		    n + e.len > sizeof(got))
			return -1;
		memcpy(got + n, g->mem + slot(e.id), e.len);
		n += e.len;
		if (++*buffers == 1 && g->features & F_MRG)
			want = h->num_buffers;
	}
	return (long)n;
}

static bool got_frame(struct guest *g, size_t len, uint32_t seq, unsigned int buffers)
{
	unsigned int n;
	long bytes = take(g, &n);

	if (bytes == (long)(g->hdr_len + len) && n == buffers &&
	    frame_check(got + g->hdr_len, len) == seq)
		return true;
	tap_note("got %ld bytes in %u buffers, want %zu in %u", bytes, n, g->hdr_len + len,
		 buffers);
	return false;
}

static void open_both(struct guest *g, struct tap *t, uint64_t features)
{
	guest_start(g, features, 256);
	/* With this feature the device makes the header, the tap has none. */
	tap_new(t, "vl0", features & F_HDR ? 0 : g->hdr_len);
	sh("ip link set dev vl0 mtu 65521");
	guest_backend(g, t->fd);
}

static void mergeable(uint64_t features, const char *what)
{
	static const struct {
		size_t len;
		uint32_t buffer;
		unsigned int count;
	} cases[] = { { 60, 4096, 1 },	 { 60, 72, 1 },	     { 60, 71, 2 },    { 60, 20, 4 },
		      { 1500, 100, 16 }, { 1500, 512, 3 },   { 1524, 512, 3 }, { 1525, 512, 4 },
		      { 9000, 128, 71 }, { 60000, 4096, 15 } };
	struct guest g;
	struct tap t;

	open_both(&g, &t, features);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ring_repair(&g.q[RX], t.fd);
		post(&g, cases[i].count, cases[i].buffer);
		tap_ok(send_frame(&t, cases[i].len, 50 + (uint32_t)i) &&
			       got_frame(&g, cases[i].len, 50 + (uint32_t)i, cases[i].count),
		       "%s: %zu bytes into %u buffers of %u", what, cases[i].len, cases[i].count,
		       cases[i].buffer);
	}
	guest_stop(&g);
	tap_del(&t);
}

/* Too few buffers for the frame: it waits, the worker sleeps, nothing spins. */
static void too_few(uint64_t features, const char *what)
{
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[RX];
	long long cpu;

	open_both(&g, &t, features);
	ring_call_at(q, 0);
	post(&g, 3, 100);
	send_frame(&t, 1500, 1);
	tap_ok(!ring_wait(q, 150), "%s: 3 buffers of 100 for 1500 bytes: it waits", what);
	cpu = worker_cpu_over(150, 2);
	tap_ok(cpu < 75000000, "%s: the worker sleeps meanwhile (%lld us of 150 ms)", what,
	       cpu / 1000);
	tap_is(ring_base(q), 0, "%s: the buffers are still the guest's", what);
	for (unsigned int i = 3; i < 20; i++) {
		desc_set(q, i, gpa_of(slot(i)), 100, WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
	tap_ok(got_frame(&g, 1500, 1, 16), "%s: with 17 more it comes whole", what);
	tap_ok(!ring_take(q, &e), "%s: and nothing else", what);
	guest_stop(&g);
	tap_del(&t);
}

static void no_buffers(void)
{
	struct guest g;
	struct tap t;

	open_both(&g, &t, F_V1 | F_MRG | F_EVENT);
	for (uint32_t i = 0; i < 100; i++)
		send_frame(&t, 200, i);
	tap_ok(!ring_wait(&g.q[RX], 100), "100 frames before any buffer: they wait");
	/* Some may be on their way now: an unbind puts them back. */
	post(&g, 3, 1000);
	for (uint32_t i = 0; i < 3; i++)
		tap_ok(got_frame(&g, 200, i, 1), "frame %u with one of three buffers", i);
	ring_repair(&g.q[RX], t.fd);
	post(&g, 200, 1000);
	{
		unsigned int in_order = 3;

		while (in_order < 100 && got_frame(&g, 200, in_order, 1))
			in_order++;
		tap_is(in_order, 100, "unbound, bound, with buffers: they come, all and in order");
	}
	guest_stop(&g);
	tap_del(&t);
}

static void plain(uint64_t features, const char *what)
{
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[RX];

	open_both(&g, &t, features);
	post(&g, 1, 4096);
	tap_ok(send_frame(&t, 1000, 1) && got_frame(&g, 1000, 1, 1), "%s: one buffer", what);
	if (features & F_V1 && is_ours())
		tap_is(((struct virtio_net_hdr_mrg_rxbuf *)got)->num_buffers, 1,
		       "%s: one buffer, and its header says so", what);
	/* A chain whose borders lie in the header, in the link header, behind. */
	ring_repair(q, t.fd);
	desc_set(q, 0, gpa_of(slot(0)), 7, WRITE | NEXT, 3);
	desc_set(q, 3, gpa_of(slot(0)) + 7, 10, WRITE | NEXT, 1);
	desc_set(q, 1, gpa_of(slot(0)) + 17, 700, WRITE | NEXT, 2);
	desc_set(q, 2, gpa_of(slot(0)) + 717, 2000, WRITE, 0);
	ring_publish(q, 0);
	ring_kick(q);
	tap_ok(send_frame(&t, 1000, 2) && got_frame(&g, 1000, 2, 1), "%s: a chain of four", what);
	ring_repair(q, t.fd);
	for (unsigned int i = 0; i < 250; i++)
		desc_set(q, i, gpa_of(slot(0)) + i * 16, 16, i < 249 ? WRITE | NEXT : WRITE,
			 (uint16_t)(i + 1));
	ring_publish(q, 0);
	ring_kick(q);
	tap_ok(send_frame(&t, 3900, 3) && got_frame(&g, 3900, 3, 1), "%s: a chain of 250", what);
	if (features & F_INDIRECT) {
		struct vring_desc *d = (void *)(g.mem + slot(9));

		ring_repair(q, t.fd);
		for (unsigned int i = 0; i < 40; i++)
			d[i] = (struct vring_desc){ gpa_of(slot(0)) + i * 100, 100,
						    i < 39 ? WRITE | NEXT : WRITE,
						    (uint16_t)(i + 1) };
		desc_set(q, 0, gpa_of(slot(9)), 640, INDIRECT, 0);
		ring_publish(q, 0);
		ring_kick(q);
		tap_ok(send_frame(&t, 3000, 4) && got_frame(&g, 3000, 4, 1),
		       "%s: an indirect table of 40", what);
	}
	/* Without mergeable buffers a frame that does not fit is dropped. */
	ring_repair(q, t.fd);
	post(&g, 1, 200);
	send_frame(&t, 1500, 5);
	sleep_ms(100);
	tap_ok(!ring_take(q, &e) || e.len == 0, "%s: 1500 bytes do not fit 200: dropped", what);
	ring_repair(q, t.fd);
	post(&g, 1, 200);
	tap_ok(send_frame(&t, 100, 6) && got_frame(&g, 100, 6, 1), "%s: the next one comes", what);
	guest_stop(&g);
	tap_del(&t);
}

/* A TCP frame of 64 KiB that the far end sees in one piece. */
static size_t gso_frame(uint8_t *p, struct virtio_net_hdr *h, uint8_t seed)
{
	size_t total = 65000, ip = total - 14;

	memset(h, 0, sizeof(*h));
	*h = (struct virtio_net_hdr){
		VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 54, 1448, 34, 16
	};
	memset(p, 0, 54);
	memset(p, 0xff, 6);
	memcpy(p + 6, "\x02vhost", 6);
	p[12] = 8;
	p[14] = 0x45;
	p[16] = (uint8_t)(ip >> 8);
	p[17] = (uint8_t)ip;
	p[22] = 64;
	p[23] = 6;
	memcpy(p + 26, "\x0a\0\0\1\x0a\0\0\2", 8);
	p[46] = 0x50;
	p[47] = 0x10;
	for (size_t i = 54; i < total; i++)
		p[i] = (uint8_t)(seed + i + (i >> 8));
	return total;
}

static void gso(void)
{
	struct virtio_net_hdr h, *back;
	unsigned int buffers;
	struct guest g;
	struct tap t;
	size_t len;
	int far;
	long n;

	open_both(&g, &t, F_V1 | F_MRG);
	if (ioctl(t.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4))
		tap_bail("TUNSETOFFLOAD: %s", strerror(errno));
	far = packet_socket("vl0", ETH_P_IP, true);
	memset(g.mem + BIG, 0, 12);
	len = gso_frame(frame, &h, 3);
	memcpy(g.mem + BIG, &h, sizeof(h));
	memcpy(g.mem + BIG + 12, frame, len);
	desc_set(&g.q[TX], 0, gpa_of(BIG), (uint32_t)len + 12, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	n = far_recv(far, got, sizeof(got), PATIENCE);
	back = (struct virtio_net_hdr *)got;
	tap_is(n, (long)(len + sizeof(h)), "segmentation, transmit: one frame of %zu bytes", len);
	tap_ok(back->gso_type == VIRTIO_NET_HDR_GSO_TCPV4 && back->gso_size == 1448 &&
		       back->flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && back->csum_start == 34,
	       "segmentation, transmit: its header arrives");
	tap_ok(!memcmp(got + sizeof(h) + 54, frame + 54, len - 54),
	       "segmentation, transmit: its content arrives");

	post(&g, 100, 2000);
	len = gso_frame(got + sizeof(h), &h, 9);
	memcpy(got, &h, sizeof(h));
	memcpy(frame, got, sizeof(h) + len);
	tap_is(far_send(far, frame, len + sizeof(h)), 0, "segmentation, receive: one frame sent");
	n = take(&g, &buffers);
	back = (struct virtio_net_hdr *)got;
	tap_is(n, (long)len + 12, "segmentation, receive: one frame of %zu bytes", len);
	tap_is(buffers, 33, "segmentation, receive: in 33 buffers");
	tap_ok(back->gso_type == VIRTIO_NET_HDR_GSO_TCPV4 && back->gso_size == 1448,
	       "segmentation, receive: its header arrives");
	tap_ok(n > 66 && !memcmp(got + 12 + 54, frame + sizeof(h) + 54, len - 54),
	       "segmentation, receive: its content arrives");
	close(far);
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	mergeable(F_V1 | F_MRG | F_EVENT, "mergeable");
	mergeable(F_HDR | F_MRG, "mergeable, header by the device");
	too_few(F_V1 | F_MRG, "flags");
	too_few(F_V1 | F_MRG | F_EVENT, "event index");
	no_buffers();
	plain(F_V1 | F_INDIRECT, "12-byte header");
	plain(F_INDIRECT | F_EVENT, "legacy header");
	gso();
	if (is_ours()) {
		mergeable(F_V1 | F_MRG | F_EVENT | F_PACKED, "packed, mergeable");
		too_few(F_V1 | F_MRG | F_PACKED, "packed, flags");
		too_few(F_V1 | F_MRG | F_EVENT | F_PACKED, "packed, event index");
		plain(F_V1 | F_INDIRECT | F_PACKED, "packed");
	}
	return tap_done();
}
