/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differences between the kernels this module builds on, and nothing
 * else. Stable kernels carry backports, so Kbuild tests the headers for each
 * interface (VHL_HAVE_...) instead of comparing version numbers.
 */
#ifndef VHOSTLAB_COMPAT_H
#define VHOSTLAB_COMPAT_H

#include <linux/eventfd.h>
#include <linux/gfp.h>
#include <linux/if_tun.h>
#include <linux/kernel_stat.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <linux/tick.h>
#include <linux/vhost.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

/* Adds one to the eventfd's count. Any context. */
static inline void vhl_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef VHL_HAVE_EVENTFD_SIGNAL_1ARG
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

/*
 * A frame for tun's and tap's array interface carries its virtio-net header
 * at the start of the buffer; older kernels keep the buffer's size there too.
 */
#ifdef VHL_HAVE_TUN_XDP_HDR
#define VHL_XDP_HDR_SIZE sizeof(struct tun_xdp_hdr)
static inline struct virtio_net_hdr *vhl_xdp_hdr(void *hard_start, int buflen)
{
	struct tun_xdp_hdr *hdr = hard_start;

	hdr->buflen = buflen;
	return &hdr->gso;
}
#else
#define VHL_XDP_HDR_SIZE sizeof(struct virtio_net_hdr)
static inline struct virtio_net_hdr *vhl_xdp_hdr(void *hard_start, int buflen)
{
	return hard_start;
}
#endif

/*
 * Takes up to @most frames from the queue @ring of a tun or tap @file. A tun with
 * IFF_BACKPRESSURE stops its transmit queue when this one is full, and relies on
 * its reader to start it again. Process context; does not sleep.
 */
static inline int vhl_ring_take(struct file *file, struct ptr_ring *ring, void **to, int most)
{
#ifdef VHL_HAVE_TUN_WAKE_QUEUE
	int n;

	spin_lock(&ring->consumer_lock);
	n = __ptr_ring_consume_batched(ring, to, most);
	if (n && !IS_ERR(tun_get_socket(file)))
		tun_wake_queue(file, n);
	spin_unlock(&ring->consumer_lock);
	return n;
#else
	return ptr_ring_consume_batched(ring, to, most);
#endif
}

/*
 * The callback by which the stack reports that it no longer uses the pages of a
 * zerocopy frame: older kernels have a function pointer, newer ones a table.
 */
#ifdef VHL_HAVE_UBUF_INFO_OPS
static inline void vhl_ubuf_set_ops(struct ubuf_info *ubuf, const struct ubuf_info_ops *ops)
{
	ubuf->ops = ops;
}
#else
struct ubuf_info_ops {
	void (*complete)(struct sk_buff *skb, struct ubuf_info *ubuf, bool by_reference);
};

static inline void vhl_ubuf_set_ops(struct ubuf_info *ubuf, const struct ubuf_info_ops *ops)
{
	ubuf->callback = ops->complete;
}
#endif

/* Worker threads that are threads of the owner's process: thread.c. */
#if defined(VHL_HAVE_VHOST_TASK_KILL) && IS_ENABLED(CONFIG_VHOST_TASK)
#include <linux/sched/vhost_task.h>
#define VHL_HAVE_VHOST_TASK
#endif

/*
 * How many times a worker sleeps between two calls of yield(). A scheduler with
 * virtual deadlines postpones the deadline of a thread that calls yield() by a
 * whole slice, and again at the next call, until the thread sleeps.
 */
#ifdef VHL_HAVE_VIRTUAL_DEADLINES
#define VHL_YIELD_REST 1
#else
#define VHL_YIELD_REST 0
#endif

/* The workqueue of items that any processor may run, by its newer name. */
#ifdef VHL_HAVE_SYSTEM_DFL_WQ
#define vhl_unbound_wq system_dfl_wq
#else
#define vhl_unbound_wq system_unbound_wq
#endif

/* What of tc sees the frames that @dev receives, or NULL; not to be followed. Any context. */
static inline const void *vhl_tc_ingress(const struct net_device *dev)
{
#if defined(VHL_HAVE_TCX) && IS_ENABLED(CONFIG_NET_XGRESS)
	return rcu_access_pointer(dev->tcx_ingress);
#elif !defined(VHL_HAVE_TCX) && IS_ENABLED(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_ingress);
#else
	return NULL;
#endif
}

/* Threads of a process that run in the kernel only, besides those of io_uring. */
#ifndef PF_USER_WORKER
#define PF_USER_WORKER 0
#endif

/* Some of the kernels' headers lack this feature bit and these ioctls. */
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif
#ifndef VHOST_GET_FEATURES_ARRAY
struct vhost_features_array {
	__u64 count;
	__u64 features[];
};

#define VHOST_GET_FEATURES_ARRAY _IOR(VHOST_VIRTIO, 0x83, struct vhost_features_array)
#define VHOST_SET_FEATURES_ARRAY _IOW(VHOST_VIRTIO, 0x83, struct vhost_features_array)
#endif

/*
 * Time in ns that @cpu has been idle since boot, also while some task waited for
 * I/O, which kernels keep by itself. Exact where kcpustat_field_idle() exists.
 * Elsewhere get_cpu_idle_time_us() and get_cpu_iowait_time_us() round down to whole
 * microseconds, but those kernels show the exact times in /proc/timer_list. Without
 * tickless idle they return -1, and this returns 0.
 */
static inline u64 vhl_cpu_idle_ns(int cpu)
{
#ifdef VHL_HAVE_KCPUSTAT_FIELD_IDLE
	return kcpustat_field_idle(cpu) + kcpustat_field_iowait(cpu);
#else
	u64 us = get_cpu_idle_time_us(cpu, NULL);
	u64 waiting = get_cpu_iowait_time_us(cpu, NULL);

	return us == (u64)-1 || waiting == (u64)-1 ? 0 : (us + waiting) * NSEC_PER_USEC;
#endif
}

#endif /* VHOSTLAB_COMPAT_H */
