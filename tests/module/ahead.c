// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains that are read ahead and gathered many at a time, with one among them that
 * is different, wrong, or not there: the chains before it are served, what is wrong
 * with it is what is said, and the chains after it are served as well, or after the
 * guest has repaired it. The same with each optimization off that reads ahead or
 * gathers, over rings that are mapped or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "iommu.h"
#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define PATIENCE 5000
#define CHAINS	 12u
#define ODD	 5u /* the chain that is different */
#define LEN	 100u
#define SECOND	 100u /* the second descriptor of that chain, if it has one; the slot of a table */

static struct guest g;
static struct tap t;
static struct ring *q;
static char setting[80];
static uint8_t got[10000];

/* Header and frame of that number in its slot, and its descriptor. */
static void frame(unsigned int i, uint32_t seq, size_t len)
{
	uint8_t *at = g.mem + slot(i);

	memset(at, 0, g.hdr_len);
	frame_make(at + g.hdr_len, len, seq);
	desc_set(q, i, gpa_of(slot(i)), (uint32_t)(g.hdr_len + len), 0, 0);
}

/* How many of those numbers come out, in order; @left is not expected, CHAINS: all are. */
static unsigned int arrived(unsigned int from, unsigned int to, unsigned int left)
{
	unsigned int n = 0;
	long len;

	for (unsigned int i = from; i < to; i++) {
		if (i == left)
			continue;
		len = far_recv(t.far, got, sizeof(got), PATIENCE);
		if (len < 0 || frame_check(got, (size_t)len) != i + 1)
			return n;
		n++;
	}
	return far_recv(t.far, got, sizeof(got), 20) < 0 ? n : ~0u;
}

/* How often that rule was broken. */
static long long broken(const char *rule)
{
	char name[40];

	snprintf(name, sizeof(name), "error_%s", rule);
	return stat_of("tx", name);
}

static bool used_reaches(unsigned int want)
{
	for (int i = 0; i < PATIENCE && used_idx(q) != want; i++)
		sleep_ms(1);
	return used_idx(q) == want;
}

static void head_outside(void)
{
	ring_publish(q, (uint16_t)q->num);
}

static void buffer_unmapped(void)
{
	desc_set(q, ODD, 0x1000, g.hdr_len + LEN, 0, 0);
	ring_publish(q, ODD);
}

static void buffer_over_end(void)
{
	desc_set(q, ODD, gpa_of(GUEST_MEM - 50), g.hdr_len + LEN, 0, 0);
	ring_publish(q, ODD);
}

static void length_zero(void)
{
	desc_set(q, ODD, gpa_of(slot(ODD)), 0, 0, 0);
	ring_publish(q, ODD);
}

static void too_short(void)
{
	desc_set(q, ODD, gpa_of(slot(ODD)), g.hdr_len + 13, 0, 0);
	ring_publish(q, ODD);
}

static void header_alone(void)
{
	desc_set(q, ODD, gpa_of(slot(ODD)), g.hdr_len, 0, 0);
	ring_publish(q, ODD);
}

static void wrong_way(void)
{
	q->desc[ODD].flags = WRITE;
	ring_publish(q, ODD);
}

static struct virtio_net_hdr *header(void)
{
	return (struct virtio_net_hdr *)(g.mem + slot(ODD));
}

static void header_wrong(void)
{
	header()->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header()->csum_start = LEN - 1;
	ring_publish(q, ODD);
}

/* That is for the tap: plain frames alone may have a shorter way, where there is one. */
static void checksum_asked(void)
{
	header()->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header()->csum_start = 34;
	header()->csum_offset = 16;
	ring_publish(q, ODD);
}

static void hint_wrong(void)
{
	header()->hdr_len = LEN + 1;
	ring_publish(q, ODD);
}

static void gso_wrong(void)
{
	header()->hdr_len = LEN + 1;
	header()->gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	ring_publish(q, ODD);
}

static void protect(int how)
{
	if (mprotect(g.mem + slot(ODD), SLOT_SIZE, how))
		tap_bail("mprotect: %s", strerror(errno));
}

static void not_readable(void)
{
	protect(PROT_NONE);
	ring_publish(q, ODD);
}

/* The header can be read, the frame cannot: with a short one, and one that has another copy. */
static void half_readable(size_t len)
{
	size_t at = slot(ODD) - g.hdr_len - 20;

	memset(g.mem + at, 0, g.hdr_len);
	desc_set(q, ODD, gpa_of(at), (uint32_t)(g.hdr_len + len), 0, 0);
	protect(PROT_NONE);
	ring_publish(q, ODD);
}

static void short_half(void)
{
	half_readable(LEN);
}

static void long_half(void)
{
	half_readable(1400);
}

static void two_descriptors(void)
{
	q->desc[ODD].len = g.hdr_len;
	q->desc[ODD].flags = NEXT;
	q->desc[ODD].next = SECOND;
	desc_set(q, SECOND, gpa_of(slot(ODD)) + g.hdr_len, LEN, 0, 0);
	ring_publish(q, ODD);
}

static void in_table(void)
{
	struct vring_desc *d = (void *)(g.mem + slot(SECOND));
	struct vring_packed_desc *p = (void *)d;

	*d = q->desc[ODD];
	if (q->packed)
		*p = (struct vring_packed_desc){ d->addr, d->len, 0, 0 };
	desc_set(q, ODD, gpa_of(slot(SECOND)), 16, INDIRECT, 0);
	ring_publish(q, ODD);
}

static void longer(void)
{
	frame(ODD, ODD + 1, 3000);
	ring_publish(q, ODD);
}

/* Behind its own slot too: no page fragment holds it. */
static void longest(void)
{
	memset(g.mem + BIG, 0, g.hdr_len);
	frame_make(g.mem + BIG + g.hdr_len, 9000, ODD + 1);
	desc_set(q, ODD, gpa_of(BIG), g.hdr_len + 9000, 0, 0);
	ring_publish(q, ODD);
}

enum { SERVED, DROPPED, STOPS };

static const struct odd {
	const char *name;
	void (*publish)(void);
	int what;
	const char *rule;
	bool split;
} odds[] = {
	{ "a head outside the table", head_outside, STOPS, "head_range", true },
	{ "a buffer outside guest memory", buffer_unmapped, STOPS, "unmapped", false },
	{ "a buffer over the end of guest memory", buffer_over_end, STOPS, "unmapped", false },
	{ "a buffer of no length", length_zero, STOPS, "empty", false },
	{ "a frame without a whole link header", too_short, DROPPED, "tx_short", false },
	{ "a header without a frame", header_alone, DROPPED, "tx_short", false },
	{ "a writable buffer", wrong_way, DROPPED, "tx_writable", false },
	{ "a checksum outside the frame", header_wrong, DROPPED, "tx_header", false },
	{ "a GSO header outside the frame", gso_wrong, DROPPED, "tx_header", false },
	{ "a checksum to complete", checksum_asked, SERVED, NULL, false },
	{ "a wrong hint", hint_wrong, SERVED, NULL, false },
	{ "a buffer that cannot be read", not_readable, DROPPED, "tx_access", false },
	{ "a frame that cannot be read", short_half, DROPPED, "tx_access", false },
	{ "a long frame that cannot be read", long_half, DROPPED, "tx_access", false },
	{ "a chain of two descriptors", two_descriptors, SERVED, NULL, false },
	{ "a chain in a table", in_table, SERVED, NULL, false },
	{ "a long frame", longer, SERVED, NULL, false },
	{ "a frame longer than a page", longest, SERVED, NULL, false },
};

/* All chains at once, that one as it is published by @odd. */
static void offer(void (*odd)(void))
{
	for (unsigned int i = 0; i < CHAINS; i++)
		frame(i, i + 1, LEN);
	for (unsigned int i = 0; i < CHAINS; i++)
		if (i == ODD && odd)
			odd();
		else
			ring_publish(q, (uint16_t)i);
	ring_kick(q);
}

static void one_odd(const struct odd *o)
{
	bool stops = o->what == STOPS;
	unsigned int end = stops ? ODD : CHAINS, left = o->what == DROPPED ? ODD : CHAINS;
	long long before = o->rule ? broken(o->rule) : 0, errors = stat_errors();
	long long plain = stat_of("tx", "delivered");
	unsigned int n;
	bool used, after;

	/* Frames that a wrong module still had under way. */
	while (far_recv(t.far, got, sizeof(got), 0) >= 0)
		;
	ring_repair(q, t.fd);
	offer(o->publish);
	n = arrived(0, end, left);
	used = used_reaches(end);
	if (o->publish == checksum_asked && stat_of("tx", "delivered") != plain)
		used = false;
	if (stops)
		event_wait(q->err, PATIENCE);
	errors = stat_errors() - errors;
	if (o->rule)
		before = broken(o->rule) - before;
	protect(PROT_READ | PROT_WRITE);
	ring_repair(q, t.fd);
	offer(NULL);
	after = arrived(0, CHAINS, CHAINS) == CHAINS;
	tap_ok(n == end - (left == ODD) && used && errors == before &&
		       (stops ? errors >= 1 : errors == (o->what == DROPPED)) && after,
	       "%s: %s: %u of %u frames, %u used, %lld errors, %lld of them %s, then serves%s",
	       setting, o->name, n, end - (left == ODD), used_idx(q), errors, before,
	       o->rule ?: "known", after ? "" : " NOT");
}

static void start(uint64_t features, unsigned int num)
{
	guest_start(&g, features, num);
	q = &g.q[TX];
	tap_new(&t, "vl0", g.hdr_len);
	if (sh("ip link set dev vl0 mtu 65521"))
		tap_bail("mtu");
	guest_backend(&g, t.fd);
	stats_find();
}

static void stop(void)
{
	guest_stop(&g);
	tap_del(&t);
}

/* Frames of each length come out whole: words, and the bytes that are no word. */
static void lengths(uint64_t features)
{
	static const unsigned int from[] = { 60, 64, 72, 240, 248, 256, 264, 1500, 3500, 3600 };
	unsigned int right = 0, all = 0;

	start(features, 256);
	for (unsigned int k = 0; k < sizeof(from) / sizeof(*from); k++) {
		for (unsigned int i = 0; i < CHAINS; i++)
			frame(i, i + 1, from[k] + i);
		for (unsigned int i = 0; i < CHAINS; i++)
			ring_publish(q, (uint16_t)i);
		ring_kick(q);
		for (unsigned int i = 0; i < CHAINS; i++, all++)
			right += far_recv(t.far, got, sizeof(got), PATIENCE) == from[k] + i &&
				 frame_check(got, from[k] + i) == i + 1;
	}
	tap_is(right, all, "%s, header of %u bytes: frames of all lengths are whole", setting,
	       g.hdr_len);
	stop();
}

/* The second page of the descriptor table. */
static uint8_t *second_page(void)
{
	return g.mem + q->off_desc + 4096;
}

/*
 * The descriptor of that chain is in the table's second page, which cannot be read:
 * the chains before are served, then it is said.
 */
static void table_unmapped(void)
{
	long long before;
	unsigned int n, m;

	start(F_V1 | F_MRG, 512);
	before = broken("ring_access");
	q->desc[300] = (struct vring_desc){ gpa_of(slot(ODD)), g.hdr_len + LEN, 0, 0 };
	if (mprotect(second_page(), 4096, PROT_NONE))
		tap_bail("mprotect: %s", strerror(errno));
	for (unsigned int i = 0; i < CHAINS; i++)
		frame(i, i + 1, LEN);
	for (unsigned int i = 0; i < CHAINS; i++)
		ring_publish(q, i == ODD ? 300 : (uint16_t)i);
	ring_kick(q);
	n = arrived(0, ODD, CHAINS);
	event_wait(q->err, PATIENCE);
	before = broken("ring_access") - before;
	tap_ok(n == ODD && used_reaches(ODD) && before >= 1,
	       "%s: a descriptor that cannot be read: %u of %u frames before it, %lld errors",
	       setting, n, ODD, before);
	if (mprotect(second_page(), 4096, PROT_READ | PROT_WRITE))
		tap_bail("mprotect: %s", strerror(errno));
	ring_kick(q);
	m = arrived(ODD, CHAINS, CHAINS);
	tap_ok(m == CHAINS - ODD && used_reaches(CHAINS),
	       "%s: and when it can be read again: the other %u", setting, m);
	stop();
}

/* That page comes when userfaultfd gives it. */
static void table_late(void)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy c = { .src = (uintptr_t)page, .len = 4096 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	unsigned int n;
	bool asked;

	start(F_V1 | F_MRG, 512);
	q->desc[300] = (struct vring_desc){ gpa_of(slot(ODD)), g.hdr_len + LEN, 0, 0 };
	memcpy(page, second_page(), 4096);
	ring_repair(q, -1);
	r.range.start = c.dst = (uintptr_t)second_page();
	r.range.len = 4096;
	if (fallocate(g.memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)q->off_desc + 4096, 4096) ||
	    fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &r))
		tap_bail("userfaultfd: %s", strerror(errno));
	if (ring_backend(q, t.fd))
		tap_bail("SET_BACKEND");
	for (unsigned int i = 0; i < CHAINS; i++)
		frame(i, i + 1, LEN);
	for (unsigned int i = 0; i < CHAINS; i++)
		ring_publish(q, i == ODD ? 300 : (uint16_t)i);
	ring_kick(q);
	asked = event_wait(fd, PATIENCE);
	if (ioctl(fd, UFFDIO_COPY, &c))
		tap_bail("UFFDIO_COPY: %s", strerror(errno));
	n = arrived(0, CHAINS, CHAINS);
	tap_ok(asked && n == CHAINS && used_reaches(CHAINS) && !stat_errors(),
	       "%s: a page of the table that comes late is waited for%s: %u frames", setting,
	       asked ? "" : " NOT", n);
	close(fd);
	stop();
}

/*
 * A buffer that the IOTLB does not know: the chains before it are served. Then the
 * client moves the ring, with other frames for the chains that are left: those count,
 * not what was read ahead in the ring of before.
 */
static void miss(bool moved)
{
	struct vhost_iotlb_msg msg;
	unsigned int n, m, add = moved ? 100 : 0;
	static struct iommu mmu;
	bool asked;

	iommu_init(&mmu, F_V1 | F_MRG, 256, 1);
	g = mmu.g;
	g.q[RX].g = g.q[TX].g = &g;
	q = &g.q[TX];
	tap_new(&t, "vl0", g.hdr_len);
	stats_find();
	iommu_update(&mmu, gpa_of(0), slot(ODD), places_at(&mmu.places, 0));
	iommu_update(&mmu, gpa_of(slot(ODD + 1)), GUEST_MEM - slot(ODD + 1),
		     places_at(&mmu.places, slot(ODD + 1)));
	if (ring_backend(q, t.fd))
		tap_bail("SET_BACKEND");
	offer(NULL);
	n = arrived(0, ODD, CHAINS);
	do
		asked = iommu_question(&mmu, &msg, PATIENCE);
	while (asked && msg.iova != gpa_of(slot(ODD)));
	if (moved) {
		/* The other ring is where receive's would be; it is not used here. */
		memcpy(g.mem + g.q[RX].off_desc, g.mem + q->off_desc, RING_AREA);
		q->off_desc = g.q[RX].off_desc;
		q->off_avail = g.q[RX].off_avail;
		q->off_used = g.q[RX].off_used;
		q->desc = (void *)(g.mem + q->off_desc);
		q->used = (void *)(g.mem + q->off_used);
		for (unsigned int i = ODD; i < CHAINS; i++) {
			memset(g.mem + slot(SECOND + i), 0, g.hdr_len);
			frame_make(g.mem + slot(SECOND + i) + g.hdr_len, LEN, i + 1 + add);
			desc_set(q, i, gpa_of(slot(SECOND + i)), g.hdr_len + LEN, 0, 0);
		}
		if (ring_addr(q, (uint8_t *)(uintptr_t)gpa_of(0), 0, 0))
			tap_bail("SET_VRING_ADDR");
	}
	iommu_update(&mmu, gpa_of(slot(ODD)), SLOT_SIZE, places_at(&mmu.places, slot(ODD)));
	m = arrived(ODD + add, CHAINS + add, ~0u);
	tap_ok(n == ODD && asked && m == CHAINS - ODD && used_reaches(CHAINS),
	       "%s: a buffer without translation%s: %u frames before it, %u after the answer",
	       setting, moved ? ", then the ring moves" : "", n, m);
	iommu_free(&mmu);
	tap_del(&t);
}

static void all(const char *without, const char *access)
{
	static const uint64_t layouts[] = { 0, F_PACKED };

	knob("without", without);
	knob("ring_access", access);
	for (int k = 0; k < 2; k++) {
		snprintf(setting, sizeof(setting), "without=%s, %s, %s", without, access,
			 k ? "packed" : "split");
		start(F_V1 | F_MRG | F_INDIRECT | layouts[k], 256);
		for (size_t i = 0; i < sizeof(odds) / sizeof(*odds); i++)
			if (!k || !odds[i].split)
				one_odd(&odds[i]);
		stop();
		lengths(F_V1 | F_MRG | layouts[k]);
		lengths(k ? F_V1 | F_PACKED : 0);
	}
	snprintf(setting, sizeof(setting), "without=%s, %s", without, access);
	table_unmapped();
	table_late();
	miss(false);
	miss(true);
}

int main(int argc, char **argv)
{
	static const char *const withouts[] = { "none", "window", "gather" };

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has no knobs", "chains that are read ahead");
		return tap_done();
	}
	for (size_t i = 0; i < sizeof(withouts) / sizeof(*withouts); i++) {
		all(withouts[i], "uaccess");
		all(withouts[i], "pinned");
	}
	knob("without", "none");
	knob("ring_access", "uaccess");
	return tap_done();
}
