// SPDX-License-Identifier: GPL-2.0-only
/* The common part of creating a worker: see run.h. */
#include <linux/slab.h>

#include "run.h"

/* Allocates a worker without a thread. Returns NULL when there is no memory. Sleeps. */
struct vhl_worker *vhl_worker_alloc(enum vhl_worker_kind kind)
{
	struct vhl_worker *worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);

	if (!worker)
		return NULL;
	worker->kind = kind;
	init_llist_head(&worker->list);
	init_waitqueue_head(&worker->idle);
	spin_lock_init(&worker->lock);
	return worker;
}
