/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver side of one vhost-net device: guest memory, two rings, split ones
 * unless F_PACKED is asked for (packed.h), and the ioctls that set them up. Tests
 * change the rings to break rules, so nothing is hidden here.
 *
 * Guest memory is a memfd mapped at one place of the test process and shown to
 * the device as guest physical addresses from GUEST_GPA on. The two differ on
 * purpose: a module that mixes them up reads the wrong page.
 */
#ifndef VHOSTLAB_TEST_GUEST_H
#define VHOSTLAB_TEST_GUEST_H

#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packed.h"

#define GUEST_GPA 0x40000000ULL
#define GUEST_MEM (16u << 20)
#define RING_MAX  1024u
#define RX	  0
#define TX	  1

/* Guest memory offsets: a ring area each, then small slots, then big buffers. */
#define RING_AREA 0x20000u
#define SLOTS	  0x100000u
#define SLOT_SIZE 4096u
#define BIG	  0x800000u

#define BIT64(n)   (1ULL << (n))
#define F_MRG	   BIT64(VIRTIO_NET_F_MRG_RXBUF)
#define F_EVENT	   BIT64(VIRTIO_RING_F_EVENT_IDX)
#define F_INDIRECT BIT64(VIRTIO_RING_F_INDIRECT_DESC)
#define F_V1	   BIT64(VIRTIO_F_VERSION_1)
#define F_LOG	   BIT64(VHOST_F_LOG_ALL)
#define F_HDR	   BIT64(VHOST_NET_F_VIRTIO_NET_HDR)
#define F_EMPTY	   BIT64(VIRTIO_F_NOTIFY_ON_EMPTY)
#define F_PLATFORM BIT64(VIRTIO_F_ACCESS_PLATFORM)
#define F_ORDER	   BIT64(VIRTIO_F_IN_ORDER)
#define F_PACKED   BIT64(VIRTIO_F_RING_PACKED)

struct guest;

struct ring {
	struct guest *g;
	unsigned int index, num;
	size_t off_desc, off_avail, off_used;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	int kick, call, err;
	uint16_t avail_idx, used_seen;
	bool packed;
	struct packed p;
};

struct guest {
	int fd, memfd;
	uint8_t *mem;
	uint64_t features;
	unsigned int hdr_len;
	struct ring q[2];
};

extern const char *device; /* path under test: --device, VHOSTLAB_DEVICE */
extern unsigned int rounds; /* --rounds: how often, 0 for the short run */
extern unsigned int seed; /* --seed: of whatever a test decides by chance */
bool is_ours(void);
void guest_args(int argc, char **argv);

/* 0 or a negative errno. */
int dev_ioctl(int fd, unsigned long request, const void *arg);
int dev_open(void);

/* Memory and eventfds only; the device is open but has no owner. */
void guest_init(struct guest *g);
/* Everything up to, not including, the backend. Bails out on any failure. */
void guest_start(struct guest *g, uint64_t features, unsigned int num);
void guest_stop(struct guest *g);

/* All of guest memory as one region at that address; any number, or a pointer. */
int guest_mem_table_at(struct guest *g, uint64_t uaddr);
int guest_mem_table(struct guest *g, const void *uaddr);
int ring_state(struct ring *q, unsigned long request, unsigned int num);
int ring_fd(struct ring *q, unsigned long request, int fd);
/*
 * Another eventfd is behind the driver's number, and nothing looks at the one before. The client
 * hands on what may have come there too late to be heeded: a kick always, a call when one was there.
 */
int ring_event_move(struct ring *q, unsigned long request, int number);
int ring_addr(struct ring *q, const uint8_t *base, unsigned int flags, uint64_t log_gpa);
int ring_backend(struct ring *q, int fd);
/* The device's position, of a packed ring as a count of descriptors. */
int ring_base(struct ring *q);
/* Tells the device to begin at that position; a fresh ring is there, too. */
int ring_begin(struct ring *q, uint16_t count);
/* Both rings at once; bails out on failure. */
void guest_backend(struct guest *g, int fd);
/* Empties a stopped ring and attaches the backend again. */
void ring_repair(struct ring *q, int fd);

static inline uint64_t gpa_of(size_t off)
{
	return GUEST_GPA + off;
}

static inline size_t slot(unsigned int i)
{
	return SLOTS + (size_t)i * SLOT_SIZE;
}

/* The device's event index, behind the used ring: kick when it is passed. */
static inline uint16_t avail_event(const struct ring *q)
{
	if (q->packed)
		return q->p.device->off_wrap ^ q->p.device->flags;
	const uint8_t *p = (const uint8_t *)q->used + 4 + 8 * (size_t)q->num;

	return __atomic_load_n((const uint16_t *)(const void *)p, __ATOMIC_ACQUIRE);
}

static inline uint16_t used_idx(struct ring *q)
{
	if (q->packed)
		packed_sync(q);
	return __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE);
}

/* The used entry of that position, which used_idx() has passed. */
static inline struct vring_used_elem *used_elem(struct ring *q, uint16_t idx)
{
	return &q->used->ring[idx & ((q->packed ? PACKED_KEEP : q->num) - 1)];
}

/* Asks for a call when the used entry of that position is there; or for none. */
void ring_call_at(struct ring *q, uint16_t used);
void ring_no_calls(struct ring *q);
/* Whether the device wants a kick for what was published since position old. */
bool ring_wants_kick(struct ring *q, uint16_t old);

void desc_set(struct ring *q, unsigned int i, uint64_t gpa, uint32_t len, uint16_t flags,
	      uint16_t next);
void ring_publish(struct ring *q, uint16_t head);
void ring_kick(struct ring *q);
/* Number of used entries not yet taken, waiting up to ms for at least one. */
unsigned int ring_wait(struct ring *q, int ms);
bool ring_take(struct ring *q, struct vring_used_elem *e);

bool event_wait(int fd, int ms);
void event_clear(int fd);
uint64_t now_ns(void);
void sleep_ms(int ms);

#endif
