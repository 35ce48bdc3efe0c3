/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtqueues: setup by the client. See vring.c for the context of each function. */
#ifndef VHOSTLAB_VRING_H
#define VHOSTLAB_VRING_H

#include "vhostlab.h"

void vhl_vq_init(struct vhl_dev *dev, struct vhl_vq *vq, u16 index);
int vhl_vq_alloc(struct vhl_vq *vq);
void vhl_vq_free(struct vhl_vq *vq);
void vhl_vq_reset(struct vhl_vq *vq);
void vhl_vq_set_iotlb(struct vhl_vq *vq, bool on);
void vhl_vq_set_features(struct vhl_vq *vq, u64 features);
bool vhl_vq_access_ok(struct vhl_vq *vq);
long vhl_vring_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp);

#endif /* VHOSTLAB_VRING_H */
