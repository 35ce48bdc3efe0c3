/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhostlab_net: a kernel-level virtio-net server.
 *
 * The terms of the module. A device (struct vhl_dev) is one open file and has two
 * virtqueues (struct vhl_vq): receive (0) and transmit (1), as seen by the guest.
 * The client is the process that opened the file (QEMU, for example); the owner is
 * the address space that called VHOST_SET_OWNER. Each virtqueue is served by a
 * worker (struct vhl_worker), which is woken by the guest's kick eventfd or by the
 * backend socket (struct vhl_poll). It executes runs: a run serves one queue until
 * the queue is empty or a weight is used up (weight.h). Runs execute in the
 * owner's address space, so that guest memory is ordinary user memory.
 *
 * Locking: dev->mutex serialises ioctls; vq->mutex is held by every access to a
 * ring (by the worker for one run, by an ioctl for one change). dev->mutex is
 * taken before a vq->mutex. When both vq->mutexes are needed, receive is first.
 * A run may sleep for as long as a page of its owner is missing, so ioctls take
 * both kinds killable: lock.h. Ioctls that only query take no lock.
 *
 * Functions without a comment in a header have it at their definition.
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

/* The queues of a device (virtio 1.2, section 5.1.2): receiveq1 and transmitq1. */
enum { VHL_RX, VHL_TX, VHL_NVQS };

/* Most segments of a chain, or of the buffers of a received frame: UIO_MAXIOV. */
#define VHL_MAX_SEGS		1024
/* Most frames handed to or taken from a backend at once. */
#define VHL_MAX_BATCH		256
/* Most avail entries read ahead at once. */
#define VHL_HEADS		64

/*
 * The areas of a virtqueue (virtio 1.2, sections 2.7 and 2.8): of a split one the
 * descriptor table, the avail ring and the used ring; of a packed one the
 * descriptor ring and the event suppression structures of driver and device.
 */
enum vhl_area { VHL_DESC, VHL_AVAIL, VHL_USED, VHL_NAREAS };

/* A descriptor, read ahead, in host byte order; its upper half is one word. */
struct vhl_ahead {
	u64 addr;	/* guest address */
	u64 word;	/* packed: flags, id, length (packed.h); split: next, flags, length */
};

/* A descriptor chain, as read by vhl_chain_read(): out segments, then in. */
struct vhl_chain {
	u32 head;	/* for vhl_used_add(); lower 16 bits: head index, or packed buffer id */
	u16 out;	/* readable segments, from vq->iov[first] on */
	u16 in;		/* writable segments, after them */
	u16 descs;	/* descriptors: for tracepoint desc and the weight of a run */
	u64 out_len;	/* bytes; VHL_MAX_SEGS descriptors would overflow 32 bits */
	u64 in_len;	/* bytes */
};

/* A virtqueue; lives as long as its device. */
struct vhl_vq {
	struct mutex mutex;	/* the ring, the backend, and all below unless noted */
	struct vhl_dev *dev;
	u16 index;

	/* Where the ring is (user or I/O virtual addresses) and its size in entries. */
	u32 num;
	bool area_set;
	bool starting;		/* used index not yet read: IOTLB entries were missing */
	void __user *area[VHL_NAREAS];

	/* Positions, free-running modulo 2^16; packed: counts of descriptors. */
	u16 last_avail;		/* next entry to take */
	u16 avail_seen;		/* the guest's index when last read */
	u16 heads_at;		/* avail position of heads[0] or ahead[0] */
	u16 n_heads;		/* entries of heads[] that are valid without ahead[]: chain.h */
	u16 n_ahead;		/* entries of ahead[] (split: and of heads[]) that are valid */
	u16 used_idx;		/* next entry to write */
	u16 signalled_used;	/* used_idx at the last call decision */
	u16 held;		/* taken, but not to be published yet: zerocopy.h */
	bool signalled_valid;	/* signalled_used may be relied on */
	/* Packed: avail_seen and used_idx as positions in the ring; packed.h. */
	u16 avail_pos;
	u16 used_pos;
	bool notify_on;		/* kicks are enabled */
	bool waiting_buffers;	/* rx: frames do not wake the queue, kicks do */
	s64 budget;		/* bytes the run may still move: weight.h */
	u32 weight;		/* packets of a run at most */

	/* Negotiated features, copied so that the packet path reads one cache line. */
	u64 features;
	bool packed;		/* VIRTIO_F_RING_PACKED: packed.h */
	bool event_idx;		/* VIRTIO_RING_F_EVENT_IDX */
	bool iotlb;		/* addresses need translation: iotlb.c */
	bool wanted;		/* an ioctl waits for mutex: a busy poll ends; no lock */
	bool pinned;		/* areas are mapped when that is possible: pin.c */
	bool ring_plain;	/* user addresses: neither iotlb, pinned nor prefetch */
	bool prefetch;		/* the next descriptor is prefetched */
	bool used_folded;	/* VIRTIO_F_IN_ORDER: one used entry for all published */
	bool little_endian;	/* byte order of the ring */
	bool mergeable;		/* VIRTIO_NET_F_MRG_RXBUF */
	u8 guest_hlen;		/* virtio-net header of the guest, in bytes */
	u8 sock_hlen;		/* how much of it the backend reads and writes */

	/* Backend. sock_file holds the reference; sock and ring live as long. */
	struct file *sock_file;
	struct socket *sock;
	struct ptr_ring *ring;	/* tun, tap: frames are received from it; or NULL */
	bool rx_tagged;		/* packet socket: the next frame has a VLAN tag */
	bool rx_direct;		/* frames may be copied without recvmsg(): rx.c */
	bool rx_bursts;		/* the same, many at a time: rx_burst.c */
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

	/* Working memory of the packet path, allocated at VHOST_SET_OWNER. */
	struct iovec *iov;		/* VHL_MAX_SEGS */
	u64 *gpa;			/* guest address of iov[i], for the log */
	struct vring_used_elem *done;	/* used heads, not yet published */
	unsigned int n_done;		/* entries of it */
	__virtio16 heads[VHL_HEADS];	/* avail entries read ahead */
	struct vhl_ahead ahead[VHL_HEADS];	/* the first descriptors of their chains */
	const struct vhl_region *last;	/* region of the last translation, if
					 * it may be read and written
					 */

	/* IOTLB: the last entry used per area; whether all of the areas are
	 * translated; and the address that is not.
	 */
	const struct vhl_region *area_last[VHL_NAREAS];
	bool area_ok;
	struct vhl_miss miss;	/* under tlb.lock */

	/* ring_access=pinned: pin.c. */
	void *kaddr[VHL_NAREAS];	/* where the areas are mapped, or NULL */
	spinlock_t pin_lock;	/* serialises changes of kaddr */
	unsigned long pin_unused;	/* RCU's state when kaddr was last cleared */
	struct vhl_pin *pin;
	const struct cred *pin_cred;	/* of the user charged for pinned pages; or NULL */
	unsigned long pin_limit;	/* RLIMIT_MEMLOCK of the owner, in pages */
	unsigned long pin_next;		/* jiffies: no attempt to map before */

	/* tx: frames to send; rx: frames taken from the backend's ring. */
	struct xdp_buff *xdp;	/* tx: VHL_MAX_BATCH */
	unsigned int n_xdp;
	u8 xdp_asks;		/* flags and gso_type of all frames in xdp[], or'ed */
	struct vhl_frags frags;
	struct vhl_zc *zc;	/* tx: or NULL: all frames are copied */
	void **queue;		/* rx: VHL_MAX_BATCH */
	struct virtio_net_hdr_mrg_rxbuf *hdrs; /* rx: the same; rx_burst.c */
	unsigned int q_head, q_tail;	/* frames in queue: [q_head, q_tail) */

	struct vhl_stats stats;
};

/* A device: one open file. Freed when the file is released. */
struct vhl_dev {
	struct mutex mutex;	/* serialises ioctls and write() */
	int id;			/* number in debugfs and tracepoints */
	struct mm_struct *mm;	/* the owner's, by mmgrab(): may have no memory; NULL: no owner */
	bool closing;		/* runs must not access the owner's memory any more */
	struct vhl_knobs knobs;
	u64 features;		/* negotiated */
	u64 backend_features;	/* VHOST_BACKEND_F_... */
	struct vhl_iotlb tlb;
	struct vhl_mem *mem;	/* read under a vq->mutex, set under all; or NULL */
	u64 __user *log_base;	/* bitmap, one bit per VHL_LOG_PAGE bytes */
	struct eventfd_ctx *log_ctx;
	struct vhl_worker *workers[VHL_NVQS];	/* one or two, by the threading model */
	struct dentry *debugfs;
	struct vhl_vq vqs[VHL_NVQS];
};

/*
 * Conversions from and to the byte order of the ring, which on a little-endian
 * machine is always its own: the compiler leaves out the test there.
 */
static inline bool vhl_little_endian(const struct vhl_vq *vq)
{
	return virtio_legacy_is_little_endian() || vq->little_endian;
}

static inline u16 vhl16_to_cpu(const struct vhl_vq *vq, __virtio16 v)
{
	return __virtio16_to_cpu(vhl_little_endian(vq), v);
}

static inline __virtio16 cpu_to_vhl16(const struct vhl_vq *vq, u16 v)
{
	return __cpu_to_virtio16(vhl_little_endian(vq), v);
}

static inline u32 vhl32_to_cpu(const struct vhl_vq *vq, __virtio32 v)
{
	return __virtio32_to_cpu(vhl_little_endian(vq), v);
}

static inline __virtio32 cpu_to_vhl32(const struct vhl_vq *vq, u32 v)
{
	return __cpu_to_virtio32(vhl_little_endian(vq), v);
}

static inline u64 vhl64_to_cpu(const struct vhl_vq *vq, __virtio64 v)
{
	return __virtio64_to_cpu(vhl_little_endian(vq), v);
}

/* Discards what was read ahead: the next chain is read again. Caller holds vq->mutex. */
static inline void vhl_ahead_forget(struct vhl_vq *vq)
{
	vq->n_heads = 0;
	vq->n_ahead = 0;
}

/* Whether optimization @idea is on; parameter `without` switches it off. */
static inline bool vhl_by(const struct vhl_vq *vq, enum vhl_idea idea)
{
	return likely(!(vq->dev->knobs.without & BIT(idea)));
}

/*
 * Whether the descriptors of a split ring are read ahead with their avail entries.
 * Not with knob prefetch, which has the next descriptor read while one is served.
 */
static inline bool vhl_by_window(const struct vhl_vq *vq)
{
	return vhl_by(vq, VHL_IDEA_WINDOW) && !vq->prefetch;
}

/* Whether feature @bit was negotiated. Caller holds vq->mutex. */
static inline bool vhl_has(const struct vhl_vq *vq, unsigned int bit)
{
	return vq->features & BIT_ULL(bit);
}

#endif /* VHOSTLAB_H */
