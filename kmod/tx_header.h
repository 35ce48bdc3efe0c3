/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtio-net header of a frame from the guest. */
#ifndef VHOSTLAB_TX_HEADER_H
#define VHOSTLAB_TX_HEADER_H

#include "vhostlab.h"

/*
 * Checks the virtio-net header, and clears a wrong hdr_len. That is a hint which a
 * device must not rely on (virtio 1.2, section 5.1.6.2.2); drivers set it to other
 * values, such as the size of a buffer, and backends accept 0 but not a wrong hint.
 * Returns false when the checksum field is outside the frame. Fields that flags and
 * gso_type do not refer to are ignored, by backends as well.
 */
static __always_inline bool vhl_tx_header_ok(struct vhl_vq *vq, struct virtio_net_hdr *h,
					     size_t len)
{
	if (unlikely(vhl16_to_cpu(vq, h->hdr_len) > len)) {
		/* With GSO the headers must end inside the frame. */
		if (h->gso_type != VIRTIO_NET_HDR_GSO_NONE)
			return false;
		h->hdr_len = 0;
	}
	return !(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	       vhl16_to_cpu(vq, h->csum_start) + vhl16_to_cpu(vq, h->csum_offset) +
			       sizeof(__sum16) <=
		       len;
}

#endif /* VHOSTLAB_TX_HEADER_H */
