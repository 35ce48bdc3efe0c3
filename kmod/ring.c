// SPDX-License-Identifier: GPL-2.0-only
/* Slow paths of the access to a virtqueue's areas: see ring.h. */
#include <linux/prefetch.h>

#include "ring.h"

/*
 * Prefetches the first descriptor of the next chain, if its avail entry was read
 * ahead. The entry is not checked: prefetching a wrong address never faults.
 */
static void desc_prefetch(const struct vhl_vq *vq)
{
	u16 off = vq->last_avail - vq->heads_at + 1;

	if (off < vq->n_heads)
		prefetch((const void __force *)vq->area[VHL_DESC] +
			 vhl16_to_cpu(vq, vq->heads[off]) * sizeof(struct vring_desc));
}

/* vhl_desc_get() when the ring is not plain. */
int vhl_desc_get_other(struct vhl_vq *vq, struct vring_desc *d, u16 i)
{
	if (vq->iotlb)
		return vhl_area_get(vq, VHL_DESC, i * sizeof(*d), d, sizeof(*d));
	if (vq->prefetch)
		desc_prefetch(vq);
	if (vq->pinned && likely(vhl_pin_desc(vq, d, i)))
		return 0;
	return vhl_read_desc(d, vq->area[VHL_DESC] + i * sizeof(*d));
}
