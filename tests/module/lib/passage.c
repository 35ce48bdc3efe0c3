// SPDX-License-Identifier: GPL-2.0-only
/* Faults of the packet path: see passage.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "iommu.h"
#include "nic.h"
#include "passage.h"
#include "tap.h"

#define NUM	 256u
#define ROOM	 2048u /* bytes of a buffer */
#define PIECE	 512u /* bytes of one, where a frame takes several */
#define PATIENCE 3000
/* All places up to this one are tried, of those behind it some, unless --rounds is given. */
#define ALL   96u
#define STEP  13u
#define TABLE 0x400000u /* indirect tables, as an offset in guest memory */
#define LOG   0xc00000u /* the dirty log: pages of the guest's that nothing else uses */

enum { WHOLE, PIECES, TABLES };

static const struct passage {
	const char *name;
	uint64_t features;
	unsigned int burst, len;
	int shape;
	bool thread; /* the device's own thread serves, else the kicking one: worker=caller */
	bool fresh; /* the backend is set again before each fault, so that the first burst meets it */
	bool packet; /* a packet socket, else a tap */
	const char *knob, *value, *normal;
} list[] = {
	{ "split", 0, 1, 100, WHOLE, .fresh = false },
	{ "split, 64 frames", 0, 64, 100, WHOLE, .fresh = false },
	{ "split, long frames", 0, 4, 1400, WHOLE, .fresh = false },
	{ "split, in pieces", 0, 3, 1100, PIECES, .fresh = false },
	{ "split, tables", F_INDIRECT, 3, 100, TABLES, .fresh = false },
	{ "split, after SET_BACKEND", 0, 3, 100, WHOLE, .fresh = true },
	{ "split, event index, its own thread", F_EVENT, 8, 100, WHOLE, .thread = true },
	{ "packed", F_PACKED, 1, 100, WHOLE, .fresh = false },
	{ "packed, 64 frames", F_PACKED, 64, 100, WHOLE, .fresh = false },
	{ "packed, in pieces", F_PACKED, 3, 1100, PIECES, .fresh = false },
	{ "packed, tables", F_PACKED | F_INDIRECT, 3, 100, TABLES, .fresh = false },
	{ "packed, its own thread", F_PACKED | F_ORDER, 8, 100, WHOLE, .thread = true },
	{ "IOTLB, split", F_PLATFORM, 3, 100, WHOLE, .fresh = false },
	{ "IOTLB, packed", F_PLATFORM | F_PACKED, 3, 100, WHOLE, .fresh = false },
	{ "log, split", F_LOG, 3, 100, WHOLE, .fresh = false },
	{ "log, packed", F_LOG | F_PACKED, 3, 100, WHOLE, .fresh = false },
	{ "packet socket", F_HDR, 3, 100, WHOLE, .packet = true },
	{ "without arrays", 0, 3, 100, WHOLE, false, false, false, "without", "all", "none" },
	{ "by reference", 0, 3, 1400, WHOLE, true, true, false, "zerocopy", "500", "0" },
	{ "mapped rings", 0, 3, 100, WHOLE, true, true, false, "ring_access", "pinned", "uaccess" },
};

static const struct passage *now;
static struct iommu m;
static struct guest plain, *g;
static struct fault victim;
static struct tap t;
static int backend, far_end, tid;
static uint32_t seq;
static bool mapped; /* by the IOTLB */

/* What came of all faults of one direction. */
static struct {
	unsigned int faults, lost, rings;
	const char *wrong; /* the first time it was not right, in words; and then at which place */
	unsigned int nth;
} sum;

static void wrong(const char *what, unsigned int nth)
{
	if (sum.wrong)
		return;
	sum.wrong = what;
	sum.nth = nth;
}

static unsigned int chain_of(const struct ring *q)
{
	return q->index == RX && now->shape == PIECES ? (now->len + g->hdr_len + PIECE - 1) / PIECE
						      : 1;
}

static size_t place(unsigned int i)
{
	return slot(i);
}

/* Buffer i, of len bytes, in the shape that is tried. */
static void post(struct ring *q, unsigned int i, uint32_t len)
{
	uint16_t write = q->index == RX ? VRING_DESC_F_WRITE : 0;
	struct vring_desc *table = (void *)(g->mem + TABLE + (size_t)(q->index * NUM + i) * 64);
	uint64_t at = gpa_of(place(i));

	if (now->shape == TABLES) {
		table[0] = (struct vring_desc){ at, g->hdr_len,
						(uint16_t)(write | VRING_DESC_F_NEXT), 1 };
		table[1] = (struct vring_desc){ at + g->hdr_len, len - g->hdr_len, write, 0 };
		desc_set(q, i, gpa_of((size_t)((uint8_t *)table - g->mem)), 32,
			 VRING_DESC_F_INDIRECT, 0);
	} else if (now->shape == PIECES && !write) {
		desc_set(q, i, at, g->hdr_len, VRING_DESC_F_NEXT, (uint16_t)(i + 1));
		desc_set(q, i + 1, at + g->hdr_len, len - g->hdr_len, 0, 0);
	} else {
		desc_set(q, i, at, len, write, 0);
	}
	ring_publish(q, (uint16_t)i);
}

/* Used entries of the burst, each of which may come once. */
struct came {
	unsigned int n;
	bool wrong, seen[NUM];
	struct vring_used_elem e[NUM];
};

static void take_used(struct ring *q, struct came *c)
{
	struct vring_used_elem e;

	while (ring_take(q, &e)) {
		if (e.id >= NUM || c->seen[e.id] || c->n == NUM) {
			c->wrong = true;
			continue;
		}
		c->seen[e.id] = true;
		c->e[c->n++] = e;
	}
}

/* Until so many entries are back, or the thread sleeps and none comes. */
static void settle(struct ring *q, struct came *c, unsigned int want)
{
	uint64_t end = now_ns() + PATIENCE * 1000000ULL;
	unsigned int asleep = 0;

	for (;;) {
		unsigned int before = c->n;

		asleep = thread_state(tid) == 'S' ? asleep + 1 : 0;
		take_used(q, c);
		if (c->n != before)
			asleep = 0;
		/* Asleep although all is back: nothing of this run is left to be counted. */
		if (asleep > (c->n >= want ? 0 : 2))
			return;
		if (now_ns() > end) {
			c->wrong = true;
			return;
		}
		if (asleep || now->thread)
			sleep_ms(asleep ? 1 : 0);
	}
}

/* Whether a fault was met; *served: the thread that may meet it has run the queue. */
static bool kick_with_fault(struct ring *q, struct came *c, unsigned int want, unsigned int nth,
			    bool *served)
{
	uint64_t one = 1;
	unsigned int left;

	if (!nth) {
		ring_kick(q);
		settle(q, c, want);
		*served = true;
		return false;
	}
	fault_arm(&victim, nth);
	/* Where the kick is the caller's first copy that fails, there was no kick. */
	if (write(q->kick, &one, sizeof(one)) != sizeof(one) && errno != EFAULT)
		tap_bail("kick: %s", strerror(errno));
	if (now->thread)
		settle(q, c, want);
	left = fault_left(&victim);
	settle(q, c, want);
	/* The kick, and the look whether there was a fault, are two. */
	*served = !left || now->thread || nth - left > 1;
	return !left;
}

/* What was not taken for a fault is taken with the next kick. */
static void kick_again(struct ring *q, struct came *c, unsigned int want)
{
	for (int i = 0; i < 2 && c->n < want; i++) {
		ring_kick(q);
		settle(q, c, want);
	}
}

/* Nothing that was sent before is on its way any more. */
static void forget_frames(void)
{
	uint8_t buf[4096];

	while (far_recv(far_end, buf, sizeof(buf), 0) > 0)
		;
	if (now->packet)
		while (far_recv(backend, buf, sizeof(buf), 0) > 0)
			;
	else
		while (event_wait(backend, 0) && read(backend, buf, sizeof(buf)) > 0)
			;
}

static void ring_again(struct ring *q)
{
	int err = ring_backend(q, -1);

	forget_frames();
	event_clear(q->err);
	event_clear(q->call);
	err = err ?: ring_begin(q, 0);
	err = err ?: ring_backend(q, backend);
	if (err)
		tap_bail("the ring again: %s", strerror(-err));
}

/* Entries that did not come back were lost with a write of the used ring that failed. */
static void entries_lost(struct ring *q, unsigned int nth, long long before)
{
	const char *name = q->index == RX ? "rx" : "tx";

	if (!event_wait(q->err, 0))
		wrong("used entries are missing, without an error event", nth);
	else if (stat_of(name, "error_ring_access") == before)
		wrong("used entries are missing, without a rule that was broken", nth);
	sum.rings++;
	ring_again(q);
}

static long long ring_errors(const struct ring *q)
{
	return stat_of(q->index == RX ? "rx" : "tx", "error_ring_access");
}

/* The numbers of frames that are [from, to), each at most once and in order. */
static unsigned int arrived(uint32_t from, uint32_t to, unsigned int nth)
{
	unsigned int n = 0;
	uint8_t buf[4096];
	long long last = (long long)from - 1;
	long len;

	while ((len = far_recv(far_end, buf, sizeof(buf), n < to - from ? 20 : 0)) > 0) {
		long long is = frame_check(buf, (size_t)len);

		if (len != (long)now->len || is <= last || is >= to)
			wrong("a frame was sent changed, twice, or out of order", nth);
		last = is;
		n++;
	}
	return n;
}

static bool tx_burst(unsigned int nth, unsigned int n, bool *served)
{
	struct ring *q = &g->q[TX];
	long long before = nth ? ring_errors(q) : 0;
	struct came c = { 0 };
	unsigned int got;
	bool hit;

	for (unsigned int i = 0; i < n; i++) {
		uint8_t *p = g->mem + place(2 * i);

		memset(p, 0, g->hdr_len);
		frame_make(p + g->hdr_len, now->len, seq + i);
		post(q, 2 * i, g->hdr_len + now->len);
	}
	seq += n;
	hit = kick_with_fault(q, &c, n, nth, served);
	kick_again(q, &c, n);
	got = arrived(seq - n, seq, nth);
	sum.lost += n - got;
	if (c.wrong)
		wrong("a used entry came twice, or the thread does not sleep", nth);
	if (n - got > hit)
		wrong(hit ? "more than one frame was lost" : "a frame was lost without a fault",
		      nth);
	if (c.n < n && !hit)
		wrong("used entries are missing without a fault", nth);
	if (c.n < n)
		entries_lost(q, nth, before);
	event_clear(q->err);
	return hit;
}

/* What is in the used buffers from number *i on, as one frame; or -1. */
static long long received(const struct came *c, unsigned int *i)
{
	uint8_t buf[8192];
	size_t len = 0;
	unsigned int n = 1;
	struct virtio_net_hdr_mrg_rxbuf h;

	memcpy(&h, g->mem + place(c->e[*i].id), sizeof(h));
	if (g->features & F_MRG)
		n = h.num_buffers;
	if (!n || n > c->n - *i)
		n = c->n - *i;
	for (unsigned int k = 0; k < n; k++) {
		const struct vring_used_elem *e = &c->e[(*i)++];

		if (e->len > ROOM || len + e->len > sizeof(buf))
			return -1;
		memcpy(buf + len, g->mem + place(e->id), e->len);
		len += e->len;
	}
	return len == g->hdr_len + now->len ? frame_check(buf + g->hdr_len, now->len) : -1;
}

static void send_frames(unsigned int n)
{
	uint8_t frame[ROOM];

	for (unsigned int i = 0; i < n; i++) {
		frame_make(frame, now->len, seq++);
		if (far_send(far_end, frame, now->len))
			tap_bail("send: %s", strerror(errno));
	}
}

static bool rx_burst(unsigned int nth, unsigned int n, bool *served)
{
	struct ring *q = &g->q[RX];
	unsigned int chain = chain_of(q), want = n * chain, frames = 0, more = 0;
	long long last = (long long)seq - 1, before = nth ? ring_errors(q) : 0;
	struct came c = { 0 };
	bool hit, told;

	/* The thread finds no buffers for them, and from then on only a kick starts a run. */
	send_frames(n);
	settle(q, &c, 0);
	for (unsigned int i = 0; i < want; i++)
		post(q, i, chain > 1 ? PIECE : ROOM);
	hit = kick_with_fault(q, &c, want, nth, served);
	kick_again(q, &c, want);
	told = event_wait(q->err, 0);
	/* For each frame that was lost there are buffers still; unless those are lost. */
	if (c.n < want) {
		more = (want - c.n + chain - 1) / chain;
		send_frames(more);
		settle(q, &c, want);
		kick_again(q, &c, want);
	}
	for (unsigned int i = 0; i < c.n; frames++) {
		long long is = received(&c, &i);

		if (is <= last || is >= seq)
			wrong("a frame was received changed, twice, or out of order", nth);
		last = is;
	}
	if (c.wrong)
		wrong("a used entry came twice, or the thread does not sleep", nth);
	if (c.n < want) {
		if (!hit)
			wrong("used entries are missing without a fault", nth);
		entries_lost(q, nth, before);
	} else if (more) {
		sum.lost += more;
		if (more > hit)
			wrong(hit ? "more than one frame was lost"
				  : "a frame was lost without a fault",
			      nth);
		if (!told)
			wrong("a frame was lost without an error event", nth);
	}
	event_clear(q->err);
	return hit;
}

static void setup(void)
{
	uint64_t features = F_V1 | F_MRG | now->features;

	if (knob("worker", now->thread ? "device" : "caller") ||
	    (now->knob && knob(now->knob, now->value)))
		tap_bail("parameters");
	mapped = features & F_PLATFORM;
	if (mapped) {
		iommu_init(&m, features, NUM, 1);
		g = &m.g;
		if (iommu_update(&m, gpa_of(0), GUEST_MEM, places_at(&m.places, 0)) < 0)
			tap_bail("IOTLB");
	} else {
		g = &plain;
		guest_start(g, features, NUM);
	}
	if (features & F_LOG) {
		/* Guest addresses are far up: the bits of guest memory begin at LOG. */
		uint64_t at = (uintptr_t)g->mem + LOG - GUEST_GPA / 4096 / 8;

		if (dev_ioctl(g->fd, VHOST_SET_LOG_BASE, &at))
			tap_bail("SET_LOG_BASE");
		for (int i = 0; i < 2; i++)
			if (ring_addr(&g->q[i], g->mem, BIT64(VHOST_VRING_F_LOG),
				      gpa_of(g->q[i].off_used)))
				tap_bail("SET_VRING_ADDR");
	}
	if (now->packet) {
		if (!modprobe("veth") || sh("ip link add ve0 type veth peer name ve1 1>&2 && "
					    "ip link set ve0 up && ip link set ve1 up"))
			tap_bail("veth pair");
		sleep_ms(200);
		backend = packet_socket("ve0", ETH_TEST, false);
		far_end = packet_socket("ve1", ETH_TEST, false);
	} else {
		tap_new(&t, "vl0", g->hdr_len);
		backend = t.fd;
		far_end = t.far;
	}
	guest_backend(g, backend);
	stats_find();
	tid = worker_tid();
	if (tid < 0)
		tap_bail("no thread");
	fault_open(&victim, now->thread ? tid : 0);
}

static void teardown(void)
{
	fault_close(&victim);
	if (mapped)
		iommu_free(&m);
	else
		guest_stop(g);
	if (now->packet) {
		close(backend);
		close(far_end);
		sh("ip link del ve0");
	} else {
		tap_del(&t);
	}
	if (now->knob)
		knob(now->knob, now->normal);
}

static void direction(bool (*burst)(unsigned int, unsigned int, bool *), struct ring *q)
{
	const char *way = q->index == RX ? "receive" : "transmit";
	unsigned int nth, tries = 0;
	bool hit = true, served;

	memset(&sum, 0, sizeof(sum));
	/* The first frames after SET_BACKEND take another way. */
	burst(0, 2, &served);
	for (nth = 1; hit && !sum.wrong; nth += nth < ALL || rounds ? 1 : STEP) {
		if (now->fresh)
			ring_again(q);
		do
			hit = burst(nth, now->burst, &served);
		while (!served && ++tries < 100);
		sum.faults += hit;
		faults += hit;
		burst(0, 2, &served);
	}
	if (tries == 100)
		wrong("the thread that is to meet the fault does not serve", nth);
	tap_ok(!sum.wrong, "%s, %s: each allocation and copy fails once", now->name, way);
	if (sum.wrong)
		tap_note("fault %u: %s", sum.nth, sum.wrong);
	tap_note("%u faults: %u frames lost, the ring set up again %u times", sum.faults, sum.lost,
		 sum.rings);
}

void passages(void)
{
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		now = &list[i];
		if (!now->thread && knob("worker", "caller")) {
			tap_skip(2, "this kernel does not export task_work_add()", now->name);
			continue;
		}
		setup();
		direction(tx_burst, &g->q[TX]);
		direction(rx_burst, &g->q[RX]);
		teardown();
	}
	knob("worker", "device");
}
