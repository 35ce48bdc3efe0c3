// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit: every legal shape of a chain, whole and unchanged at the far end,
 * and frames no network takes, which must cost neither a page nor the queue.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

/* Frames of 1000 bytes; four pages of 32 KiB hold about a hundred. */
#define HELD 400

#define NEXT	 VRING_DESC_F_NEXT
#define INDIRECT VRING_DESC_F_INDIRECT
#define PATIENCE 5000

static uint8_t got[70000];

/* Header and frame at the start of the big area. */
static void big_frame(struct guest *g, size_t len, uint32_t seq)
{
	memset(g->mem + BIG, 0, g->hdr_len);
	frame_make(g->mem + BIG + g->hdr_len, len, seq);
}

/* Splits total bytes at the big area into n descriptors of table d. */
static void split(struct vring_desc *d, size_t total, unsigned int n, size_t first)
{
	size_t at = 0, rest = total - first;

	for (unsigned int i = 0; i < n; i++) {
		size_t len = i ? rest / (n - 1) : first;

		if (i == n - 1)
			len = total - at;
		d[i] = (struct vring_desc){ gpa_of(BIG + at), (uint32_t)len, i + 1 < n ? NEXT : 0,
					    (uint16_t)(i + 1) };
		at += len;
	}
}

static bool sent(struct guest *g, struct tap *t, uint32_t seq, size_t len)
{
	struct vring_used_elem e;
	long n;

	ring_publish(&g->q[TX], 0);
	ring_kick(&g->q[TX]);
	if (!ring_wait(&g->q[TX], PATIENCE) || !ring_take(&g->q[TX], &e) || e.id != 0)
		return false;
	n = far_recv(t->far, got, sizeof(got), PATIENCE);
	return n == (long)len && frame_check(got, (size_t)n) == seq;
}

static void shapes(uint64_t features, const char *what)
{
	static const unsigned int sizes[] = { 60, 64, 300, 1500, 4000, 9000, 60000 };
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];
	struct vring_desc *d;
	uint32_t seq = 1;

	guest_start(&g, features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	sh("ip link set dev vl0 mtu 65521");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		big_frame(&g, sizes[i], seq);
		desc_set(q, 0, gpa_of(BIG), g.hdr_len + sizes[i], 0, 0);
		tap_ok(sent(&g, &t, seq++, sizes[i]), "%s: one descriptor of %u bytes", what,
		       sizes[i]);
		big_frame(&g, sizes[i], seq);
		split(q->desc, g.hdr_len + sizes[i], 2, g.hdr_len);
		tap_ok(sent(&g, &t, seq++, sizes[i]), "%s: header apart, %u bytes", what, sizes[i]);
	}
	big_frame(&g, 1500, seq);
	split(q->desc, g.hdr_len + 1500, 3, 4);
	tap_ok(sent(&g, &t, seq++, 1500), "%s: a border inside the header", what);
	big_frame(&g, 1500, seq);
	split(q->desc, g.hdr_len + 1500, 2, g.hdr_len + 5);
	tap_ok(sent(&g, &t, seq++, 1500), "%s: a border inside the link header", what);
	big_frame(&g, 1000, seq);
	split(q->desc, g.hdr_len + 1000, 256, 1);
	tap_ok(sent(&g, &t, seq++, 1000), "%s: a chain of 256 descriptors", what);
	big_frame(&g, 60000, seq);
	split(q->desc, g.hdr_len + 60000, 250, 3);
	tap_ok(sent(&g, &t, seq++, 60000), "%s: 60000 bytes in 250 descriptors", what);
	if (!(features & F_INDIRECT))
		goto out;
	d = (struct vring_desc *)(g.mem + slot(10));
	for (unsigned int n = 1; n <= 256; n *= 4) {
		big_frame(&g, 2000, seq);
		if (n == 1)
			d[0] = (struct vring_desc){ gpa_of(BIG), g.hdr_len + 2000, 0, 0 };
		else
			split(d, g.hdr_len + 2000, n, g.hdr_len);
		desc_set(q, 0, gpa_of(slot(10)), n * 16, INDIRECT, 0);
		tap_ok(sent(&g, &t, seq++, 2000), "%s: indirect table of %u", what, n);
	}
	if (features & F_PACKED)
		goto out;
	/* A direct descriptor may lead to an indirect one: header, then the rest. */
	big_frame(&g, 700, seq);
	d[0] = (struct vring_desc){ gpa_of(BIG) + g.hdr_len, 700, 0, 0 };
	desc_set(q, 0, gpa_of(BIG), g.hdr_len, NEXT, 1);
	desc_set(q, 1, gpa_of(slot(10)), 16, INDIRECT, 0);
	tap_ok(sent(&g, &t, seq++, 700), "%s: a direct descriptor before an indirect one", what);
out:
	guest_stop(&g);
	tap_del(&t);
}

/* Full rings, in order, across the wrap of the 16-bit indexes. */
static void bursts(uint64_t features, const char *what)
{
	unsigned int lost = 0, unordered = 0, unreturned = 0;
	uint32_t seq = 0, expect = 0;
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	tap_err(ring_begin(q, 65300), 0, "%s: start at index 65300", what);
	guest_backend(&g, t.fd);
	for (int round = 0; round < 8; round++) {
		for (unsigned int i = 0; i < 256; i++, seq++) {
			size_t len = 60 + seq * 7 % 1400;

			memset(g.mem + slot(i), 0, g.hdr_len);
			frame_make(g.mem + slot(i) + g.hdr_len, len, seq);
			desc_set(q, i, gpa_of(slot(i)), (uint32_t)(g.hdr_len + len), 0, 0);
			ring_publish(q, (uint16_t)i);
		}
		ring_call_at(q, q->avail_idx);
		ring_kick(q);
		for (unsigned int i = 0; i < 256; i++) {
			if (!ring_wait(q, PATIENCE) || !ring_take(q, &e))
				unreturned++;
			else if (e.len)
				unordered += 1000;
		}
		for (; expect < seq; expect++) {
			long n = far_recv(t.far, got, sizeof(got), 1000);

			if (n < 0)
				lost++;
			else if (frame_check(got, (size_t)n) != expect)
				unordered++;
		}
	}
	tap_is(unreturned, 0, "%s: every buffer of 8 full rings is returned", what);
	tap_is(lost, 0, "%s: every frame arrives", what);
	tap_is(unordered, 0, "%s: in order, unchanged, nothing written to them", what);
	tap_is(ring_base(q), (uint16_t)(65300 + 2048), "%s: the index wrapped", what);
	guest_stop(&g);
	tap_del(&t);
}

static void calls(uint64_t features)
{
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 60), "a frame with calls wanted");
	tap_ok(event_wait(q->call, 1000), "it is followed by a call");
	event_clear(q->call);
	ring_no_calls(q);
	tap_ok(tx_one(&g, t.far, 2, 60), "a frame with calls unwanted");
	tap_ok(!event_wait(q->call, 100), "no call follows");
	guest_stop(&g);

	guest_start(&g, features | F_EVENT, 256);
	guest_backend(&g, t.fd);
	ring_call_at(q, 2);
	tap_ok(tx_one(&g, t.far, 3, 60), "event index 2: the first frame");
	/* A device that has never called may call once, whatever the index. */
	event_clear(q->call);
	tap_ok(tx_one(&g, t.far, 4, 60), "event index 2: the second frame");
	tap_ok(!event_wait(q->call, 100), "no call yet");
	tap_ok(tx_one(&g, t.far, 5, 60), "event index 2: the third frame");
	tap_ok(event_wait(q->call, 1000), "now it comes");
	event_clear(q->call);
	tap_ok(tx_one(&g, t.far, 6, 60), "event index 2: the fourth frame");
	tap_ok(!event_wait(q->call, 100), "and none after it");
	guest_stop(&g);
	tap_del(&t);
}

/* Frames of 0..13 bytes between good ones, then a flood of them. */
static void short_frames(void)
{
	unsigned int returned = 0, good = 0;
	struct vring_used_elem e;
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];
	long long before, missing;
	bool stuck = false;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 28; i++) {
		unsigned int len = i & 1 ? 80 : i / 2;

		memset(g.mem + slot(i), 0, g.hdr_len);
		frame_make(g.mem + slot(i) + g.hdr_len, 80, i);
		desc_set(q, i, gpa_of(slot(i)), g.hdr_len + len, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
	while (returned < 28 && ring_wait(q, 2000) && ring_take(q, &e))
		returned++;
	tap_is(returned, 28, "frames of 0 to 13 bytes: every buffer is returned");
	for (long n; (n = far_recv(t.far, got, sizeof(got), 300)) > 0;)
		good += n == 80 && frame_check(got, (size_t)n) >= 0;
	tap_is(good, 14, "and every good frame between them is sent");

	before = free_kib();
	for (unsigned int i = 0; i < 256; i++)
		desc_set(q, i, gpa_of(slot(i)), g.hdr_len + 1 + i % 13, 0, 0);
	for (int round = 0; round < 80 && !stuck; round++) {
		for (unsigned int i = 0; i < 256; i++)
			ring_publish(q, (uint16_t)i);
		ring_kick(q);
		for (unsigned int i = 0; i < 256 && !stuck; i++)
			stuck = !ring_wait(q, 2000) || !ring_take(q, &e);
	}
	tap_ok(!stuck, "20480 short frames: every buffer is returned");
	/* A page each would be 80 MiB. */
	missing = missing_kib(before, 20000);
	tap_ok(missing < 20000, "their memory is given back (%lld KiB less)", missing);
	ring_repair(q, t.fd);
	tap_ok(tx_one(&g, t.far, 99, 100), "a good frame afterwards");
	guest_stop(&g);
	tap_del(&t);
}

/* Virtio headers that ask for the impossible, and frames that are too long. */
static void bad_frames(void)
{
	static const struct {
		const char *name;
		struct virtio_net_hdr h;
		size_t len;
	} bad[] = {
		{ "header longer than the frame", { 0, 1, 60000, 1000, 14, 0 }, 100 },
		{ "checksum start beyond the frame", { 1, 0, 0, 0, 60000, 6 }, 100 },
		{ "checksum offset beyond the frame", { 1, 0, 0, 0, 90, 60000 }, 100 },
		{ "unknown segmentation type", { 0, 0x7f, 54, 1000, 34, 16 }, 100 },
		{ "segment size 0", { 1, 1, 54, 0, 34, 16 }, 1500 },
		{ "no segmentation, but a header length", { 0, 0, 65535, 0, 0, 0 }, 100 },
		{ "frame of 70000 bytes", { 0 }, 70000 },
		{ "frame of 1 MiB", { 0 }, 1 << 20 },
		{ "frame of 4 MiB", { 0 }, 4 << 20 },
	};
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct vring_used_elem e;
		bool returned, quiet, good;

		ring_repair(q, t.fd);
		big_frame(&g, 1500, 7);
		memcpy(g.mem + BIG, &bad[i].h, sizeof(bad[i].h));
		desc_set(q, 5, gpa_of(BIG), (uint32_t)(g.hdr_len + bad[i].len), 0, 0);
		ring_publish(q, 5);
		ring_kick(q);
		returned = ring_wait(q, 2000) && ring_take(q, &e) && e.id == 5;
		quiet = worker_sleeps(100);
		while (far_recv(t.far, got, sizeof(got), 0) > 0)
			;
		if (!returned)
			ring_repair(q, t.fd);
		good = tx_one(&g, t.far, 1, 100);
		if (!is_ours() && (!returned || !quiet)) {
			tap_skip(1, "the in-tree module is weak here", bad[i].name);
			continue;
		}
		tap_ok(returned && quiet && good,
		       "%s: buffer returned%s, worker sleeps%s, next frame sent%s", bad[i].name,
		       returned ? "" : " NOT", quiet ? "" : " NOT", good ? "" : " NOT");
	}
	guest_stop(&g);
	tap_del(&t);
}

/*
 * More frames wait at the far end than the pages of their fragments hold: none is overwritten by
 * a later one. Would fail if a page were reused while a frame in it is under way.
 */
static void held(void)
{
	static uint8_t got[SLOT_SIZE];
	unsigned int right = 0, sent = 0;
	int room = 16 << 20;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	if (setsockopt(t.far, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		tap_bail("SO_RCVBUFFORCE: %s", strerror(errno));
	guest_backend(&g, t.fd);
	for (; sent < HELD; sent++) {
		struct ring *q = &g.q[TX];
		struct vring_used_elem e;

		memset(g.mem + slot(0), 0, g.hdr_len);
		frame_make(g.mem + slot(0) + g.hdr_len, 1000, sent);
		desc_set(q, 0, gpa_of(slot(0)), g.hdr_len + 1000, 0, 0);
		ring_publish(q, 0);
		ring_kick(q);
		if (!ring_wait(q, 2000) || !ring_take(q, &e))
			break;
	}
	for (unsigned int i = 0; i < sent; i++)
		right += far_recv(t.far, got, sizeof(got), 2000) == 1000 &&
			 frame_check(got, 1000) == i;
	tap_is(right, HELD, "%d frames of 1000 bytes that wait: all as they were sent", HELD);
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	shapes(F_V1 | F_MRG | F_INDIRECT, "12-byte header");
	shapes(0, "legacy header");
	bursts(F_V1, "flags");
	bursts(F_V1 | F_EVENT, "event index");
	calls(F_V1);
	if (is_ours()) {
		shapes(F_V1 | F_MRG | F_INDIRECT | F_PACKED, "packed");
		bursts(F_V1 | F_PACKED, "packed, flags");
		bursts(F_V1 | F_PACKED | F_EVENT, "packed, event index");
		bursts(F_V1 | F_PACKED | F_ORDER, "packed, in order");
		calls(F_V1 | F_PACKED);
	}
	short_frames();
	bad_frames();
	held();
	return tap_done();
}
