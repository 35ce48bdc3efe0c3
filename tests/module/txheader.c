// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers leave in the virtio-net header of a frame they send (virtio 1.2,
 * section 5.1.6.2): hdr_len is a hint, and fields that flags and gso_type do not
 * refer to may hold anything. And what no frame can be: longer than any packet.
 * Would fail if: an honest frame was dropped for what means nothing, one that
 * cannot be carried out was sent, a buffer did not come back, or a frame of any
 * length reached the backend.
 */
#include <errno.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

#include "nic.h"
#include "tap.h"

#define NEXT	  VRING_DESC_F_NEXT
#define PATIENCE  4000
#define MAX_FRAME 65597u /* VHL_MAX_FRAME */

/* How frames reach the backend. */
enum way { ARRAY, SINGLE, REFERENCE };

static const char *const way_name[] = { "in arrays", "one by one", "by reference" };

static uint8_t got[70000];
static struct guest g;
static struct tap t;

static void begin(uint64_t features, enum way way)
{
	int sndbuf = way == SINGLE ? INT_MAX - 1 : INT_MAX;

	knob("zerocopy", way == REFERENCE ? "256" : "0");
	guest_start(&g, features, 1024);
	tap_new(&t, "vl0", g.hdr_len);
	if (ioctl(t.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) ||
	    ioctl(t.fd, TUNSETSNDBUF, &sndbuf))
		tap_bail("tap: %s", strerror(errno));
	guest_backend(&g, t.fd);
	stats_find();
}

static void end(void)
{
	guest_stop(&g);
	tap_del(&t);
	knob("zerocopy", "0");
}

/* One frame with that header: whether its buffer came back, and whether it arrived whole. */
static void send_one(const char *what, enum way way, struct virtio_net_hdr h, size_t len, bool sent)
{
	static uint32_t seq;
	uint8_t *p = g.mem + slot(0);
	struct ring *q = &g.q[TX];
	struct vring_used_elem e;
	bool back, arrived;
	long n = -1;

	seq++;
	memset(p, 0xff, g.hdr_len);
	memcpy(p, &h, sizeof(h));
	frame_make(p + g.hdr_len, len, seq);
	desc_set(q, 0, gpa_of(slot(0)), (uint32_t)(g.hdr_len + len), 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	/* By reference, the buffer may be the socket's until it is read. */
	n = far_recv(t.far, got, sizeof(got), sent ? PATIENCE : 100);
	back = ring_wait(q, PATIENCE) && ring_take(q, &e);
	arrived = n == (long)len && frame_check(got, len) == seq;
	tap_ok(back && arrived == sent, "%s, %s: %s%s", way_name[way], what,
	       sent ? "sent" : "not sent", back ? "" : ", buffer NOT returned");
}

static void hints(uint64_t features, enum way way)
{
	const uint8_t csum = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	size_t len = way == REFERENCE ? 1000 : 100;
	uint16_t more = (uint16_t)(len + 28);

	begin(features, way);
	send_one("all zero", way, (struct virtio_net_hdr){ 0 }, len, true);
	send_one("hdr_len within the frame", way, (struct virtio_net_hdr){ .hdr_len = 54 }, len,
		 true);
	send_one("hdr_len behind the frame", way, (struct virtio_net_hdr){ .hdr_len = more }, len,
		 true);
	send_one("hdr_len 65535", way, (struct virtio_net_hdr){ .hdr_len = 0xffff }, len, true);
	send_one("hdr_len shorter than a link header", way, (struct virtio_net_hdr){ .hdr_len = 5 },
		 len, true);
	send_one("gso_size and places of a checksum left over", way,
		 (struct virtio_net_hdr){ .gso_size = 1448, .csum_start = 34, .csum_offset = 16 },
		 len, true);
	send_one("csum_start 60000 left over", way,
		 (struct virtio_net_hdr){ .csum_start = 60000, .csum_offset = 6 }, len, true);
	send_one("a flag of receive", way,
		 (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_DATA_VALID }, len, true);
	send_one("a checksum, hdr_len unset", way,
		 (struct virtio_net_hdr){ .flags = csum, .csum_start = 34, .csum_offset = 16 }, len,
		 true);
	send_one("a checksum, hdr_len behind the frame", way,
		 (struct virtio_net_hdr){
			 .flags = csum, .hdr_len = more, .csum_start = 34, .csum_offset = 16 },
		 len, true);
	send_one("a checksum behind the frame", way,
		 (struct virtio_net_hdr){
			 .flags = csum, .csum_start = (uint16_t)(len - 10), .csum_offset = 10 },
		 len, false);
	send_one("and the next one", way, (struct virtio_net_hdr){ 0 }, len, true);
	end();
}

/* A frame of @len bytes in that many descriptors, all over the same memory. */
static void long_one(enum way way, uint64_t len, unsigned int n, bool sent)
{
	long long before = stat_of("tx", "error_tx_long"), packets = stat_of("tx", "packets");
	struct ring *q = &g.q[TX];
	uint64_t left = len + g.hdr_len;
	struct vring_used_elem e;
	bool back;

	memset(g.mem + slot(0), 0, g.hdr_len);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t part = i + 1 < n ? (len + g.hdr_len) / n : left;

		desc_set(q, i, gpa_of(slot(0)), (uint32_t)part, i + 1 < n ? NEXT : 0,
			 (uint16_t)(i + 1));
		left -= part;
	}
	ring_publish(q, 0);
	ring_kick(q);
	if (sent)
		far_recv(t.far, got, sizeof(got), PATIENCE);
	back = ring_wait(q, PATIENCE) && ring_take(q, &e);
	sleep_ms(10); /* counters follow the used index */
	tap_ok(back && stat_of("tx", "error_tx_long") - before == !sent &&
		       stat_of("tx", "packets") - packets == sent,
	       "%s: %llu bytes in %u descriptors: %s%s", way_name[way], (unsigned long long)len, n,
	       sent ? "sent" : "refused", back ? "" : ", buffer NOT returned");
}

static void lengths(uint64_t features, enum way way)
{
	begin(features, way);
	kmsg_mark();
	long_one(way, 65535 + 18, 20, true);
	long_one(way, MAX_FRAME, 17, true);
	long_one(way, MAX_FRAME + 1, 17, false);
	long_one(way, 1 << 20, 1, false);
	long_one(way, (1ULL << 31) - 1, 600, false);
	long_one(way, 1ULL << 31, 600, false);
	long_one(way, (1ULL << 32) - 100, 1024, false);
	long_one(way, (1ULL << 32) + 100, 1024, false);
	tap_ok(kmsg_lines() == 0, "%s: nothing about it in the kernel log", way_name[way]);
	send_one("the next one", way, (struct virtio_net_hdr){ 0 }, 400, true);
	end();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module is weak here", "headers and lengths");
		return tap_done();
	}
	for (enum way way = ARRAY; way <= REFERENCE; way++) {
		hints(F_V1, way);
		hints(F_V1 | F_MRG | F_PACKED, way);
	}
	hints(0, ARRAY);
	hints(0, SINGLE);
	for (enum way way = ARRAY; way <= REFERENCE; way++) {
		lengths(F_V1, way);
		lengths(F_V1 | F_PACKED, way);
	}
	return tap_done();
}
