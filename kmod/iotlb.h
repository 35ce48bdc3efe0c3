/* SPDX-License-Identifier: GPL-2.0-only */
/* The device IOTLB: the translations of a virtual IOMMU. See iotlb.c for its locking. */
#ifndef VHOSTLAB_IOTLB_H
#define VHOSTLAB_IOTLB_H

#include <linux/interval_tree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "memory.h"

/* Entries of the IOTLB; when it is full the oldest is evicted. */
#define VHL_MAX_IOVAS 2048

struct vhl_dev;
struct vhl_vq;
struct vhost_iotlb_msg;

/* An entry of the IOTLB; its node and its region hold the same addresses. */
struct vhl_iova {
	struct interval_tree_node node;
	struct list_head order;
	struct vhl_region r;
};

/* The IOTLB of a device. Read under any vq->mutex, changed under all of them. */
struct vhl_iotlb {
	struct rb_root_cached tree;
	struct list_head order; /* entries, the oldest first */
	unsigned int n;
	bool on; /* VIRTIO_F_ACCESS_PLATFORM is negotiated */
	spinlock_t lock; /* the misses of the queues: vq->miss */
	wait_queue_head_t wait; /* the client waits here for a miss to read */
};

/* No miss; one that the client has not read yet; one that it has read. */
enum vhl_miss_state { VHL_MISS_NONE, VHL_MISS_QUEUED, VHL_MISS_ASKED };

/* The address whose translation a queue waits for; under vhl_iotlb.lock. */
struct vhl_miss {
	enum vhl_miss_state state;
	u8 perm; /* VHOST_ACCESS_... */
	u64 iova;
};

void vhl_iotlb_init(struct vhl_iotlb *tlb);
void vhl_iotlb_forget_locked(struct vhl_dev *dev);
int vhl_iotlb_update(struct vhl_dev *dev, const struct vhost_iotlb_msg *m);
int vhl_iotlb_invalidate(struct vhl_dev *dev, u64 iova, u64 size);
void vhl_miss_forget(struct vhl_vq *vq);
const struct vhl_region *vhl_iotlb_find(struct vhl_vq *vq, u64 iova, u8 perm);

#endif /* VHOSTLAB_IOTLB_H */
