/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large the areas of a virtqueue are; apart from area.h, which reaches them through the IOTLB,
 * because the IOTLB itself asks.
 */
#ifndef VHOSTLAB_AREA_SIZE_H
#define VHOSTLAB_AREA_SIZE_H

#include "vhostlab.h"

/*
 * Bytes of an area (virtio 1.2, sections 2.7 and 2.8); for a split ring with its
 * event field when VIRTIO_RING_F_EVENT_IDX was negotiated. Does not sleep.
 */
static inline size_t vhl_area_size(const struct vhl_vq *vq, enum vhl_area area)
{
	size_t event = vq->event_idx ? sizeof(__virtio16) : 0;

	if (vq->packed && area != VHL_DESC)
		return sizeof(struct vring_packed_desc_event);
	switch (area) {
	case VHL_DESC:
		return vq->num * sizeof(struct vring_desc);
	case VHL_AVAIL:
		return sizeof(struct vring_avail) + vq->num * sizeof(__virtio16) + event;
	default:
		return sizeof(struct vring_used) + vq->num * sizeof(struct vring_used_elem) + event;
	}
}

#endif /* VHOSTLAB_AREA_SIZE_H */
