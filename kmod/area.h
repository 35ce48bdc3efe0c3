/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The areas of a virtqueue: see enum vhl_area. All of these need vq->mutex and
 * the owner's mm; those that access an area or the log may sleep on a page fault.
 */
#ifndef VHOSTLAB_AREA_H
#define VHOSTLAB_AREA_H

#include "vhostlab.h"
#include "area_size.h"

/* Access to an area through the IOTLB: 0 or a negative errno. */
int vhl_area_ready(struct vhl_vq *vq);
int vhl_area_get(struct vhl_vq *vq, enum vhl_area area, size_t off, void *dst, size_t n);
int vhl_area_put(struct vhl_vq *vq, enum vhl_area area, size_t off, const void *src, size_t n);
int vhl_area_get16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 *dst,
		   unsigned int n);
int vhl_area_put16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 v);

/* Whether the used ring, logged at @addr, is in a log at @base. */
bool vhl_area_log_ok(const struct vhl_vq *vq, const void __user *base, u64 addr);
/* Marks bytes of an area dirty, after they were written: 0 or -EFAULT. */
int vhl_area_log_used(struct vhl_vq *vq, u64 offset, u64 len);
int vhl_area_log_ring(struct vhl_vq *vq, u64 offset, u64 len);

#endif /* VHOSTLAB_AREA_H */
