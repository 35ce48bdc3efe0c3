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
#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/ptr_ring.h>
#include <linux/uio.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <net/xdp.h>

#include "compat.h"
#include "counters.h"
#include "worker.h"

enum { VHL_RX, VHL_TX, VHL_NVQS };

/* Segments one chain (or one merged receive) may have: UIO_MAXIOV. */
#define VHL_MAX_SEGS		1024
/* Most frames handed to a backend, or heads published, at once. */
#define VHL_MAX_BATCH		256
/* Avail entries read in one go. */
#define VHL_HEADS		64
/* Memory regions accepted: what QEMU has slots for. */
#define VHL_MAX_REGIONS		509
/* Slots of the index of regions: four a region at least where they are alike. */
#define VHL_MEM_SLOTS		2048
/* Entries of the IOTLB; one more pushes out the oldest. */
#define VHL_MAX_IOVAS		2048
/* Guest page a dirty-log bit stands for. */
#define VHL_LOG_PAGE		4096

/*
 * One region of the guest's memory: [gpa, gpa + size) is at hva, and may be
 * used as VHOST_ACCESS_... says. With an IOTLB, gpa is an I/O virtual address.
 */
struct vhl_region {
	u64 gpa;
	u64 size;
	u64 hva;
	u8 perm;
};

/*
 * The memory table: regions sorted by gpa, and an index of them. It cuts the
 * addresses from the first region to the last into slots of 2^shift bytes and
 * names for each the first region that ends behind the slot's beginning. With
 * regions of about one size, as plugged memory has, that is the region, or the
 * one before it; whatever their sizes, the next slot's entry bounds the search.
 * Immutable once published in dev->mem; readers hold a vq mutex, the writer
 * all of them. So nothing of it is ever out of date.
 */
struct vhl_mem {
	u32 n;
	u32 slots;	/* 0: no region, or they overlap: linear scan */
	u64 base;
	u8 shift;
	u16 first[VHL_MEM_SLOTS + 1];
	struct vhl_region r[];
};

/* An entry of the IOTLB. */
struct vhl_iova {
	struct interval_tree_node node;
	struct list_head order;
	struct vhl_region r;
};

struct vhl_iotlb {
	struct rb_root_cached tree;
	struct list_head order;		/* entries, the oldest first */
	unsigned int n;
	bool on;			/* VIRTIO_F_ACCESS_PLATFORM is negotiated */
	spinlock_t lock;		/* the questions: vq->miss */
	wait_queue_head_t wait;		/* for questions to read */
};

enum vhl_miss_state { VHL_MISS_NONE, VHL_MISS_QUEUED, VHL_MISS_ASKED };

/* The address a queue waits for. */
struct vhl_miss {
	enum vhl_miss_state state;
	u8 perm;
	u64 iova;
};

/* Pages that fragments are cut from, in turn. */
#define VHL_FRAG_PAGES 4

/* Page fragments in stock: frag.h. */
struct vhl_frags {
	void *va;		/* the page in use */
	unsigned int left;	/* bytes of it not handed out */
	unsigned int refs;	/* references to it not handed out */
	unsigned int at;	/* which one that is */
	struct {
		void *va;
		unsigned int size;
		unsigned int refs;	/* as above, when not in use */
	} page[VHL_FRAG_PAGES];
};

/* An interface that may vanish: netdev.h. */
struct vhl_netdev {
	struct list_head node;
	struct net_device __rcu *dev;	/* NULL: not known, or deleted */
	bool watched;			/* node is in the list */
	bool ethernet;			/* certainly has link headers: takes arrays */
};

/* What frames are sent to and taken from; the rest belongs to the file. */
struct vhl_backend {
	struct file *file;
	struct socket *sock;
	struct ptr_ring *ring;	/* tun's and tap's queue of frames, or NULL */
	struct vhl_netdev netdev;
};

struct vhl_vq;

/* A wait on a file (kick eventfd or backend socket) that queues vq->work. */
struct vhl_poll {
	poll_table table;
	wait_queue_entry_t wait;
	wait_queue_head_t *wqh;
	struct vhl_vq *vq;
	__poll_t mask;
	bool is_kick;
};

/*
 * The ideas that make this server faster than a plain one and need nothing of
 * the guest. Each can be left out by itself, to know what it is worth:
 * parameter `without`.
 */
enum vhl_idea {
	VHL_IDEA_ARRAY,		/* tx: frames gathered into arrays */
	VHL_IDEA_DIRECT,	/* rx: copied from where they are, not by the socket */
	VHL_IDEA_REGION,	/* the region of the last translation tried first */
	VHL_IDEA_AHEAD,		/* avail entries read many at a time */
	VHL_IDEA_LATE,		/* tx: kicks waived until the last array is sent */
	VHL_IDEA_RECHECK,	/* rx: backend looked at again after the call */
	VHL_IDEA_YIELD,		/* worker gives way before it sleeps: worker.c */
	VHL_NIDEAS
};

/* What a device was told to do; read from the parameters at SET_OWNER. */
struct vhl_knobs {
	enum vhl_worker_model worker;
	unsigned int tx_batch;
	unsigned int rx_batch;
	unsigned int packet_weight;
	unsigned int poll_us;
	unsigned int shared_poll_us;
	unsigned int without;	/* bits of enum vhl_idea */
	unsigned int zerocopy;	/* bytes of a frame; 0: never */
	bool poll_adapt;
	bool prefetch;
	bool pinned;
	bool charge;
};

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

/* A queue's poll, and what it has learned of its polls (poll_adapt): poll.c. */
struct vhl_poll_time {
	u64 end;	/* local_clock() when the one under way ends; 0: none is */
	u32 spins;	/* of that one */
	bool anew;	/* its time begins again: the other queue has asked */
	u64 ns;		/* how long the next one lasts; 0: there is none */
	u64 asleep;	/* local_clock() when it was left out; 0: no wait */
	u32 seen;	/* waits since then that one would have seen the end of */
	u32 need;	/* as many bring the next one; 0: the last ones hit */
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

/* params.c */
extern char *vhl_devname;
void vhl_knobs_read(struct vhl_knobs *k);
u64 vhl_features_offered(void);

/* device.c */
extern const struct file_operations vhl_fops;

/* memory.c */
int vhl_mem_set(struct vhl_dev *dev, struct vhost_memory __user *m);
int vhl_translate(struct vhl_vq *vq, u64 gpa, u32 len, bool write,
		  struct iovec *iov, u64 *seg_gpa, int room);

/* iotlb.c */
void vhl_iotlb_init(struct vhl_iotlb *tlb);
void vhl_iotlb_forget_locked(struct vhl_dev *dev);
int vhl_iotlb_update(struct vhl_dev *dev, const struct vhost_iotlb_msg *m);
int vhl_iotlb_invalidate(struct vhl_dev *dev, u64 iova, u64 size);
void vhl_miss_forget(struct vhl_vq *vq);
const struct vhl_region *vhl_iotlb_find(struct vhl_vq *vq, u64 iova, u8 perm);

/* message.c */
ssize_t vhl_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t vhl_write_iter(struct kiocb *iocb, struct iov_iter *from);
__poll_t vhl_poll_device(struct file *file, poll_table *wait);

/* vring.c */
void vhl_vq_init(struct vhl_dev *dev, struct vhl_vq *vq, u16 index);
int vhl_vq_alloc(struct vhl_vq *vq);
void vhl_vq_reset(struct vhl_vq *vq);
void vhl_vq_set_iotlb(struct vhl_vq *vq, bool on);
void vhl_vq_set_features(struct vhl_vq *vq, u64 features);
bool vhl_vq_access_ok(struct vhl_vq *vq);
long vhl_vring_ioctl(struct vhl_dev *dev, unsigned int cmd, void __user *argp);

/* chain.c */
int vhl_avail_look(struct vhl_vq *vq);
int vhl_chain_read(struct vhl_vq *vq, unsigned int first,
		   struct vhl_chain *chain);

/* used.c */
void vhl_used_publish(struct vhl_vq *vq);
int vhl_used_start(struct vhl_vq *vq);
bool vhl_notify_enable(struct vhl_vq *vq);
void vhl_notify_repair(struct vhl_vq *vq);
void vhl_notify_disable(struct vhl_vq *vq);

/* poll.c */
enum vhl_polled {
	VHL_POLL_DRY,	/* no work, and no poll under way */
	VHL_POLL_HIT,	/* work */
	VHL_POLL_LATER,	/* the queue's turn comes again: no kicks until then */
};

void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask,
		   bool is_kick);
int vhl_poll_start(struct vhl_poll *poll, struct file *file);
void vhl_poll_stop(struct vhl_poll *poll);
enum vhl_polled vhl_busy_poll(struct vhl_vq *vq);
void vhl_poll_resume(struct vhl_vq *vq);
void vhl_poll_waited(struct vhl_vq *vq);

/* log.c */
int vhl_log_write(struct vhl_vq *vq, u64 gpa, u64 len);
int vhl_log_hva(struct vhl_vq *vq, u64 hva, u64 len);
int vhl_log_failed(struct vhl_vq *vq);
int vhl_log_told(struct vhl_vq *vq, int err);
bool vhl_log_ok(u64 __user *base, const struct vhl_mem *mem);

/* backend.c */
int vhl_backend_get(struct vhl_backend *b, int fd);
void vhl_backend_put(struct vhl_backend *b);
int vhl_backend_set(struct vhl_dev *dev, unsigned int index, int fd);
void vhl_backend_drop(struct vhl_vq *vq);

/* tx.c, rx.c: one run of a queue that has a backend, under vq->mutex. */
unsigned int vhl_tx_run(struct vhl_vq *vq);
unsigned int vhl_rx_run(struct vhl_vq *vq);

/* rx_tag.c */
int vhl_rx_tagged(struct vhl_vq *vq, struct iov_iter *to, unsigned int heads, size_t len);

/* floor.c */
long vhl_floor_run(struct vhl_dev *dev, void __user *argp);

/* stats.c */
int vhl_stats_init(void);
void vhl_stats_exit(void);
void vhl_stats_add(struct vhl_dev *dev);
void vhl_stats_del(struct vhl_dev *dev);

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

/*
 * How many avail entries wait. Reads the guest's index only when those seen
 * before are used up. Returns a negative errno when the index cannot be read
 * or moved by more than the ring holds. Caller holds vq->mutex; may sleep.
 */
static inline int vhl_avail_pending(struct vhl_vq *vq)
{
	u16 n = vq->avail_seen - vq->last_avail;

	return likely(n) ? n : vhl_avail_look(vq);
}

/* What was read ahead may not be as it was: the next chain is read anew. */
static inline void vhl_ahead_forget(struct vhl_vq *vq)
{
	vq->n_heads = 0;
	vq->n_ahead = 0;
}

/* Notes that @head of a chain is done, with @len bytes written to it. */
static inline void vhl_used_add(struct vhl_vq *vq, u32 head, u32 len)
{
	struct vring_used_elem *e = &vq->done[vq->n_done++];

	e->id = cpu_to_vhl32(vq, head);
	e->len = cpu_to_vhl32(vq, len);
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
