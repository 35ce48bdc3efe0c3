/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dirty log. All but vhl_log_reaches() and vhl_log_ok() need vq->mutex and the
 * owner's mm, and may sleep on a page fault.
 */
#ifndef VHOSTLAB_LOG_H
#define VHOSTLAB_LOG_H

#include "vhostlab.h"

/* Bytes of guest memory per bit of the dirty log. */
#define VHL_LOG_PAGE 4096

int vhl_log_write(struct vhl_vq *vq, u64 gpa, u64 len);
int vhl_log_hva(struct vhl_vq *vq, u64 hva, u64 len);
int vhl_log_failed(struct vhl_vq *vq);
int vhl_log_told(struct vhl_vq *vq, int err);
bool vhl_log_reaches(const void __user *base, u64 last);
bool vhl_log_ok(u64 __user *base, const struct vhl_mem *mem);

#endif /* VHOSTLAB_LOG_H */
