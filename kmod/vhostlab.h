/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhostlab_net: a kernel-level virtio-net server.
 *
 * The nouns of the module. A device (struct vhl_dev) is one open file and has
 * two virtqueues (struct vhl_vq): receive (0) and transmit (1), as a guest
 * names them. Each virtqueue is served by a worker (struct vhl_worker), which
 * is woken by the guest's kick eventfd or by the backend socket
 * (struct vhl_poll), and which runs in the owner's address space, so that
 * guest memory is ordinary user memory.
 *
 * Locking: dev->mutex serialises ioctls; vq->mutex is held by whoever touches
 * a ring (the worker for one run, an ioctl for one change). dev->mutex is
 * taken before a vq->mutex. When both vq mutexes are needed, receive first.
 * A run may sleep for as long as a page of its owner is missing, so ioctls take
 * both kinds killable: lock.h. What only tells something takes none.
 */
#ifndef VHOSTLAB_H
#define VHOSTLAB_H

#include <linux/bits.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/ptr_ring.h>
#include <linux/uio.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <net/xdp.h>

#include "compat.h"
#include "counters.h"
#include "frag.h"
#include "iotlb.h"
#include "memory.h"
#include "netdev.h"
#include "params.h"
#include "poll.h"
#include "worker.h"

enum { VHL_RX, VHL_TX, VHL_NVQS };

/* Segments one chain (or one merged receive) may have: UIO_MAXIOV. */
#define VHL_MAX_SEGS		1024
/* Most frames handed to a backend, or heads published, at once. */
#define VHL_MAX_BATCH		256
/* Avail entries read in one go. */
#define VHL_HEADS		64

/*
 * The parts of a virtqueue (virtio 1.2, sections 2.7 and 2.8): of a split one
 * the descriptor table, the avail and the used ring; of a packed one the ring
 * and the events that driver and device wish for.
 */
enum vhl_area { VHL_DESC, VHL_AVAIL, VHL_USED, VHL_NAREAS };

/* A descriptor of a packed ring, read ahead: packed.h. */
struct vhl_ahead {
	u64 addr;
	u64 word;
};

/* A descriptor chain, as read by vhl_chain_read(): out segments, then in. */
struct vhl_chain {
	u32 head;	/* for vhl_used_add(); the lower half is its number */
	u16 out;	/* readable segments, at vq->iov[first] */
	u16 in;		/* writable segments, behind them */
	u16 descs;	/* for tracepoint desc and the weight of a run */
	u64 out_len;	/* 32 bits would not hold VHL_MAX_SEGS descriptors */
	u64 in_len;
};

struct vhl_vq {
	struct mutex mutex;	/* the ring, the backend, all below */
	struct vhl_dev *dev;
	u16 index;

	/* Where the ring is (user or I/O addresses) and how big (entries). */
	u32 num;
	bool area_set;
	bool starting;		/* used ring not yet looked at: no translation */
	void __user *area[VHL_NAREAS];

	/* Positions, free-running modulo 2^16; packed: counts of descriptors. */
	u16 last_avail;		/* next entry to take */
	u16 avail_seen;		/* the guest's index when last read */
	u16 heads_at;		/* avail position of heads[0] or ahead[0] */
	u16 n_heads;		/* entries of heads[] that are valid; packed: 0 */
	u16 n_ahead;		/* entries of ahead[] that are valid */
	u16 used_idx;		/* next entry to write */
	u16 signalled_used;	/* used_idx at the last call decision */
	u16 held;		/* taken, and not to be published yet: zerocopy.h */
	bool signalled_valid;
	/* Packed: where avail_seen and used_idx are in the ring; packed.h. */
	u16 avail_pos;
	u16 used_pos;
	bool notify_on;		/* kicks are asked for */
	bool waiting_buffers;	/* rx: only a kick can help, not a frame */
	s64 budget;		/* bytes the run may still move: weight.h */

	/* Negotiated, copied here so that the packet path reads one line. */
	u64 features;
	bool packed;		/* the ring is one: packed.h */
	bool event_idx;
	bool iotlb;		/* addresses need translation: iotlb.c */
	bool wanted;		/* an ioctl waits for mutex: a busy poll ends */
	bool pinned;		/* areas are mapped when that is possible: pin.c */
	bool ring_plain;	/* neither: user addresses */
	bool prefetch;		/* the next descriptor is fetched meanwhile */
	bool used_folded;	/* one used entry for all chains published */
	bool little_endian;
	bool mergeable;
	u8 guest_hlen;		/* virtio-net header the guest uses, bytes */
	u8 sock_hlen;		/* part of it the backend reads and writes */

	/* Backend; file is the reference, sock and ring belong to it. */
	struct file *sock_file;
	struct socket *sock;
	struct ptr_ring *ring;	/* tun's and tap's queue of frames, or NULL */
	bool rx_tagged;		/* no ring: the next frame has a tag beside it */
	bool rx_direct;		/* frames need not go through the socket: rx.c */
	struct vhl_netdev netdev;

	struct vhl_work work;
	struct vhl_worker *worker;
	struct vhl_poll kick_poll;
	struct vhl_poll sock_poll;
	struct file *kick;
	struct eventfd_ctx *call;
	struct eventfd_ctx *error;
	u32 busyloop_us;
	struct vhl_poll_time poll_time;

	/* Dirty log of the used ring (VHOST_VRING_F_LOG). */
	bool log_used;
	u64 log_addr;

	/* Scratch of the packet path. */
	struct iovec *iov;		/* VHL_MAX_SEGS */
	u64 *gpa;			/* guest address of iov[i], for the log */
	struct vring_used_elem *done;	/* heads to publish */
	unsigned int n_done;
	union {
		__virtio16 heads[VHL_HEADS];	/* avail entries read ahead */
		struct vhl_ahead ahead[VHL_HEADS];
	};
	const struct vhl_region *last;	/* region of the last translation, if
					 * it may be read and written
					 */

	/* IOTLB: entries the rings are in, whether all is there, what is not. */
	const struct vhl_region *area_last[VHL_NAREAS];
	bool area_ok;
	struct vhl_miss miss;

	/* Where the areas are mapped, or NULL. */
	void *kaddr[VHL_NAREAS];
	spinlock_t pin_lock;	/* changes of kaddr */
	unsigned long pin_unused;	/* RCU's state when kaddr was last voided */
	struct vhl_pin *pin;
	struct user_struct *pin_user;	/* charged for pinned pages; NULL: none are */
	unsigned long pin_limit;	/* its RLIMIT_MEMLOCK in pages */
	unsigned long pin_next;		/* jiffies: no attempt before */

	/* tx: frames gathered; rx: frames taken from the backend's ring. */
	struct xdp_buff *xdp;
	unsigned int n_xdp;
	struct vhl_frags frags;
	struct vhl_zc *zc;	/* tx: NULL: all frames are copied */
	void **queue;
	unsigned int q_head, q_tail;

	struct vhl_stats stats;
};

struct vhl_dev {
	struct mutex mutex;	/* ioctls */
	int id;			/* number in debugfs and tracepoints */
	struct mm_struct *mm;	/* of the owner, grabbed: its memory may be gone; NULL: no owner */
	bool closing;		/* runs must not touch the owner's memory any more */
	struct vhl_knobs knobs;
	u64 features;		/* negotiated */
	u64 backend_features;
	struct vhl_iotlb tlb;
	struct vhl_mem *mem;
	u64 __user *log_base;	/* bitmap, one bit per VHL_LOG_PAGE */
	struct eventfd_ctx *log_ctx;
	struct vhl_worker *workers[VHL_NVQS];
	struct dentry *debugfs;
	struct vhl_vq vqs[VHL_NVQS];
};

static inline u16 vhl16_to_cpu(const struct vhl_vq *vq, __virtio16 v)
{
	return __virtio16_to_cpu(vq->little_endian, v);
}

static inline __virtio16 cpu_to_vhl16(const struct vhl_vq *vq, u16 v)
{
	return __cpu_to_virtio16(vq->little_endian, v);
}

static inline u32 vhl32_to_cpu(const struct vhl_vq *vq, __virtio32 v)
{
	return __virtio32_to_cpu(vq->little_endian, v);
}

static inline __virtio32 cpu_to_vhl32(const struct vhl_vq *vq, u32 v)
{
	return __cpu_to_virtio32(vq->little_endian, v);
}

static inline u64 vhl64_to_cpu(const struct vhl_vq *vq, __virtio64 v)
{
	return __virtio64_to_cpu(vq->little_endian, v);
}

/* What was read ahead may have changed: the next chain is read again. */
static inline void vhl_ahead_forget(struct vhl_vq *vq)
{
	vq->n_heads = 0;
	vq->n_ahead = 0;
}

/* Whether the device works by that idea. */
static inline bool vhl_by(const struct vhl_vq *vq, enum vhl_idea idea)
{
	return likely(!(vq->dev->knobs.without & BIT(idea)));
}

static inline bool vhl_has(const struct vhl_vq *vq, unsigned int bit)
{
	return vq->features & BIT_ULL(bit);
}

#endif /* VHOSTLAB_H */
