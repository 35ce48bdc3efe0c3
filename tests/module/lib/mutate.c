// SPDX-License-Identifier: GPL-2.0-only
/* A hostile guest under a device that serves it: see mutate.h. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mutate.h"
#include "tap.h"

#define MUTATIONS 40000u /* of one device */
#define VCPUS	  2u
#define CANARY	  0xa5

/* What the table shows: three regions, of which the first two are neighbours for the guest only. */
#define PART	  0x100000u
#define SHOWN	  SLOTS
#define SHOWN_LEN (4 * PART)
#define FAR_GPA	  (1ULL << 32)
/* The rings of a queue: a canary before and behind each of its areas. */
#define RINGS	    0x600000u
#define RINGS_EACH  0x400000u
#define AREA_EACH   0x100000u
#define LOG_BYTES   ((FAR_GPA + SHOWN_LEN) / 4096 / 8)
#define INDIRECT_AT 64u /* tables: one in each such page */

struct area {
	size_t at, len;
};

static struct guest g;
static struct tap *t;
static struct mutations *totals;
static struct area area[2][3];
static uint8_t *dirty; /* the log, and a page of canary behind it */
static atomic_long left; /* mutations */
static atomic_bool ended;
static int backend;

static uint64_t a_gpa(struct dice *d)
{
	switch (below(d, 64)) {
	case 0:
		return roll(d);
	case 1: /* over an end */
		return gpa_of(SHOWN) + below(d, 3) * PART - below(d, 64);
	case 2 ... 20:
		return FAR_GPA + below(d, 2 * PART);
	default:
		return gpa_of(SHOWN) + below(d, 2 * PART);
	}
}

static uint32_t a_length(struct dice *d)
{
	static const uint32_t odd[] = { 0, 1, 9, 11, 13, 4096, 65535, 65536, 1u << 31, ~0u };

	return one_in(d, 64) ? odd[below(d, 10)]
			     : 10 + (uint32_t)below(d, one_in(d, 8) ? 70000 : 300);
}

static uint16_t a_flag(struct dice *d, const struct ring *q)
{
	uint16_t flags = q->index == RX ? VRING_DESC_F_WRITE : 0;

	if (one_in(d, 64))
		return (uint16_t)roll(d);
	flags |= one_in(d, 4) ? VRING_DESC_F_NEXT : 0;
	return one_in(d, 8) ? VRING_DESC_F_INDIRECT : flags;
}

static uint16_t a_head(struct dice *d, const struct ring *q)
{
	return (uint16_t)(one_in(d, 128) ? roll(d) : below(d, q->num));
}

static void put16(void *at, uint16_t v)
{
	__atomic_store_n((uint16_t *)at, v, __ATOMIC_RELEASE);
}

/* A descriptor of either layout: address and length are in the same place. */
static void mutate_desc(struct dice *d, const struct ring *q, uint8_t *at)
{
	struct vring_desc v = { a_gpa(d), a_length(d), a_flag(d, q), a_head(d, q) };

	if (v.flags & VRING_DESC_F_INDIRECT && !one_in(d, 16)) {
		v.addr = gpa_of(SHOWN) + below(d, INDIRECT_AT) * 4096;
		v.len = 16 * (uint32_t)below(d, 40);
	}
	memcpy(at, &v, one_in(d, 32) ? below(d, 17) : sizeof(v));
}

static void mutate_split(struct dice *d, const struct ring *q)
{
	uint8_t *avail = g.mem + q->off_avail;
	uint16_t idx = __atomic_load_n((uint16_t *)(void *)(avail + 2), __ATOMIC_RELAXED);

	switch (below(d, 16)) {
	case 0:
		put16(avail, (uint16_t)(one_in(d, 4) ? roll(d) : below(d, 2)));
		break;
	case 1: /* the event index */
		put16(avail + 4 + 2ul * q->num, (uint16_t)(idx + below(d, 8)));
		break;
	case 2: /* what only the device writes */
		put16(g.mem + q->off_used + 2 * below(d, 2 + 4ul * q->num), (uint16_t)roll(d));
		break;
	case 3 ... 5:
		put16(avail + 4 + 2 * below(d, q->num), a_head(d, q));
		break;
	case 6 ... 9:
		put16(avail + 4 + 2ul * (idx & (q->num - 1)), a_head(d, q));
		put16(avail + 2, (uint16_t)(idx + 1));
		break;
	case 10:
		put16(avail + 2, (uint16_t)(one_in(d, 8) ? roll(d) : idx + below(d, q->num)));
		break;
	default:
		mutate_desc(d, q, g.mem + q->off_desc + 16 * below(d, q->num));
		break;
	}
}

static void mutate_packed(struct dice *d, const struct ring *q)
{
	uint8_t *desc = g.mem + q->off_desc + 16 * below(d, q->num);
	struct vring_packed_desc p = { a_gpa(d), a_length(d), (uint16_t)roll(d), a_flag(d, q) };

	switch (below(d, 16)) {
	case 0:
		put16(g.mem + q->off_avail + 2 * below(d, 2), (uint16_t)roll(d));
		break;
	case 1:
		put16(g.mem + q->off_used + 2 * below(d, 2), (uint16_t)roll(d));
		break;
	case 2 ... 7: /* made available, in this turn or in the next one */
		p.flags &= (uint16_t) ~(PACKED_AVAIL | PACKED_USED);
		memcpy(desc, &p, 14);
		put16(desc + 14, p.flags | (one_in(d, 2) ? PACKED_AVAIL : PACKED_USED));
		break;
	case 8 ... 11: /* those that are there turn round */
		put16(desc + 14, ((struct vring_packed_desc *)(void *)desc)->flags ^
					 (PACKED_AVAIL | PACKED_USED));
		break;
	default:
		mutate_desc(d, q, desc);
		break;
	}
}

static void mutate_one(struct dice *d)
{
	const struct ring *q = &g.q[below(d, 2)];
	uint64_t word = roll(d);

	switch (below(d, 8)) {
	case 0: /* a header, a frame */
		memcpy(g.mem + SHOWN + below(d, SHOWN_LEN - 8), &word, 1 + below(d, 8));
		break;
	case 1:
		mutate_desc(d, q,
			    g.mem + SHOWN + PART + below(d, INDIRECT_AT) * 4096 +
				    16 * below(d, 40));
		break;
	default:
		if (g.features & F_PACKED)
			mutate_packed(d, q);
		else
			mutate_split(d, q);
		break;
	}
}

static void kick(const struct ring *q)
{
	uint64_t one = 1;

	if (write(q->kick, &one, sizeof(one)) < 0 && errno != EAGAIN)
		tap_bail("kick: %s", strerror(errno));
}

/* The queue starts again where the guest has its index, or anywhere. */
static void repair(struct ring *q, struct dice *d)
{
	uint32_t base = *(volatile uint16_t *)(g.mem + q->off_avail + 2);

	if (g.features & F_PACKED)
		base = (uint32_t)(below(d, q->num) | below(d, q->num) << 16) |
		       (roll(d) & 0x80008000);
	event_clear(q->call);
	/* The other vCPU may be doing the same, and then one of both is refused. */
	if (ring_backend(q, -1) || ring_state(q, VHOST_SET_VRING_BASE, base) ||
	    ring_backend(q, backend))
		totals->refused++;
	totals->repairs++;
}

/* A few changes, a kick, and a look whether the queue has stopped for what it found. */
static void *vcpu(void *arg)
{
	struct dice d = { .state = (uintptr_t)arg };
	uint64_t v;

	while (atomic_load(&left) > 0) {
		struct ring *q = &g.q[below(&d, 2)];
		long n = 4 + (long)below(&d, 60);

		for (long i = 0; i < n; i++)
			mutate_one(&d);
		atomic_fetch_sub(&left, n);
		totals->mutations += (unsigned long)n;
		kick(q);
		if (one_in(&d, 4))
			usleep(50);
		if (read(q->err, &v, sizeof(v)) == sizeof(v) || one_in(&d, 256))
			repair(q, &d);
	}
	return NULL;
}

/* The far end: frames of all sizes to the guest, and all that come from it are taken. */
static void *far_end(void *arg)
{
	struct dice d = { .state = (uintptr_t)arg };
	uint8_t frame[1514] = { 0 };

	while (!atomic_load(&ended)) {
		while (recv(t->far, frame, sizeof(frame), MSG_DONTWAIT | MSG_TRUNC) >= 0)
			;
		frame_make(frame, 60 + below(&d, 1400), (uint32_t)below(&d, 1000));
		if (send(t->far, frame, 60 + below(&d, 1400), MSG_DONTWAIT) < 0)
			sleep_ms(1);
		sched_yield();
	}
	return NULL;
}

static void areas(struct ring *q)
{
	bool packed = g.features & F_PACKED;
	size_t end = RINGS + q->index * RINGS_EACH;
	struct area *a = area[q->index];

	a[0].len = 16ul * q->num;
	a[1].len = packed ? 4 : 6 + 2ul * q->num;
	a[2].len = packed ? 4 : 4 + 8ul * q->num + (g.features & F_EVENT ? 2 : 0);
	for (unsigned int i = 0; i < 3; i++) {
		end += AREA_EACH;
		a[i].at = (end - a[i].len) & ~3ul;
		memset(g.mem + a[i].at, 0, a[i].len);
	}
	q->off_desc = a[0].at;
	q->off_avail = a[1].at;
	q->off_used = a[2].at;
}

static bool is_area(size_t at)
{
	for (unsigned int i = 0; i < 6; i++)
		if (at - area[i / 3][i % 3].at < area[i / 3][i % 3].len)
			return true;
	return at - SHOWN < SHOWN_LEN;
}

/* Bytes outside the rings, the table's regions and the log that are not what they were. */
static unsigned int damaged(void)
{
	static uint8_t clean[4096];
	unsigned int n = 0;

	memset(clean, CANARY, sizeof(clean));
	for (size_t at = 0; at < GUEST_MEM; at++) {
		if (!(at % 4096) && !memcmp(g.mem + at, clean, 4096)) {
			at += 4095;
			continue;
		}
		if (g.mem[at] == CANARY || is_area(at))
			continue;
		if (!n++)
			tap_note("first one at 0x%zx", at);
	}
	return n + (memcmp(dirty + LOG_BYTES, clean, 4096) ? 1 : 0);
}

static void table(void)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[3];
	} m = {
		.head = { .nregions = 3 },
		.r = { { gpa_of(SHOWN), PART, (uintptr_t)(g.mem + SHOWN + PART), 0 },
		       { gpa_of(SHOWN) + PART, PART, (uintptr_t)(g.mem + SHOWN), 0 },
		       { FAR_GPA, 2 * PART, (uintptr_t)(g.mem + SHOWN + 2 * PART), 0 } },
	};

	if (dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &m))
		tap_bail("SET_MEM_TABLE");
}

/* A number of a list, by chance, into a knob. */
static const char *choose(struct dice *d, const char *name, const char *const *of, unsigned int n)
{
	const char *value = of[below(d, n)];

	if (is_ours() && knob(name, value))
		tap_bail("%s=%s", name, value);
	return value;
}

static uint64_t features(struct dice *d)
{
	static const uint64_t some[] = { F_MRG, F_EVENT, F_INDIRECT, F_LOG, F_ORDER, F_PACKED };
	uint64_t all, f = F_V1;

	if (dev_ioctl(g.fd, VHOST_GET_FEATURES, &all))
		tap_bail("GET_FEATURES");
	for (unsigned int i = 0; i < sizeof(some) / sizeof(*some); i++)
		f |= one_in(d, 2) ? some[i] : 0;
	return f & all;
}

static bool serves(void)
{
	uint8_t frame[2048];
	bool sent, received;

	for (unsigned int i = 0; i < 2; i++)
		if (ring_backend(&g.q[i], -1))
			return false;
	while (read(t->fd, frame, sizeof(frame)) > 0 ||
	       far_recv(t->far, frame, sizeof(frame), 0) >= 0)
		;
	memset(g.mem, 0, SLOTS);
	if (guest_mem_table(&g, g.mem))
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		g.q[i].num = 256;
		if (ring_state(&g.q[i], VHOST_SET_VRING_NUM, 256))
			return false;
		ring_repair(&g.q[i], t->fd);
	}
	sent = tx_one(&g, t->far, 1, 200);
	received = rx_one(&g, t->far, 2, 300);
	return sent && received;
}

static void threads(struct dice *d)
{
	pthread_t guests[VCPUS], far;

	atomic_store(&left, MUTATIONS);
	atomic_store(&ended, false);
	for (unsigned int i = 0; i < VCPUS; i++)
		if (pthread_create(&guests[i], NULL, vcpu, (void *)(uintptr_t)roll(d)))
			tap_bail("thread");
	if (pthread_create(&far, NULL, far_end, (void *)(uintptr_t)roll(d)))
		tap_bail("thread");
	for (unsigned int i = 0; i < VCPUS; i++)
		pthread_join(guests[i], NULL);
	atomic_store(&ended, true);
	pthread_join(far, NULL);
}

bool mutate_device(struct mutations *of, struct tap *tap, bool alone, struct dice *d)
{
	static const char *const models[] = { "device", "queue", "workqueue", "shared", "caller" };
	static const char *const accesses[] = { "uaccess", "pinned" };
	static const char *const copies[] = { "0", "0", "64", "256" };
	static const char *const batches[] = { "1", "7", "64", "256" };
	/* Half of the time none is left out. */
	static const char *const ideas[] = { "none",   "none",	 "none",   "none",   "none",
					     "none",   "none",	 "all",	   "ahead",  "array",
					     "late",   "once",	 "region", "direct", "burst",
					     "window", "gather", "deliver" };
	const char *model = choose(d, "worker", models, 5);
	const char *access = choose(d, "ring_access", accesses, 2);
	const char *zerocopy = choose(d, "zerocopy", copies, 4);
	const char *tx = choose(d, "tx_batch", batches, 4);
	const char *rx = choose(d, "rx_batch", batches, 4);
	const char *without = choose(d, "without", ideas, sizeof(ideas) / sizeof(*ideas));
	uint64_t log, f;
	bool packet = one_in(d, 4), right;
	unsigned int num, outside;

	totals = of;
	t = tap;
	if (!dirty)
		dirty = mmap(NULL, LOG_BYTES + 4096, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (dirty == MAP_FAILED)
		tap_bail("no memory");
	log = (uintptr_t)dirty;
	g.fd = dev_open();
	f = features(d);
	close(g.fd);
	num = 1u << below(d, 16);
	if (f & F_PACKED && one_in(d, 2))
		num = 1 + (unsigned int)below(d, one_in(d, 4) ? 32768 : 300);
	guest_start(&g, f, 256);
	if (alone)
		stats_find();
	memset(g.mem, CANARY, GUEST_MEM);
	memset(g.mem + SHOWN, 0, SHOWN_LEN);
	memset(dirty, 0, LOG_BYTES);
	memset(dirty + LOG_BYTES, CANARY, 4096);
	table();
	if (f & F_LOG && dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &log))
		tap_bail("SET_LOG_BASE");
	for (unsigned int i = 0; i < 2; i++) {
		struct ring *q = &g.q[i];

		q->num = num;
		areas(q);
		if (ring_state(q, VHOST_SET_VRING_NUM, num) ||
		    ring_addr(q, g.mem, f & F_LOG ? 1 : 0, gpa_of(SHOWN)))
			tap_bail("a ring of %u", num);
	}
	backend = packet ? packet_socket(t->name, ETH_TEST, true) : t->fd;
	guest_backend(&g, backend);
	threads(d);
	if (alone && is_ours()) {
		totals->served +=
			(unsigned long)(stat_of("tx", "packets") + stat_of("rx", "packets"));
		totals->broken += (unsigned long)stat_errors();
	}
	outside = damaged();
	right = serves();
	snprintf(totals->what, sizeof(totals->what),
		 "rings of %u, features %#llx, %s, %s, %s, zerocopy=%s, batches %s and %s, without "
		 "%s: %u "
		 "bytes outside%s",
		 num, (unsigned long long)f, packet ? "packet socket" : "tap", model, access,
		 zerocopy, tx, rx, without, outside, right ? ", serves" : ", does NOT serve");
	guest_stop(&g);
	if (packet)
		close(backend);
	totals->devices++;
	return !outside && right;
}

void mutate_knobs_back(void)
{
	static const char *const usual[][2] = {
		{ "worker", "device" }, { "ring_access", "uaccess" }, { "zerocopy", "0" },
		{ "tx_batch", "64" },	{ "rx_batch", "64" },	      { "without", "none" }
	};

	for (unsigned int i = 0; is_ours() && i < sizeof(usual) / sizeof(*usual); i++)
		knob(usual[i][0], usual[i][1]);
}
