// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty-page log, which migration lives on: every page the device wrote is
 * named in the bitmap, and no other. The used ring is logged at the address
 * the client gave for it, which here lies where no ring is, so a device that
 * logs the ring's own place is found out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define PAGES	 ((GUEST_GPA + GUEST_MEM) / 4096)
#define LOG_RX	 (GUEST_GPA + 0xf00000) /* used rings, as far as the log knows */
#define LOG_TX	 (GUEST_GPA + 0xf80000)
#define PATIENCE 5000

static uint8_t *bitmap;
static uint8_t want[PAGES / 8];
static bool log_rx, log_tx; /* the flag of each used ring */
static struct guest g;
static struct tap t;
static uint32_t seq;

static void expect(uint64_t gpa, size_t len)
{
	for (uint64_t p = gpa / 4096; len && p <= (gpa + len - 1) / 4096; p++)
		want[p / 8] |= (uint8_t)(1 << p % 8);
}

/*
 * The worker holds a queue while it writes to it and to the log, and an ioctl
 * on the queue waits for it: afterwards both are complete.
 */
static void complete(void)
{
	ring_base(&g.q[RX]);
	ring_base(&g.q[TX]);
}

static void clean(void)
{
	complete();
	memset(bitmap, 0, PAGES / 8);
	memset(want, 0, sizeof(want));
}

/*
 * A worker may wake without work and write whether it wants kicks into the flags or
 * behind the ring, which dirties those pages whenever the ring is logged.
 */
static bool may_be_named(uint64_t page)
{
	/* A packed ring: the event of the device; the ring itself is named exactly. */
	if (g.features & F_PACKED)
		return (log_rx && page == LOG_RX / 4096) || (log_tx && page == LOG_TX / 4096);

	const uint64_t rx = LOG_RX / 4096, tx = LOG_TX / 4096;
	const uint64_t rx_event = (LOG_RX + 4 + 8 * g.q[RX].num) / 4096;
	const uint64_t tx_event = (LOG_TX + 4 + 8 * g.q[TX].num) / 4096;
	bool event = g.features & F_EVENT;

	return (log_rx && (page == rx || (event && page == rx_event))) ||
	       (log_tx && (page == tx || (event && page == tx_event)));
}

/* Both ways: nothing missing, nothing too much. */
static void compare(const char *what)
{
	unsigned int missing = 0, extra = 0, named = 0;

	complete();
	for (uint64_t p = 0; p < PAGES; p++) {
		bool is = bitmap[p / 8] >> p % 8 & 1, should = want[p / 8] >> p % 8 & 1;

		named += is;
		missing += should && !is;
		extra += is && !should && !may_be_named(p);
		if (is != should && !may_be_named(p) && missing + extra < 4)
			tap_note("page %llx: %s", (unsigned long long)p * 4096,
				 is ? "named, not written" : "written, not named");
	}
	tap_ok(!missing && !extra, "%s: %u pages named, %u missing, %u too many", what, named,
	       missing, extra);
}

static void log_on(uint64_t features, unsigned int num)
{
	uint64_t base = (uintptr_t)bitmap, with = features | F_LOG;

	guest_start(&g, features, num);
	tap_new(&t, "vl0", g.hdr_len);
	sh("ip link set dev vl0 mtu 65521");
	guest_backend(&g, t.fd);
	/* As QEMU does it: on a running device, base, feature, addresses. */
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), 0, "SET_LOG_BASE while running");
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &with), 0, "LOG_ALL while running");
	tap_err(ring_addr(&g.q[RX], g.mem, 1, LOG_RX), 0, "SET_VRING_ADDR with log, receive");
	tap_err(ring_addr(&g.q[TX], g.mem, 1, LOG_TX), 0, "SET_VRING_ADDR with log, transmit");
	log_rx = log_tx = true;
	clean();
}

static void log_off(void)
{
	guest_stop(&g);
	tap_del(&t);
}

/* What the device writes into the ring for a used entry. */
static void expect_used(struct ring *q, uint64_t log, unsigned int at)
{
	if (q->packed) {
		expect(gpa_of(q->off_desc + 16 * (at & (q->num - 1))), 16);
		return;
	}
	expect(log, 4); /* flags, index */
	expect(log + 4 + 8 * (at & (q->num - 1)), 8);
}

/* One frame in; the ring's own writes are expected here. False if it is late. */
static bool receive(size_t len, unsigned int heads)
{
	static uint8_t frame[65536];
	struct vring_used_elem e;
	struct ring *q = &g.q[RX];

	frame_make(frame, len, seq++);
	if (far_send(t.far, frame, len))
		return false;
	for (unsigned int i = 0; i < heads; i++) {
		unsigned int at = q->used_seen;

		if (!ring_wait(q, PATIENCE) || !ring_take(q, &e))
			return false;
		expect_used(q, LOG_RX, at);
	}
	return true;
}

/* With an event index the device also writes behind the used ring. */
static void expect_avail_event(struct ring *q, uint64_t log, uint16_t before)
{
	if (avail_event(q) != before)
		expect(q->packed ? log : log + 4 + 8 * q->num, 2);
}

static void receive_cases(uint64_t features)
{
	struct ring *q = &g.q[RX];
	struct vring_desc *d;
	uint16_t event;

	log_on(features | F_MRG | F_INDIRECT, 256);
	d = (void *)(g.mem + slot(200));
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(100, 1), "receive: one page");
	expect(gpa_of(slot(0)), 112);
	compare("receive: one page");

	clean();
	desc_set(q, 1, gpa_of(slot(4)) + 4000, 3000, WRITE, 0);
	ring_publish(q, 1);
	tap_ok(receive(300, 1), "receive: over a page border");
	expect(gpa_of(slot(4)) + 4000, 312);
	compare("receive: over a page border");

	/* 16 KiB offered, 1 KiB written: the rest stays clean. */
	clean();
	desc_set(q, 1, gpa_of(BIG), 16384, WRITE, 0);
	ring_publish(q, 1);
	tap_ok(receive(1024, 1), "receive: a large buffer");
	expect(gpa_of(BIG), 1036);
	compare("receive: only the part that was written");

	clean();
	desc_set(q, 1, gpa_of(BIG), 16384, WRITE, 0);
	ring_publish(q, 1);
	tap_ok(receive(4096 - 12, 1), "receive: exactly a page");
	expect(gpa_of(BIG), 4096);
	compare("receive: exactly a page");

	clean();
	for (unsigned int i = 0; i < 12; i++) {
		desc_set(q, i, gpa_of(BIG) + i * 8192, 1000, WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	tap_ok(receive(9000, 10), "receive: ten merged buffers");
	for (unsigned int i = 0; i < 10; i++)
		expect(gpa_of(BIG) + i * 8192, i < 9 ? 1000 : 12);
	compare("receive: ten merged buffers");

	/* Two of the twelve are left; a chain with short descriptors after. */
	clean();
	tap_ok(receive(1500, 2), "receive: the two buffers left");
	expect(gpa_of(BIG) + 10 * 8192, 1000);
	expect(gpa_of(BIG) + 11 * 8192, 512);
	compare("receive: the two buffers left");

	clean();
	for (unsigned int i = 0; i < 200; i++)
		d[i] = (struct vring_desc){ gpa_of(slot(300)) + i * 4096, i & 1 ? 1 : 50,
					    i < 199 ? WRITE | NEXT : WRITE, (uint16_t)(i + 1) };
	desc_set(q, 20, gpa_of(slot(200)), 3200, INDIRECT, 0);
	ring_publish(q, 20);
	/* 39 pairs hold 1,989 bytes, and 23 are left for the fortieth's first. */
	tap_ok(receive(2000, 1), "receive: indirect, every other descriptor of a byte");
	for (unsigned int i = 0; i < 79; i++)
		expect(gpa_of(slot(300)) + i * 4096, 1);
	compare("receive: indirect, every other descriptor of a byte");
	log_off();

	/* Elements 508..515 lie over the border of two pages of the used ring. */
	log_on(features | F_MRG | F_EVENT, 1024);
	event = avail_event(q);
	for (unsigned int i = 0; i < 600; i++) {
		desc_set(q, i, gpa_of(slot(i)), 1000, WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	for (unsigned int i = 0; i < 505; i++)
		if (!receive(100, 1))
			tap_bail("frame %u is late", i);
	clean();
	event = avail_event(q);
	tap_ok(receive(9000, 10), "receive: used elements over a page border");
	for (unsigned int i = 505; i < 515; i++)
		expect(gpa_of(slot(i)), 12);
	complete();
	expect_avail_event(q, LOG_RX, event);
	compare("receive: used elements over a page border");
	log_off();
}

static void transmit_cases(uint64_t features)
{
	struct ring *q = &g.q[TX];
	uint64_t without = features, base;
	uint16_t event;
	int fd;

	log_on(features | F_EVENT, 256);
	event = avail_event(q);
	tap_ok(tx_one(&g, t.far, 1, 1000), "transmit: a frame");
	complete();
	expect_used(q, LOG_TX, 0);
	expect_avail_event(q, LOG_TX, event);
	compare("transmit: the used ring, never the frame");
	log_off();

	log_on(features, 256);
	fd = eventfd(0, EFD_NONBLOCK);
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_FD, &fd), 0, "SET_LOG_FD");
	tap_ok(tx_one(&g, t.far, 2, 100), "transmit: a frame with a log eventfd");
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(100, 1), "receive: a frame with a log eventfd");
	tap_ok(event_wait(fd, 2000), "it is signalled");
	close(fd);

	/* Only receive: the flag of each ring is its own. */
	tap_err(ring_addr(&g.q[RX], g.mem, 0, 0), 0, "used ring log of receive off");
	log_rx = false;
	clean();
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(100, 1), "receive: a frame");
	memset(want, 0, sizeof(want));
	expect(gpa_of(slot(0)), 112);
	compare("receive: payload is logged, its used ring is not");

	/* Bad places for the bitmap: refused on a running ring, no harm done. */
	base = 0xffff888000000000ULL;
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), -EFAULT,
		"SET_LOG_BASE in the kernel while running");
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, NULL), -EFAULT, "SET_LOG_BASE from NULL");
	tap_ok(tx_one(&g, t.far, 5, 100), "the old one still serves");

	tap_err(ring_addr(&g.q[TX], g.mem, 0, 0), 0, "used ring log of transmit off");
	log_tx = false;
	tap_err(dev_ioctl(g.fd, VHOST_SET_FEATURES, &without), 0, "LOG_ALL off while running");
	clean();
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(100, 1) && tx_one(&g, t.far, 3, 100), "a frame each way with no log");
	memset(want, 0, sizeof(want));
	compare("log off: nothing is named");
	log_off();
}

/* A bitmap that cannot be written: frames still pass, nothing crashes. */
static void broken_bitmap(void)
{
	struct vring_used_elem e;
	uint8_t frame[100];

	log_on(F_V1 | F_MRG, 256);
	mprotect(bitmap, PAGES / 8, PROT_READ);
	rx_post(&g, 0, SLOT_SIZE);
	frame_make(frame, sizeof(frame), 9);
	far_send(t.far, frame, sizeof(frame));
	tap_ok(ring_wait(&g.q[RX], PATIENCE) && ring_take(&g.q[RX], &e),
	       "read-only bitmap: a frame is still received");
	if (is_ours())
		tap_ok(event_wait(g.q[RX].err, 2000), "and the error event says so");
	tap_ok(tx_one(&g, t.far, 10, 100), "read-only bitmap: a frame is still sent");
	mprotect(bitmap, PAGES / 8, PROT_READ | PROT_WRITE);
	clean();
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(100, 1), "writable again: a frame");
	expect(gpa_of(slot(0)), 112);
	compare("writable again");
	log_off();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	bitmap = mmap(NULL, PAGES / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bitmap == MAP_FAILED)
		tap_bail("bitmap: %s", strerror(errno));
	receive_cases(F_V1);
	transmit_cases(F_V1);
	if (is_ours()) {
		receive_cases(F_V1 | F_PACKED);
		transmit_cases(F_V1 | F_PACKED);
	}
	broken_bitmap();
	return tap_done();
}
