// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input by a guest: the cases of doc/bad-input.md that no other program tests; ring.c has most.
 * Each is put to the in-tree module as well. Would fail if: a table were read in another order than
 * it is linked, or not over a border of regions, an empty descriptor came into the dirty log, a
 * queue that cannot report were lost, or a run moved more than its bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "both.h"
#include "iommu.h"
#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define PATIENCE 4000
#define TABLE	 64 /* slot that holds indirect tables */
#define BORDER	 24 /* bytes of the table in the first region: in the middle of a descriptor */

static struct guest g;
static struct tap t;
static uint8_t got[70000];

static void begin(uint64_t features)
{
	tapped_start(&g, &t, features);
	guest_backend(&g, t.fd);
}

/* Header and frame in slot 0, and three descriptors that share them. */
static void frame_in_three(struct vring_desc *a, struct vring_desc *b, struct vring_desc *c,
			   uint32_t seq)
{
	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 300, seq);
	*a = (struct vring_desc){ gpa_of(slot(0)), g.hdr_len, NEXT, 0 };
	*b = (struct vring_desc){ gpa_of(slot(0)) + g.hdr_len, 100, NEXT, 0 };
	*c = (struct vring_desc){ gpa_of(slot(0)) + g.hdr_len + 100, 200, 0, 0 };
}

/* One chain from the table: 0 when that frame goes out, or -EBADMSG. */
static int send_table(uint64_t gpa, unsigned int n, uint32_t seq)
{
	struct ring *q = &g.q[TX];
	struct vring_used_elem e;
	long len;

	desc_set(q, 0, gpa, n * 16, INDIRECT, 0);
	ring_publish(q, 0);
	ring_kick(q);
	if (!ring_wait(q, PATIENCE) || !ring_take(q, &e))
		return -EBADMSG;
	len = far_recv(t.far, got, sizeof(got), 1000);
	return len == 300 && frame_check(got, 300) == seq ? 0 : -EBADMSG;
}

static void table_order(void)
{
	struct vring_desc *d;

	begin(F_V1 | F_INDIRECT);
	d = (void *)(g.mem + slot(TABLE));
	/* As they are linked: 0, 2, 1. In their places they are no frame. */
	frame_in_three(&d[0], &d[2], &d[1], 7);
	d[0].next = 2;
	d[2].next = 1;
	answer(send_table(gpa_of(slot(TABLE)), 3, 7), 0, -EBADMSG,
	       "in-tree reads tables in place, whatever next says",
	       "a table linked out of order is followed as it is linked");
	tapped_stop(&g, &t);
}

static int three_regions(uint64_t border, const uint8_t *second, uint64_t size)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region r[3];
	} m = { .head.nregions = 3 };

	m.r[0] = (struct vhost_memory_region){ GUEST_GPA, border, (uintptr_t)g.mem, 0 };
	m.r[1] = (struct vhost_memory_region){ GUEST_GPA + border, size, (uintptr_t)second, 0 };
	m.r[2] = (struct vhost_memory_region){ GUEST_GPA + border + size, GUEST_MEM - border - size,
					       (uintptr_t)g.mem + border + size, 0 };
	return dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &m);
}

/* Behind the border the table goes on elsewhere; where it would go on in place is nonsense. */
static void table_border(void)
{
	static struct vring_desc d[3];
	static uint8_t elsewhere[64];
	size_t at = slot(TABLE);

	begin(F_V1 | F_INDIRECT);
	frame_in_three(&d[0], &d[1], &d[2], 8);
	d[0].next = 1;
	d[1].next = 2;
	memset(g.mem + at, 0xee, SLOT_SIZE);
	memcpy(g.mem + at, d, BORDER);
	memcpy(elsewhere, (uint8_t *)d + BORDER, sizeof(d) - BORDER);
	if (three_regions(at + BORDER, elsewhere, sizeof(elsewhere)))
		tap_bail("SET_MEM_TABLE");
	answer(send_table(gpa_of(at), 3, 8), 0, 0, NULL,
	       "a table with a descriptor over the border of two regions is read");
	tapped_stop(&g, &t);
}

/* A table in more pieces than a vector has: each descriptor is an entry of the IOTLB. */
static void table_pieces(void)
{
	static struct iommu m;
	struct vring_used_elem e;
	const unsigned int n = 1100;
	uint64_t iova = BIT64(40);
	struct vring_desc *d;
	bool served;

	if (!ours_alone("in-tree reads a whole table at once: ENOBUFS", "a table in 1100 pieces"))
		return;
	iommu_init(&m, F_V1 | F_INDIRECT, 256, 1);
	tap_new(&t, "vl0", 12);
	iommu_update(&m, gpa_of(0), GUEST_MEM, places_at(&m.places, 0));
	d = (void *)(m.g.mem + BIG);
	memset(m.g.mem + slot(0), 0, 12);
	frame_make(m.g.mem + slot(0) + 12, 300, 9);
	/* Only the first and the last are of the chain: what is between is linked past. */
	d[0] = (struct vring_desc){ gpa_of(slot(0)), 12, NEXT, n - 1 };
	d[n - 1] = (struct vring_desc){ gpa_of(slot(0)) + 12, 300, 0, 0 };
	for (unsigned int i = 0; i < n; i++)
		iommu_update(&m, iova + 16ull * i, 16, places_at(&m.places, BIG + 16ul * i));
	guest_backend(&m.g, t.fd);
	desc_set(&m.g.q[TX], 0, iova, n * 16, INDIRECT, 0);
	ring_publish(&m.g.q[TX], 0);
	ring_kick(&m.g.q[TX]);
	served = ring_wait(&m.g.q[TX], PATIENCE) && ring_take(&m.g.q[TX], &e) &&
		 far_recv(t.far, got, sizeof(got), 1000) == 300 && frame_check(got, 300) == 9;
	tap_ok(served, "a table in 1100 pieces is read by the descriptor");
	iommu_free(&m);
	tap_del(&t);
}

/* The fault of CVE-2019-14835: descriptors without a byte that the log counts as pages. */
static void empty_and_logged(void)
{
	const uint64_t bytes = (GUEST_GPA + GUEST_MEM) / 4096 / 8;
	uint64_t base, logged = F_V1 | F_MRG | F_INDIRECT | F_LOG;
	uint8_t *log =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ring *q = &g.q[RX];
	struct vring_desc *d;
	unsigned int named = 0;
	uint8_t frame[100];
	bool raised;

	if (!ours_alone("in-tree takes them, and logs none since its fix",
			"empty descriptors logged"))
		return;
	begin(F_V1 | F_MRG | F_INDIRECT);
	base = (uintptr_t)log;
	if (log == MAP_FAILED || dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base) ||
	    dev_ioctl(g.fd, VHOST_SET_FEATURES, &logged))
		tap_bail("log");
	d = (void *)(g.mem + BIG);
	for (unsigned int i = 0; i < 4096; i++)
		d[i] = (struct vring_desc){ gpa_of(slot(i % 256)), 0, WRITE | NEXT,
					    (uint16_t)(i + 1) };
	d[4095] = (struct vring_desc){ gpa_of(slot(0)), 4000, WRITE, 0 };
	desc_set(q, 0, gpa_of(BIG), 4096 * 16, INDIRECT, 0);
	ring_publish(q, 0);
	ring_kick(q);
	frame_make(frame, sizeof(frame), 3);
	far_send(t.far, frame, sizeof(frame));
	raised = event_wait(q->err, PATIENCE);
	ring_base(q);
	for (uint64_t i = 0; i < bytes; i++)
		named += log[i] != 0;
	tap_ok(raised && !named,
	       "4095 empty descriptors with a log: error event, %u bytes of the log", named);
	ring_repair(q, t.fd);
	rx_post(&g, 3, SLOT_SIZE);
	tap_ok(ring_wait(q, PATIENCE) && frame_check(g.mem + slot(3) + 12, 100) == 3,
	       "then the frame that met them comes");
	tapped_stop(&g, &t);
	munmap(log, bytes);
}

/* There is no eventfd to raise. */
static void nothing_to_raise(void)
{
	struct ring *q = &g.q[TX];

	begin(F_V1);
	if (ring_fd(q, VHOST_SET_VRING_ERR, -1))
		tap_bail("SET_VRING_ERR");
	desc_set(q, 0, 0x1000, 200, 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	tap_ok(worker_sleeps(100),
	       "a buffer outside guest memory, no error eventfd: the worker sleeps");
	ring_repair(q, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "no error eventfd: then the queue serves");
	tapped_stop(&g, &t);
}

/* Huge frames: a run ends by its bytes long before it ends by its packets. */
static void huge_frames(void)
{
	const unsigned int frames = 128, len = 60000;
	struct ring *q = &g.q[TX];
	struct vring_used_elem e;
	unsigned int back = 0;

	if (!ours_alone("the in-tree module has no counters", "runs cut by their bytes"))
		return;
	begin(F_V1);
	stats_find();
	sh("ip link set dev vl0 mtu 65521");
	frame_make(g.mem + BIG + 12, len, 1);
	for (unsigned int i = 0; i < frames; i++) {
		desc_set(q, i, gpa_of(BIG), 12 + len, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
	while (back < frames && ring_wait(q, PATIENCE) && ring_take(q, &e))
		back++;
	/* 512 KiB a run. */
	tap_ok(back == frames && stat_of("tx", "requeues") >= frames * len / (512 << 10),
	       "%u frames of %u bytes: %u back, in %lld runs", frames, len, back,
	       stat_of("tx", "requeues") + 1);
	tapped_stop(&g, &t);
}

static void cases(void)
{
	table_order();
	table_border();
	table_pieces();
	empty_and_logged();
	nothing_to_raise();
	huge_frames();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	both(cases);
	return tap_done();
}
