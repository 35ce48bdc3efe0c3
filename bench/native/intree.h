/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The algorithm of the in-tree vhost_net, written for this rig from its description: a split ring,
 * of which one avail entry and one descriptor are read at a time, each address is looked up in the
 * interval tree, and used entries are published 64 at a time. Fences are where the kernel's
 * accessors have them.
 */
#ifndef NATIVE_INTREE_H
#define NATIVE_INTREE_H

#include "server.h"

/* Most segments of a chain. */
#define TREE_SEGS 1024
/* Frames of an array, and used entries published at once; frames and bytes of a run. */
#define TREE_BATCH  64
#define TREE_WEIGHT 256
#define TREE_BYTES  0x80000

struct tree_queue {
	struct mutex mutex;
	u32 num;
	struct vring_desc __user *desc;
	struct vring_avail __user *avail;
	struct vring_used __user *used;
	u16 last_avail, avail_idx, last_used, signalled;
	u16 used_flags;
	bool signalled_valid, event_idx, mergeable;
	struct eventfd_ctx call;
	struct rb_root_cached *memory;
	struct iovec iov[TREE_SEGS];
	struct vring_used_elem heads[TREE_BATCH + TREE_SEGS];
	unsigned int done;
	u64 packets, dropped;
};

/* A region of the guest's memory in the interval tree. */
struct tree_region {
	struct interval_tree_node node;
	u64 gpa, size, hva;
};

/*
 * The head of the next chain, whose segments are then in iov[]: *out readable ones, then *in. The
 * ring's size when there is none; negative when the guest broke a rule.
 */
int tree_next(struct tree_queue *q, unsigned int *out, unsigned int *in);
/* Publishes heads[] and calls the guest if it asks for that. */
void tree_publish(struct tree_queue *q);
/* Enables kicks; true: something was added meanwhile. */
bool tree_notify_enable(struct tree_queue *q);
void tree_notify_disable(struct tree_queue *q);

#endif
