/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device side of a split virtqueue, for the servers in a process. It trusts
 * no index and no address: the driver may be a fuzzer.
 */
#ifndef VL_DEVRING_H
#define VL_DEVRING_H

#include <linux/virtio_ring.h>
#include <sys/uio.h>

#include "lib/common.h"

#define DEVRING_MAX_IOV 64

struct devring {
	unsigned int num;
	bool event_idx;
	char *mem; /* guest memory and where it begins for the guest */
	size_t bytes;
	uint64_t gpa;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t avail_seen; /* driver's index, as last read */
	uint16_t next_avail;
	uint16_t next_used; /* not yet published beyond used->idx */
	uint16_t signalled; /* used index at the last decision about a call */
};

struct devchain {
	uint16_t head;
	unsigned int out, in; /* iov[0..out) to read, iov[out..out+in) to write */
	struct iovec iov[DEVRING_MAX_IOV];
};

/* The ring lies `offset` bytes into the memory, laid out by vring_open(). */
void devring_open(struct devring *r, char *mem, size_t bytes, uint64_t gpa, size_t offset,
		  unsigned int num, bool event_idx);

/* Takes the next chain. 1, 0 when there is none, -1 when the driver broke a rule. */
int devring_pop(struct devring *r, struct devchain *c);
/* Puts the last n popped chains back. */
void devring_unpop(struct devring *r, unsigned int n);
/* Adds a used chain; invisible until devring_flush(). */
void devring_push(struct devring *r, uint16_t head, uint32_t len);
/* Publishes what was pushed; returns whether the driver wants a call for it. */
bool devring_flush(struct devring *r);
/* Asks for no kicks. */
void devring_mute(struct devring *r);
/* Asks for a kick after the chains already seen; true when more arrived meanwhile. */
bool devring_arm(struct devring *r);

#endif
