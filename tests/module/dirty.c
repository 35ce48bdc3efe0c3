// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log against what was really written. Each case is made by chance
 * from a seed: features, ring size and position, regions, chains of any shape
 * over page borders, frames that need one buffer or many. When the queue is
 * unbound again, the kernel's own marks say which pages the device wrote, and
 * the log must name these and no other.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dirty.h"
#include "nic.h"
#include "tap.h"

#define NEXT	  VRING_DESC_F_NEXT
#define WRITE	  VRING_DESC_F_WRITE
#define INDIRECT  VRING_DESC_F_INDIRECT
#define PATIENCE  5000
#define SHIFT	  0x8000000ULL /* the log of the rings in another page of the log */
#define MAX_SEGS  24u
#define MAX_CHAIN 64u
#define MAX_FRAME 9000u

struct seg {
	size_t off;
	uint32_t len;
};

struct chain {
	struct seg seg[MAX_SEGS];
	unsigned int n;
	size_t room;
};

struct queued {
	size_t len;
	uint32_t seq;
	unsigned int first, chains; /* none: the frame fits nowhere */
};

/* One case. */
static struct guest g;
static struct places places;
static struct tap with_header, without;
static uint8_t *bitmap;
static uint64_t shift;
static size_t bump; /* guest memory up to here is given out */
static struct chain chains[2][MAX_CHAIN];
static struct queued frames[MAX_CHAIN];
static unsigned int n_chains[2], n_frames, next_desc;
static uint32_t next_seq;
static uint16_t held[2][MAX_CHAIN]; /* heads that publish() puts into a packed ring */
static unsigned int n_held[2];

static unsigned int chance(unsigned int n)
{
	return (unsigned int)rand() % n;
}

static size_t take(size_t len)
{
	size_t at = bump + chance(9000);

	if (at + len > GUEST_MEM)
		return 0;
	bump = at + len;
	return at;
}

static uint32_t seg_len(void)
{
	static const uint32_t odd[] = { 1, 9, 10, 11, 12, 13, 14, 4096, 4097, 8192 };

	return chance(3) ? 1 + chance(2500) : odd[chance(sizeof(odd) / sizeof(*odd))];
}

/* Cuts room bytes or more into segments; false when memory is used up. */
static bool chain_make(struct chain *c, size_t room, unsigned int most)
{
	c->n = 1 + chance(most);
	c->room = 0;
	for (unsigned int i = 0; i < c->n; i++) {
		struct seg *s = &c->seg[i];

		s->len = seg_len();
		if (i == c->n - 1 && c->room + s->len < room)
			s->len = (uint32_t)(room - c->room);
		s->off = take(s->len);
		if (!s->off)
			return false;
		c->room += s->len;
	}
	return true;
}

/* Puts a chain into the ring, in a table of its own or directly. */
static bool chain_post(struct ring *q, const struct chain *c, uint16_t flags)
{
	bool table = g.features & F_INDIRECT && (chance(2) || next_desc + c->n > q->num);
	uint16_t head = (uint16_t)next_desc;
	struct vring_desc *d = q->desc;
	unsigned int at = next_desc;

	if (next_desc + (table ? 1 : c->n) > q->num)
		return false;
	if (table) {
		size_t off = (take(c->n * sizeof(*d) + 16) + 15) & ~15UL;

		if (off < SLOTS)
			return false;
		desc_set(q, head, gpa_of(off), c->n * (uint32_t)sizeof(*d), INDIRECT, 0);
		d = (void *)(g.mem + off);
		at = 0;
	}
	next_desc += table ? 1 : c->n;
	for (unsigned int i = 0; i < c->n; i++, at++)
		d[at] = (struct vring_desc){ gpa_of(c->seg[i].off), c->seg[i].len,
					     flags | (i < c->n - 1 ? NEXT : 0),
					     (uint16_t)(at + 1) };
	if (q->packed)
		held[q->index][n_held[q->index]++] = head;
	else
		q->avail->ring[q->avail_idx++ & (q->num - 1)] = head;
	return true;
}

/* Segments of a chain: few where they take entries of the ring. */
static unsigned int most_segs(const struct ring *q)
{
	if (g.features & F_INDIRECT)
		return MAX_SEGS;
	return q->num < 6 ? q->num : 6;
}

/* Receive buffers, and frames for them; which needs which is known here. */
static void plan_receive(void)
{
	unsigned int used = 0;

	next_desc = 0;
	for (n_chains[RX] = 0; n_chains[RX] < MAX_CHAIN; n_chains[RX]++) {
		struct chain *c = &chains[RX][n_chains[RX]];

		if (!chain_make(c, 80, most_segs(&g.q[RX])) || !chain_post(&g.q[RX], c, WRITE))
			break;
		for (unsigned int i = 0; i < c->n; i++)
			memset(g.mem + c->seg[i].off, 0xee, c->seg[i].len);
	}
	for (n_frames = 0; n_frames < MAX_CHAIN; n_frames++) {
		struct queued *f = &frames[n_frames];
		size_t room = 0;

		f->len = 60 + chance(chance(3) ? 1440 : MAX_FRAME - 60);
		f->seq = next_seq++;
		f->first = used;
		f->chains = 0;
		while (room < f->len + g.hdr_len && used + f->chains < n_chains[RX] &&
		       (!f->chains || g.features & F_MRG))
			room += chains[RX][used + f->chains++].room;
		if (used + f->chains == n_chains[RX] && room < f->len + g.hdr_len)
			break;
		if (room < f->len + g.hdr_len)
			f->chains = 0;
		used += f->chains;
	}
}

static void plan_transmit(void)
{
	static uint8_t image[60000];

	next_desc = 0;
	for (n_chains[TX] = 0; n_chains[TX] < MAX_CHAIN; n_chains[TX]++) {
		struct chain *c = &chains[TX][n_chains[TX]];
		size_t at = 0;

		if (!chain_make(c, g.hdr_len + 60, most_segs(&g.q[TX])) ||
		    c->room > sizeof(image) || !chain_post(&g.q[TX], c, 0))
			break;
		memset(image, 0, g.hdr_len);
		frame_make(image + g.hdr_len, c->room - g.hdr_len, n_chains[TX]);
		for (unsigned int i = 0; i < c->n; at += c->seg[i++].len)
			memcpy(g.mem + c->seg[i].off, image + at, c->seg[i].len);
	}
}

/* Bytes of a frame, out of the chains it was put into; -1: a wrong used entry. */
static long gather(uint8_t *to, const struct queued *f)
{
	struct ring *q = &g.q[RX];
	size_t n = 0;

	for (unsigned int i = 0; i < f->chains; i++) {
		const struct chain *c = &chains[RX][f->first + i];
		struct vring_used_elem e;
		size_t left;

		if (!ring_wait(q, PATIENCE) || !ring_take(q, &e) || e.len > c->room)
			return -1;
		left = e.len;
		for (unsigned int k = 0; left; k++) {
			size_t part = left < c->seg[k].len ? left : c->seg[k].len;

			memcpy(to + n, g.mem + c->seg[k].off, part);
			n += part;
			left -= part;
		}
	}
	return (long)n;
}

static void publish(struct ring *q)
{
	for (unsigned int i = 0; i < n_held[q->index]; i++)
		ring_publish(q, held[q->index][i]);
	n_held[q->index] = 0;
	if (!q->packed)
		__atomic_store_n(&q->avail->idx, q->avail_idx, __ATOMIC_RELEASE);
	ring_kick(q);
}

static unsigned int traffic(int far, bool published)
{
	static uint8_t out[MAX_FRAME], in[100000];
	unsigned int bad = 0;

	for (unsigned int i = 0; i < n_frames; i++) {
		frame_make(out, frames[i].len, frames[i].seq);
		bad += far_send(far, out, frames[i].len) != 0;
		if (!published && i == n_frames / 2)
			publish(&g.q[RX]);
	}
	if (!published) {
		publish(&g.q[RX]);
		publish(&g.q[TX]);
	}
	for (unsigned int i = 0; i < n_frames; i++) {
		struct queued *f = &frames[i];
		long n = gather(in, f);

		bad += f->chains && (n != (long)(f->len + g.hdr_len) ||
				     frame_check(in + g.hdr_len, f->len) != f->seq);
	}
	for (unsigned int i = 0; i < n_chains[TX]; i++) {
		long n = far_recv(far, in, sizeof(in), PATIENCE);

		bad += n != (long)(chains[TX][i].room - g.hdr_len) ||
		       frame_check(in, (size_t)n) != i;
	}
	return bad;
}

/*
 * Anywhere its alignment allows. In a corner: the used index is the last of its
 * page, so that entries written over the ring's end lie on a page of their own.
 */
static void ring_offsets(struct ring *q, bool corner)
{
	static const size_t odd[] = { 0, 4088, 4092, 4096 };

	q->off_avail += q->packed ? chance(1024) * 4 : chance(2048) * 2;
	q->off_used += corner ? 4092 : chance(2) ? chance(1024) * 4 : odd[chance(4)];
	if (q->packed)
		return; /* ring_begin() looks there */
	q->avail = (void *)(g.mem + q->off_avail);
	q->used = (void *)(g.mem + q->off_used);
}

/* A position of the rings: anywhere, often a little before it wraps. */
static void rings_at(uint16_t idx)
{
	for (unsigned int i = 0; i < 2; i++) {
		n_held[i] = 0;
		if (ring_begin(&g.q[i], idx))
			tap_bail("SET_VRING_BASE");
	}
}

static void log_rings(uint64_t to)
{
	shift = to;
	if (places_set_rings(&places, to))
		tap_bail("SET_VRING_ADDR");
}

/* A device that logs from the start, not bound yet; its far end. */
static struct tap *prepare(uint64_t features, unsigned int num, unsigned int regions)
{
	uint64_t logged = features | F_LOG;
	struct tap *t = features & F_HDR ? &without : &with_header;
	int hdr;

	guest_start(&g, features, num);
	hdr = (int)g.hdr_len;
	if (t == &with_header && ioctl(t->fd, TUNSETVNETHDRSZ, &hdr))
		tap_bail("TUNSETVNETHDRSZ: %s", strerror(errno));
	places_init(&places, &g, GUEST_MEM, regions);
	memset(bitmap, 0, LOG_BYTES);
	if (places_set_table(&places, 0) || log_base(&g, bitmap) ||
	    dev_ioctl(g.fd, VHOST_SET_FEATURES, &logged))
		tap_bail("log");
	bump = SLOTS;
	return t;
}

static void finish(struct tap *t)
{
	uint8_t frame[MAX_FRAME];

	guest_backend(&g, -1);
	/* A frame that fits nowhere may not have been dropped yet. */
	while (read(t->fd, frame, sizeof(frame)) > 0)
		;
	guest_stop(&g);
	places_free(&places);
}

/* Memory that differs from the copy is memory the log names. */
static unsigned int changed_unnamed(const uint8_t *before)
{
	unsigned int n = 0;

	for (size_t off = 0; off < GUEST_MEM; off += LOG_PAGE)
		n += memcmp(before + off, g.mem + off, LOG_PAGE) &&
		     !log_names(bitmap, gpa_of(off) + (dirty_shifted(&g, off) ? shift : 0));
	return n;
}

static void random_case(unsigned int number, unsigned int its_seed)
{
	static const uint64_t bits[] = { F_V1, F_MRG, F_EVENT, F_INDIRECT };
	static uint8_t before[GUEST_MEM];
	/* With all in the ring beforehand only the device writes. */
	bool published = number & 1, corner = number % 8 == 7;
	uint64_t features = 0;
	unsigned int num, regions;
	struct tap *t;
	char what[120];

	srand(its_seed);
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		features |= chance(2) ? bits[i] : 0;
	features |= chance(6) ? 0 : F_HDR;
	/* The in-tree module of these kernels does not offer it. */
	features |= is_ours() && chance(2) ? F_ORDER : 0;
	features |= is_ours() && chance(3) == 0 ? F_PACKED : 0;
	num = corner ? 1024 : 4u << chance(9);
	regions = 1 + chance(64);
	t = prepare(features, num, regions);
	ring_offsets(&g.q[RX], corner);
	ring_offsets(&g.q[TX], corner);
	log_rings(chance(2) ? SHIFT : 0);
	rings_at((uint16_t)(corner || chance(2) ? 0 - chance(50) : chance(65536)));
	plan_receive();
	plan_transmit();
	snprintf(what, sizeof(what), "seed %u: features %llx, ring of %u, %u regions", its_seed,
		 (unsigned long long)features, num, regions);
	if (published) {
		publish(&g.q[RX]);
		publish(&g.q[TX]);
		memcpy(before, g.mem, GUEST_MEM);
	}
	dirty_clear();
	guest_backend(&g, t->fd);
	tap_is(traffic(t->far, published), 0, "%s: %u frames in, %u out, all right", what, n_frames,
	       n_chains[TX]);
	guest_backend(&g, -1);
	dirty_compare(&places, bitmap, 0, shift, what);
	if (published)
		tap_is(changed_unnamed(before), 0, "%s: memory changed where the log says", what);
	tap_ok(!event_wait(g.q[RX].err, 0) && !event_wait(g.q[TX].err, 0), "%s: no error event",
	       what);
	finish(t);
}

/*
 * A log that cannot be written, in part: it is reported, frames pass all the same,
 * what can be written is right, and afterwards all is exact again.
 */
static void broken(bool rings, const char *what)
{
	const uint64_t page = (GUEST_GPA + (rings ? SHIFT : 0)) / LOG_PAGE / 8 & ~4095ULL;
	struct tap *t = prepare(F_V1 | F_MRG | F_EVENT, 256, 1);
	static uint8_t half[LOG_BYTES];
	unsigned int named = 0;

	log_rings(SHIFT);
	stats_find();
	mprotect(bitmap + page, 4096, PROT_READ);
	guest_backend(&g, t->fd);
	tap_ok(rx_one(&g, t->far, 1, 500), "%s cannot be logged: a frame comes in", what);
	tap_ok(tx_one(&g, t->far, 2, 500), "%s cannot be logged: a frame goes out", what);
	guest_backend(&g, -1);
	if (is_ours()) {
		tap_ok(event_wait(g.q[RX].err, PATIENCE), "%s cannot be logged: error event", what);
		tap_ok(stat_of("rx", "log_errors") > 0 && stat_of("rx", "error_log") > 0,
		       "%s cannot be logged: counted", what);
		event_clear(g.q[RX].err);
		event_clear(g.q[TX].err);
	}
	memcpy(half, bitmap, sizeof(half));
	for (uint64_t gpa = 0; gpa < LOG_PAGES * LOG_PAGE; gpa += LOG_PAGE)
		named += log_names(half, gpa);
	tap_ok(named && log_names(half, gpa_of(slot(0))) == rings &&
		       log_names(half, gpa_of(g.q[RX].off_used) + SHIFT) == !rings,
	       "%s cannot be logged: the rest is", what);
	mprotect(bitmap + page, 4096, PROT_READ | PROT_WRITE);
	memset(bitmap, 0, LOG_BYTES);
	dirty_clear();
	guest_backend(&g, t->fd);
	tap_ok(rx_one(&g, t->far, 3, 500) && tx_one(&g, t->far, 4, 500), "%s: writable again",
	       what);
	guest_backend(&g, -1);
	/* The driver's own buffers lie in its own mapping: not the device's. */
	dirty_compare(&places, bitmap, 0, SHIFT, what);
	tap_ok(!event_wait(g.q[RX].err, 0), "%s: no error event any more", what);
	finish(t);
}

int main(int argc, char **argv)
{
	unsigned int times;

	guest_args(argc, argv);
	times = rounds ?: 60;
	net_private();
	bitmap = log_new();
	if (!dirty_works()) {
		tap_skip(1, "this kernel does not mark written pages (MEM_SOFT_DIRTY)",
			 "dirty log");
		return tap_done();
	}
	tap_new(&with_header, "vl0", 12);
	tap_new(&without, "vl1", 0);
	sh("ip link set dev vl0 mtu 65521; ip link set dev vl1 mtu 65521");
	for (unsigned int i = 0; i < times; i++)
		random_case(i, seed + i);
	broken(false, "payload");
	broken(true, "used ring");
	tap_del(&with_header);
	tap_del(&without);
	log_free(bitmap);
	return tap_done();
}
