/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver side of a virtqueue, split or packed (virtio 1.2, sections 2.7
 * and 2.8), in plain memory: no system calls, so that unit tests can play the
 * device.
 * Little-endian machines only, as both layouts (legacy and 1.0) agree there.
 */
#ifndef VL_VRING_H
#define VL_VRING_H

#include <linux/virtio_ring.h>

#include "lib/common.h"

#define VRING_MAX_SEGS 64

/* A piece of guest memory; gpa is the address that the device sees. */
struct vring_seg {
	uint64_t gpa;
	uint32_t len;
};

struct vring_slot {
	uint32_t cookie; /* the caller's name for the buffer */
	uint16_t descs; /* descriptors of the chain, 0 when the slot is free */
	uint16_t next; /* packed: the next free slot */
};

struct vring_driver;

/* What the two layouts do in their own ways; the comments are below. */
struct vring_ops {
	bool (*add)(struct vring_driver *v, const struct vring_seg *segs, unsigned int out,
		    unsigned int in, uint32_t cookie, struct vring_desc *table, uint64_t table_gpa);
	void (*publish)(struct vring_driver *v);
	bool (*need_kick)(struct vring_driver *v);
	int (*get_used)(struct vring_driver *v, uint32_t *cookie, uint32_t *len);
	unsigned int (*used_pending)(struct vring_driver *v);
	void (*mute)(struct vring_driver *v);
	bool (*arm)(struct vring_driver *v, unsigned int count);
};

/* A place in a packed ring, and the AVAIL and USED bits of a descriptor there at its next turn. */
struct vring_at {
	struct vring_packed_desc *d;
	uint16_t bits;
};

/* A packed ring (virtio 1.2, section 2.8): vring_packed.c. */
struct vring_packed {
	struct vring_packed_desc *ring, *end;
	struct vring_packed_desc_event *driver, *device; /* who wrote it */
	struct vring_at avail, used; /* where the next one goes, and comes back */
	struct vring_at scan; /* where the first used one not seen will come */
	struct vring_packed_desc *first; /* the first one not published, */
	uint16_t first_flags; /* and its flags, which show it; 0: there is none */
	uint16_t unasked; /* descriptors published since the last need_kick */
	uint16_t each; /* descriptors of every chain, 0 when they differ */
	uint16_t seen; /* used chains seen, not yet taken */
	uint16_t oldest; /* in order: the chain to come back next */
};

struct vring_driver {
	struct vring_ops op; /* in here, so that a call is as short as a direct one */
	unsigned int num;
	bool event_idx;
	void *area[3]; /* as the device is told: of descriptors, of the driver, of the device */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vring_slot *slot; /* one a descriptor, by chain head; owned */
	uint16_t free_head, free_count;
	uint16_t avail_shadow; /* what avail->idx will say at the next publish */
	uint16_t kicked; /* avail index at the last decision about a kick */
	uint16_t last_used;
	bool in_batch; /* in order: the used entry stands for chains up to batch_id */
	uint16_t batch_id;
	uint32_t batch_len;
	struct vring_packed packed;
};

/* Bytes that a ring of num entries needs, one after another, 4096-aligned. */
size_t vring_bytes(unsigned int num);

/* Only points v's desc, avail and used into mem; for the device's side too. */
void vring_layout(struct vring_driver *v, unsigned int num, void *mem);

/*
 * Lays the ring out at mem (vring_bytes(num) bytes, zeroed, 16-aligned).
 * Memory stays the caller's. Returns RC_OK or RC_FAIL (out of memory).
 */
int vring_open(struct vring_driver *v, unsigned int num, bool event_idx, void *mem);
/* The same for a packed ring of vring_packed_bytes(num) bytes. */
size_t vring_packed_bytes(unsigned int num);
int vring_packed_open(struct vring_driver *v, unsigned int num, bool event_idx, void *mem);
/*
 * VIRTIO_F_IN_ORDER: descriptors are used in the order of the ring, and chains
 * come back in the order in which they went; one used entry may stand for
 * many, and tells the length of the last of them, 0 for the others. Call it
 * right after opening the ring.
 */
void vring_in_order(struct vring_driver *v);
void vring_packed_in_order(struct vring_driver *v);
void vring_close(struct vring_driver *v);

/*
 * Adds one chain: `out` segments the device reads, then `in` it writes. With
 * a table (memory for out + in descriptors, at table_gpa) the chain is
 * indirect. Invisible to the device until vring_publish(). Returns false when
 * the ring is full.
 */
static inline bool vring_add(struct vring_driver *v, const struct vring_seg *segs, unsigned int out,
			     unsigned int in, uint32_t cookie, struct vring_desc *table,
			     uint64_t table_gpa)
{
	return v->op.add(v, segs, out, in, cookie, table, table_gpa);
}

/* Makes everything added so far visible to the device. */
static inline void vring_publish(struct vring_driver *v)
{
	v->op.publish(v);
}

/* Does the device want a kick for what was published since the last question? */
static inline bool vring_need_kick(struct vring_driver *v)
{
	return v->op.need_kick(v);
}

/*
 * Takes one used chain back. Returns 1 and fills cookie and len (bytes the
 * device wrote), 0 when there is none, -1 when the device returned nonsense.
 */
static inline int vring_get_used(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	return v->op.get_used(v, cookie, len);
}

/* How many used chains lie there, not yet taken. */
static inline unsigned int vring_used_pending(struct vring_driver *v)
{
	return v->op.used_pending(v);
}

/* Asks for no call until vring_arm(). */
static inline void vring_mute(struct vring_driver *v)
{
	v->op.mute(v);
}

/*
 * Asks for a call once `count` more chains than now taken are used. Returns
 * true when they already are, and no call may come.
 */
static inline bool vring_arm(struct vring_driver *v, unsigned int count)
{
	return v->op.arm(v, count);
}

#endif
