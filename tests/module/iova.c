// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic while a virtual IOMMU takes addresses away, of buffers and of rings:
 * memory is inaccessible as soon as the message that says so has been read,
 * and appears elsewhere. Nothing may be lost or fault. With a dirty log, that
 * names guest memory, not I/O addresses.
 */
#include <stdlib.h>

#include "dirty.h"
#include "iommu.h"
#include "nic.h"
#include "tap.h"
#include "traffic.h"

static struct iommu mmu;
static struct tap tap;

/* Pieces are taken away and appear elsewhere, rings and buffers, all the time. */
static void moving(uint64_t features, bool log, const char *what, unsigned int times)
{
	uint64_t logged = features | F_PLATFORM | F_LOG;
	uint8_t *bitmap = log_new();
	struct traffic tr;
	bool flows = true;
	unsigned int i;

	iommu_init(&mmu, features, TRAFFIC_NUM, IOMMU_MANY);
	stats_find();
	for (i = 0; log && i < 2; i++)
		if (ring_addr(&mmu.g.q[i], (uint8_t *)(uintptr_t)gpa_of(0), 1, 0))
			tap_bail("SET_VRING_ADDR");
	if (log && (log_base(&mmu.g, bitmap) || dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &logged)))
		tap_bail("log");
	dirty_clear();
	iommu_used_rings(&mmu);
	iommu_start(&mmu);
	guest_backend(&mmu.g, tap.fd);
	traffic_start(&tr, &mmu.g, &tap, &tap);
	for (i = 0; i < times && flows; i++) {
		unsigned int piece = (unsigned int)rand() % mmu.places.n;

		/* Every third time one that holds a part of a ring. */
		if (i % 3 == 0)
			piece %= 2 * RING_AREA / mmu.places.piece;
		/* With a log they stay where they are: the marks would go, too. */
		pthread_mutex_lock(&mmu.lock);
		mmu.by_page = i & 4;
		if (!log)
			places_move(&mmu.places, piece);
		iommu_invalidate(&mmu, gpa_of(piece * mmu.places.piece),
				 places_len(&mmu.places, piece));
		if (!log)
			places_leave(&mmu.places, piece);
		pthread_mutex_unlock(&mmu.lock);
		flows = traffic_flows(&tr, 10);
	}
	tap_is(i, times, "%s: traffic flows between invalidations", what);
	traffic_verdict(&tr, what);
	tap_ok(mmu.asked > times / 4, "%s: %u questions", what, mmu.asked);
	if (is_ours())
		tap_is(stat_errors(), 0, "%s: no error counted", what);
	guest_backend(&mmu.g, -1);
	iommu_stop(&mmu);
	if (log)
		dirty_compare(&mmu.places, bitmap, IOMMU_SHIFT, 0, what);
	traffic_stop(&tr);
	iommu_free(&mmu);
	log_free(bitmap);
}

int main(int argc, char **argv)
{
	unsigned int times;

	guest_args(argc, argv);
	times = rounds ?: 100;
	srand(seed);
	net_private();
	tap_new(&tap, "vl0", 12);
	moving(F_V1 | F_MRG | F_EVENT, false, "event index", times);
	moving(F_V1 | F_MRG, false, "flags", times);
	if (is_ours()) {
		knob("worker", "queue");
		moving(F_V1 | F_MRG | F_EVENT, false, "a thread a queue", times);
		knob("worker", "device");
		moving(F_V1 | F_MRG | F_EVENT | F_PACKED, false, "packed", times);
		if (dirty_works())
			moving(F_V1 | F_MRG | F_PACKED, true, "packed, dirty log", times);
	}
	if (dirty_works())
		moving(F_V1 | F_MRG | F_EVENT, true, "dirty log", times);
	else
		tap_skip(1, "this kernel does not mark written pages (MEM_SOFT_DIRTY)",
			 "dirty log");
	tap_del(&tap);
	return tap_done();
}
