/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver side of a split virtqueue (virtio 1.2, section 2.7), in plain
 * memory: no system calls, so that unit tests can play the device.
 * Little-endian machines only, as both layouts (legacy and 1.0) agree there.
 */
#ifndef VL_VRING_H
#define VL_VRING_H

#include <linux/virtio_ring.h>

#include "common.h"

#define VRING_MAX_SEGS 64

/* A piece of guest memory; gpa is the address that the device sees. */
struct vring_seg {
	uint64_t gpa;
	uint32_t len;
};

struct vring_slot {
	uint32_t cookie; /* the caller's name for the buffer */
	uint16_t descs; /* descriptors of the chain, 0 when the slot is free */
};

struct vring_driver {
	unsigned int num;
	bool event_idx;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vring_slot *slot; /* one a descriptor, by chain head; owned */
	uint16_t free_head, free_count;
	uint16_t avail_shadow; /* what avail->idx will say at the next publish */
	uint16_t kicked; /* avail index at the last decision about a kick */
	uint16_t last_used;
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
void vring_close(struct vring_driver *v);

/*
 * Adds one chain: `out` segments the device reads, then `in` it writes. With
 * a table (memory for out + in descriptors, at table_gpa) the chain is
 * indirect. Invisible to the device until vring_publish(). Returns false when
 * the ring is full.
 */
bool vring_add(struct vring_driver *v, const struct vring_seg *segs, unsigned int out,
	       unsigned int in, uint32_t cookie, struct vring_desc *table, uint64_t table_gpa);

/* Makes everything added so far visible to the device. */
void vring_publish(struct vring_driver *v);

/* Does the device want a kick for what was published since the last question? */
bool vring_need_kick(struct vring_driver *v);

/*
 * Takes one used chain back. Returns 1 and fills cookie and len (bytes the
 * device wrote), 0 when there is none, -1 when the device returned nonsense.
 */
int vring_get_used(struct vring_driver *v, uint32_t *cookie, uint32_t *len);

/* How many used chains lie there, not yet taken. */
unsigned int vring_used_pending(const struct vring_driver *v);

/* Asks for no call until vring_arm(). */
void vring_mute(struct vring_driver *v);

/*
 * Asks for a call once `count` more chains than now taken are used. Returns
 * true when they already are, and no call may come.
 */
bool vring_arm(struct vring_driver *v, unsigned int count);

#endif
