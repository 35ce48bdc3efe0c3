// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the dirty log is, and what has no place in it. A client may put the
 * bitmap at any byte; an IOTLB may lead to memory that no region of the table
 * has. Would fail if: another bit than the one of the page was set, whatever
 * the base, a write that cannot be logged was not reported, or the client was
 * not signalled for a received buffer.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommu.h"
#include "nic.h"
#include "tap.h"

#define WRITE	 VRING_DESC_F_WRITE
#define PATIENCE 4000
#define BYTES	 ((GUEST_GPA + GUEST_MEM) / 4096 / 8)
#define ROOM	 (2 * 4096)

static struct guest g;
static struct tap t;
static uint8_t *bitmap;

static bool receive(struct guest *of, size_t len)
{
	struct vring_used_elem e;
	uint8_t frame[9000];

	frame_make(frame, len, 1);
	ring_kick(&of->q[RX]);
	return !far_send(t.far, frame, len) && ring_wait(&of->q[RX], PATIENCE) &&
	       ring_take(&of->q[RX], &e);
}

/* The bits of 20 pages from a buffer on, at a base of that many bytes behind a page. */
static void base_at(unsigned int shift)
{
	uint64_t base = (uintptr_t)bitmap + shift, page = gpa_of(BIG) / 4096 + shift % 64;
	unsigned int wrong = 0;
	bool ok;

	memset(bitmap, 0, BYTES + ROOM);
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), 0, "log base at byte %u", shift);
	for (unsigned int i = 0; i < 3; i++) {
		desc_set(&g.q[RX], i, (page + 9 * i) * 4096, 4000, WRITE, 0);
		ring_publish(&g.q[RX], (uint16_t)i);
	}
	ok = receive(&g, 9000);
	ring_base(&g.q[RX]);
	for (uint64_t at = 0; at < (BYTES + ROOM) * 8; at++) {
		uint64_t p = at - shift * 8;
		bool is = bitmap[at / 8] >> at % 8 & 1;

		wrong += is != (p == page || p == page + 9 || p == page + 18);
	}
	tap_ok(ok && !wrong, "log base at byte %u: three pages named, %u bits wrong", shift, wrong);
	for (int i = 0; i < 2; i++)
		ring_take(&g.q[RX], &(struct vring_used_elem){ 0 });
}

/* The byte with the bit is the last one that is there. */
static void base_at_the_end(void)
{
	uint64_t page = gpa_of(BIG) / 4096, last = (uintptr_t)bitmap + 10 * 4096 - 1;
	uint64_t base = last - page / 8;
	long long errors = stat_of("rx", "log_errors");

	memset(bitmap, 0, BYTES + ROOM);
	mprotect(bitmap + 10 * 4096, 4096, PROT_NONE);
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), 0, "log base %u mod 8",
		(unsigned int)(base % 8));
	desc_set(&g.q[RX], 0, page * 4096, 4000, WRITE, 0);
	ring_publish(&g.q[RX], 0);
	tap_ok(receive(&g, 100), "a frame is received");
	ring_base(&g.q[RX]);
	tap_ok(*(uint8_t *)(uintptr_t)last == 1 << page % 8 &&
		       stat_of("rx", "log_errors") == errors,
	       "the log's last byte, before memory that is not there: named");
	mprotect(bitmap + 10 * 4096, 4096, PROT_READ | PROT_WRITE);
}

static void bases(void)
{
	static const unsigned int shift[] = { 0, 8, 1, 2, 3, 4, 5, 6, 7, 57, 60, 63, 4091, 4095 };

	guest_start(&g, F_V1 | F_MRG | F_LOG, 256);
	tap_new(&t, "vl0", g.hdr_len);
	sh("ip link set dev vl0 mtu 9000");
	guest_backend(&g, t.fd);
	stats_find();
	for (unsigned int i = 0; i < sizeof(shift) / sizeof(*shift); i++)
		base_at(shift[i]);
	if (is_ours())
		base_at_the_end();
	guest_stop(&g);
	tap_del(&t);
}

/* The used rings are not logged, so only the received buffer is news. */
static void told(void)
{
	uint64_t base = (uintptr_t)bitmap;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	guest_start(&g, F_V1 | F_MRG | F_LOG, 256);
	tap_new(&t, "vl0", g.hdr_len);
	dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base);
	tap_err(dev_ioctl(g.fd, VHOST_SET_LOG_FD, &fd), 0, "log eventfd");
	guest_backend(&g, t.fd);
	rx_post(&g, 0, SLOT_SIZE);
	tap_ok(receive(&g, 100), "a frame is received");
	tap_ok(event_wait(fd, PATIENCE), "the log eventfd tells of a received buffer");
	close(fd);
	guest_stop(&g);
	tap_del(&t);
}

/* A buffer in memory that is none of the guest's, as far as the table says. */
static void no_region(void)
{
	static struct iommu m;
	uint64_t base = (uintptr_t)bitmap, iova = 0x200000000ULL;
	uint8_t *other =
		mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int named = 0;
	bool event;

	memset(bitmap, 0, BYTES + ROOM);
	iommu_init(&m, F_V1 | F_MRG | F_LOG, 256, 4);
	tap_new(&t, "vl0", m.g.hdr_len);
	dev_ioctl(m.g.fd, VHOST_SET_LOG_BASE, &base);
	iommu_start(&m);
	guest_backend(&m.g, t.fd);
	stats_find();
	iommu_update(&m, iova, 2 * 4096, other);
	desc_set(&m.g.q[RX], 0, iova, 4096, WRITE, 0);
	ring_publish(&m.g.q[RX], 0);
	tap_ok(receive(&m.g, 100), "IOTLB: a buffer that no region of the table has is received");
	event = event_wait(m.g.q[RX].err, PATIENCE);
	ring_base(&m.g.q[RX]);
	for (uint64_t i = 0; i < BYTES; i++)
		named += bitmap[i] != 0;
	tap_ok(event && stat_of("rx", "log_errors") == 1 && stat_of("rx", "error_log") == 1 &&
		       !named,
	       "that it is not in the log is counted (%lld) and told%s",
	       stat_of("rx", "log_errors"), event ? "" : " NOT");
	/* The same address, but of guest memory. */
	event_clear(m.g.q[RX].err);
	iommu_message(&m, VHOST_IOTLB_UPDATE, iova, 4096, (uintptr_t)places_at(&m.places, BIG),
		      VHOST_ACCESS_RW);
	desc_set(&m.g.q[RX], 1, iova, 4096, WRITE, 0);
	ring_publish(&m.g.q[RX], 1);
	tap_ok(receive(&m.g, 100), "IOTLB: a buffer that one has is received");
	ring_base(&m.g.q[RX]);
	tap_ok(stat_of("rx", "log_errors") == 1 && !event_wait(m.g.q[RX].err, 50),
	       "and is no error");
	/* The table is behind the I/O addresses, so the log is longer. */
	named = 0;
	for (uint64_t i = 0; i < BYTES + ROOM; i++)
		named += bitmap[i] != 0;
	tap_is(named, 1, "one byte of the log has a bit");
	iommu_stop(&m);
	iommu_free(&m);
	tap_del(&t);
	munmap(other, 2 * 4096);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	bitmap = mmap(NULL, BYTES + 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (bitmap == MAP_FAILED)
		tap_bail("bitmap: %s", strerror(errno));
	bases();
	told();
	if (is_ours())
		no_region();
	return tap_done();
}
