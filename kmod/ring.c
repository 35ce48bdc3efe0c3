// SPDX-License-Identifier: GPL-2.0-only
/* The slow ways to a virtqueue's areas: see ring.h. */
#include <linux/prefetch.h>

#include "ring.h"

/*
 * Fetches the descriptor of the next chain, as far as avail entries are read
 * ahead. A wrong number fetches an unused line: a prefetch never faults.
 */
static void desc_prefetch(const struct vhl_vq *vq)
{
	u16 off = vq->last_avail - vq->heads_at + 1;

	if (off < vq->n_heads)
		prefetch((const void __force *)vq->area[VHL_DESC] +
			 vhl16_to_cpu(vq, vq->heads[off]) * sizeof(struct vring_desc));
}

/* Not plain: see vhl_desc_get(). */
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
