// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing is written outside the rings, whatever a guest shows: more chains than
 * the ring has entries, each while the device is in the middle of the one
 * before, or while the stack has the frames of all before. Around the three
 * areas lies memory of a known content. Would fail if: a byte of it changed, a
 * position left the ring, or the queue did not serve the next frame.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hold.h"
#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define PATIENCE 4000
#define CANARY	 0xa5
/* A page that ends an area, and canaries from one of these to the next. */
#define DESC_END  0x300000u
#define AVAIL_END 0x400000u
#define USED_END  0x500000u
#define FROM	  0x200000u
#define TO	  0x600000u
#define SHOWN	  320u /* chains at most, whatever the size */

static struct guest g;
static struct hold h;
static struct tap t;
static struct ring *q;
static unsigned int num, chains, each;
static size_t desc_len, avail_len, used_len;
static const char *access_name;

/* Each area ends with its page as its alignment allows: behind a mapped one is nothing. */
static void areas(void)
{
	uint64_t features = g.features;

	desc_len = 16ul * num;
	avail_len = features & F_PACKED ? 4 : 4 + 2ul * num;
	used_len = features & F_PACKED ? 4 : 4 + 8ul * num;
	memset(g.mem + FROM, CANARY, TO - FROM);
	q->off_desc = DESC_END - desc_len;
	q->off_avail = (AVAIL_END - avail_len) & ~3ul;
	q->off_used = USED_END - used_len;
	memset(g.mem + q->off_desc, 0, desc_len);
	memset(g.mem + q->off_avail, 0, avail_len);
	memset(g.mem + q->off_used, 0, used_len);
	q->desc = (void *)(g.mem + q->off_desc);
	q->avail = (void *)(g.mem + q->off_avail);
	q->used = (void *)(g.mem + q->off_used);
}

/* Bytes outside the areas that are not what they were. */
static unsigned int damaged(void)
{
	static uint8_t clean[4096];
	unsigned int n = 0;

	memset(clean, CANARY, sizeof(clean));
	for (size_t at = FROM; at < TO; at++) {
		if (!(at % 4096) && !memcmp(g.mem + at, clean, 4096)) {
			at += 4095;
			continue;
		}
		if (at - q->off_desc < desc_len || at - q->off_avail < avail_len ||
		    at - q->off_used < used_len || g.mem[at] == CANARY)
			continue;
		if (!n++)
			tap_note("first one at +%zd of the descriptors, +%zd of the used ring",
				 (ssize_t)(at - q->off_desc), (ssize_t)(at - q->off_used));
	}
	return n;
}

static void setup(unsigned int way, uint64_t features, void (*wanted)(unsigned int page))
{
	knob("ring_access", access_name);
	guest_start(&g, features, num);
	hold_start(&h, SHOWN + 300, wanted);
	hold_show(&h, &g);
	q = &g.q[way];
	areas();
	if (ring_addr(q, g.mem, 0, 0))
		tap_bail("SET_VRING_ADDR");
	tap_new(&t, "vl0", g.hdr_len);
	stats_find();
}

static void teardown(void)
{
	guest_stop(&g);
	hold_stop(&h);
	tap_del(&t);
}

/* Until the used index is there, or nothing happens any more. */
static bool used_reaches(uint16_t want)
{
	for (int i = 0; i < PATIENCE && used_idx(q) != want; i++)
		sleep_ms(1);
	return used_idx(q) == want;
}

/* The chain of that page is being copied: the next one, in a descriptor that is the device's. */
static void split_tx_next(unsigned int page)
{
	if (page + 1 >= chains)
		return;
	desc_set(q, (page + 1) % num, hold_gpa(page + 1), 80, 0, 0);
	ring_publish(q, (uint16_t)((page + 1) % num));
}

static void split_tx(uint64_t features)
{
	unsigned int outside;
	bool all;

	chains = num < 256 ? num + 50 : 80;
	setup(TX, features, split_tx_next);
	guest_backend(&g, t.fd);
	desc_set(q, 0, hold_gpa(0), 80, 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	all = used_reaches((uint16_t)chains);
	outside = damaged();
	tap_ok(all && !outside, "tx, split%s, %s, ring of %u: %u chains, %u used, %u bytes outside",
	       features & F_ORDER ? " in order" : "", access_name, num, chains, used_idx(q),
	       outside);
	teardown();
}

/* A piece of a frame is being written: one buffer more. */
static void split_rx_next(unsigned int page)
{
	if (page + num >= chains)
		return;
	desc_set(q, (page + num) % num, hold_gpa(page + num), each, WRITE, 0);
	ring_publish(q, (uint16_t)((page + num) % num));
}

static void split_rx(uint64_t features)
{
	bool merge = features & F_MRG && num >= 4;
	size_t len = merge ? 1200 : 200;
	unsigned int frames, outside, want;
	uint8_t frame[2000];

	each = merge ? 500 : 4000; /* three of them, or one */
	frames = num < 128 ? (num + 60) / (merge ? 3 : 1) : 40;
	want = frames * (merge ? 3 : 1);
	chains = num + want;
	setup(RX, features, split_rx_next);
	guest_backend(&g, t.fd);
	frame_make(frame, len, 1);
	for (unsigned int i = 0; i < frames; i++)
		if (far_send(t.far, frame, len))
			tap_bail("send to the tap");
	for (unsigned int i = 0; i < num && i < chains; i++) {
		q->desc[i] = (struct vring_desc){ hold_gpa(i), each, WRITE, 0 };
		q->avail->ring[i] = (uint16_t)i;
	}
	q->avail_idx = (uint16_t)num;
	__atomic_store_n(&q->avail->idx, q->avail_idx, __ATOMIC_RELEASE);
	ring_kick(q);
	used_reaches((uint16_t)want);
	outside = damaged();
	tap_ok(used_idx(q) == want && !outside,
	       "rx, split%s, %s, ring of %u: %u frames, %u used, %u bytes outside",
	       merge ? ", merged" : "", access_name, num, frames, used_idx(q), outside);
	teardown();
}

static struct vring_packed_desc *packed_ring(void)
{
	return (void *)(g.mem + q->off_desc);
}

/* The whole ring in chains of that many descriptors, in that turn; the first one last. */
static void packed_turn(unsigned int turn, unsigned int page)
{
	struct vring_packed_desc *d = packed_ring();
	uint16_t flags = turn & 1 ? PACKED_USED : PACKED_AVAIL;

	for (unsigned int i = num; i-- > 0;) {
		bool last = i + 1 == num || i % each == each - 1;
		uint16_t dir = q->index == RX ? WRITE : 0;

		d[i].addr = i ? hold_gpa(page) + 100 + i : hold_gpa(page);
		d[i].len = i % each ? 1 : 100;
		d[i].id = (uint16_t)(0x4100 + i % 256);
		__atomic_store_n(&d[i].flags, (last ? 0 : NEXT) | dir | flags, __ATOMIC_RELEASE);
	}
}

static void packed_next(unsigned int page)
{
	if (page + 1 < chains)
		packed_turn(page + 1, page + 1);
}

/* The descriptor at that position, and whether it comes back. */
static bool packed_serves(uint32_t base)
{
	unsigned int at = base & 0x7fff, used = base >> 16 & 0x7fff;
	struct vring_packed_desc *d = packed_ring();
	uint16_t bits = base >> 31 ? PACKED_AVAIL | PACKED_USED : 0, flags;

	if (at >= num || used >= num)
		return false;
	memset(g.mem + slot(0), 0, 4096);
	d[at].addr = gpa_of(slot(0));
	d[at].len = 200;
	d[at].id = 7;
	__atomic_store_n(&d[at].flags, base & 0x8000 ? PACKED_AVAIL : PACKED_USED,
			 __ATOMIC_RELEASE);
	ring_kick(q);
	for (int i = 0; i < PATIENCE; i++) {
		flags = __atomic_load_n(&d[used].flags, __ATOMIC_ACQUIRE);
		if ((flags & (PACKED_AVAIL | PACKED_USED)) == bits && d[used].id == 7)
			return true;
		sleep_ms(1);
	}
	return false;
}

static void packed_tx(uint64_t features)
{
	struct vhost_vring_state s = { TX, 0 };
	unsigned int outside;
	bool serves;

	chains = 8;
	setup(TX, features | F_PACKED, packed_next);
	guest_backend(&g, t.fd);
	packed_turn(0, 0);
	ring_kick(q);
	for (unsigned int seen = ~0u; seen != h.served;) {
		seen = h.served;
		sleep_ms(20);
	}
	if (dev_ioctl(g.fd, VHOST_GET_VRING_BASE, &s))
		tap_bail("GET_VRING_BASE");
	/* What the guest has left there is its own. */
	for (unsigned int i = 0; i < num; i++)
		packed_ring()[i].flags = s.num & 0x8000 ? PACKED_USED : PACKED_AVAIL;
	serves = packed_serves(s.num);
	outside = damaged();
	tap_ok(serves && !outside,
	       "tx, packed%s, %s, ring of %u, chains of %u: base %08x, then serves%s, %u bytes "
	       "outside",
	       features & F_ORDER ? " in order" : "", access_name, num, each, s.num,
	       serves ? "" : " NOT", outside);
	teardown();
}

static void all_sizes(void)
{
	static const unsigned int odd[] = { 1, 2, 3, 4, 5, 7, 31, 64, 100, 255, 257, 1000 };

	/* Above the largest batch all sizes take the same paths: a few are enough. */
	for (num = 1; num <= 32768; num *= num < 512 ? 2 : 64) {
		split_tx(F_V1);
		split_tx(F_V1 | F_ORDER);
		split_rx(F_V1);
		split_rx(F_V1 | F_MRG);
	}
	for (unsigned int i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		num = odd[i];
		for (each = num < 255 ? num : 200; each; each = each > 2 ? 2 : each - 1) {
			packed_tx(F_V1);
			packed_tx(F_V1 | F_ORDER);
		}
	}
	num = each = 1;
}

/* Frames that the stack keeps, shown again: the ring's size is the limit. */
static void kept_frames(uint64_t features)
{
	unsigned int outside;
	long long taken;

	num = 8;
	knob("zerocopy", "256");
	setup(TX, features, split_tx_next);
	if (sh("ip link add name zc1 type dummy && ip link set dev zc1 up && tc qdisc add dev zc1 "
	       "root plug limit 100000000 && tc qdisc add dev vl0 clsact && tc filter add dev vl0 "
	       "ingress matchall action mirred egress redirect dev zc1"))
		tap_bail("a tap that forwards: see above");
	guest_backend(&g, t.fd);
	frame_make(g.mem + slot(0) + g.hdr_len, 1000, 1);
	for (unsigned int i = 0; i < num; i++)
		desc_set(q, i, gpa_of(slot(0)), g.hdr_len + 1000, 0, 0);
	for (unsigned int i = 0; i < 2 * num; i++) {
		ring_publish(q, (uint16_t)(i % num));
		ring_kick(q);
		sleep_ms(10);
	}
	taken = stat_of("tx", "packets");
	sh("tc qdisc change dev zc1 root plug release_indefinite");
	used_reaches((uint16_t)(2 * num));
	outside = damaged();
	tap_ok(taken == num && used_idx(q) == 2 * num && !outside,
	       "tx%s, %s, kept by the stack: %lld of a ring of %u taken, %u used, %u bytes outside",
	       features & F_ORDER ? " in order" : "", access_name, taken, num, used_idx(q),
	       outside);
	teardown();
	sh("ip link del zc1");
	knob("zerocopy", "0");
}

int main(int argc, char **argv)
{
	static const char *const ways[] = { "uaccess", "pinned" };

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has no knobs", "rings of every size");
		return tap_done();
	}
	knob("tx_batch", "256");
	knob("rx_batch", "256");
	for (int i = 0; i < 2; i++) {
		access_name = ways[i];
		all_sizes();
		kept_frames(F_V1);
		kept_frames(F_V1 | F_ORDER);
	}
	knob("ring_access", "uaccess");
	knob("tx_batch", "64");
	knob("rx_batch", "64");
	return tap_done();
}
