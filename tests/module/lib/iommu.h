/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client with a virtual IOMMU: a device with VIRTIO_F_ACCESS_PLATFORM, the
 * messages to and from it, and a thread that answers what it asks. Guest
 * memory is at places.h and can be taken away in earnest.
 *
 * I/O virtual addresses are what gpa_of() gives; the memory table puts guest
 * memory IOMMU_SHIFT bytes behind, so a device that asks the wrong one is
 * found out.
 */
#ifndef VHOSTLAB_TEST_IOMMU_H
#define VHOSTLAB_TEST_IOMMU_H

#include <pthread.h>
#include <stdatomic.h>

#include "places.h"

#define IOMMU_SHIFT 0x8000000ULL
#define IOMMU_PAGE  4096u
#define IOMMU_MANY  (is_ours() ? PLACES_MAX : 64) /* pieces the memory table may have */
#define BACKEND_V2  BIT64(VHOST_BACKEND_F_IOTLB_MSG_V2)

struct iommu {
	struct guest g;
	struct places places;
	pthread_t thread;
	pthread_mutex_t lock; /* places, and answers that name them */
	atomic_bool over;
	atomic_uint asked; /* questions the thread has answered */
	atomic_bool by_page; /* an answer holds a page, not a piece */
};

/* Its rings are at I/O addresses; it has no backend yet, and no entries. */
void iommu_init(struct iommu *m, uint64_t features, unsigned int num, unsigned int pieces);
void iommu_free(struct iommu *m);

/* What was written, or a negative errno. */
long iommu_message(struct iommu *m, uint8_t type, uint64_t iova, uint64_t size, uint64_t at,
		   uint8_t perm);
long iommu_update(struct iommu *m, uint64_t iova, uint64_t size, const void *at);
long iommu_invalidate(struct iommu *m, uint64_t iova, uint64_t size);
/* The next question, waiting for it; false when none comes. */
bool iommu_question(struct iommu *m, struct vhost_iotlb_msg *msg, int ms);
void iommu_answer(struct iommu *m, uint64_t iova);
/* The in-tree module wants these before it takes a backend. */
void iommu_used_rings(struct iommu *m);

void iommu_start(struct iommu *m);
void iommu_stop(struct iommu *m);

#endif
