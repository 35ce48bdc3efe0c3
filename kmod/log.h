/* SPDX-License-Identifier: GPL-2.0-only */
/* The dirty log. */
#ifndef VHOSTLAB_LOG_H
#define VHOSTLAB_LOG_H

#include "vhostlab.h"

/* Guest page a dirty-log bit stands for. */
#define VHL_LOG_PAGE 4096

int vhl_log_write(struct vhl_vq *vq, u64 gpa, u64 len);
int vhl_log_hva(struct vhl_vq *vq, u64 hva, u64 len);
int vhl_log_failed(struct vhl_vq *vq);
int vhl_log_told(struct vhl_vq *vq, int err);
bool vhl_log_ok(u64 __user *base, const struct vhl_mem *mem);

#endif /* VHOSTLAB_LOG_H */
