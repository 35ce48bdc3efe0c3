/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's ring code needs of the kernel and what is the same wherever it runs: types,
 * macros, errors, memory, lists and byte order. The rest is what a user of this file is about:
 * kernel.h beside it has barriers and user memory as fast as the kernel's; the test with a hostile
 * guest has them checked.
 */
#ifndef SHIM_BASE_H
#define SHIM_BASE_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef int8_t s8;
typedef unsigned int gfp_t;

#define __user
#define __rcu
#define __force
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline		      inline __attribute__((always_inline))
#define likely(x)		      __builtin_expect(!!(x), 1)
#define unlikely(x)		      __builtin_expect(!!(x), 0)
#define fallthrough		      __attribute__((fallthrough))
#define U64_MAX			      UINT64_MAX
#define PAGE_SIZE		      4096UL
#define BITS_PER_BYTE		      8
#define NSEC_PER_USEC		      1000L
#define BIT(n)			      (1UL << (n))
#define BIT_ULL(n)		      (1ULL << (n))
#define ARRAY_SIZE(a)		      (sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(x)		      _Static_assert(!(x), #x)
#define IS_ENABLED(x)		      0
#define READ_ONCE(x)		      (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	      (*(volatile __typeof__(x) *)&(x) = (v))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define swap(a, b) \
	do { \
		__typeof__(a) t_ = (a); \
		(a) = (b); \
		(b) = t_; \
	} while (0)

#define min(a, b) \
	({ \
		__auto_type a_ = (a); \
		__auto_type b_ = (b); \
		a_ < b_ ? a_ : b_; \
	})
#define max(a, b) \
	({ \
		__auto_type a_ = (a); \
		__auto_type b_ = (b); \
		a_ > b_ ? a_ : b_; \
	})
#define min_t(t, a, b)		    min((t)(a), (t)(b))
#define max_t(t, a, b)		    max((t)(a), (t)(b))
#define min3(a, b, c)		    min(min(a, b), c)
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define is_power_of_2(n)	    ((n) && !((n) & ((n)-1)))

#define MAX_ERRNO 4095
static inline void *ERR_PTR(long err)
{
	return (void *)err;
}
static inline long PTR_ERR(const void *p)
{
	return (long)p;
}
static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-MAX_ERRNO;
}
#define ERR_CAST(p) ((void *)(p))

/* Memory. Each allocation by itself, so that AddressSanitizer sees its end. */
#define GFP_KERNEL_ACCOUNT	       0
#define kvmalloc(n, gfp)	       ((void)(gfp), malloc(n))
#define kvmalloc_array(n, size, gfp)   ((void)(gfp), calloc(n, size))
#define kvzalloc(n, gfp)	       ((void)(gfp), calloc(1, n))
#define kzalloc(n, gfp)		       ((void)(gfp), calloc(1, n))
#define kvfree(p)		       free(p)
#define kfree(p)		       free(p)
#define struct_size(p, member, n)      (sizeof(*(p)) + (n) * sizeof((p)->member[0]))
#define sort(base, n, size, cmp, swap) qsort(base, n, size, cmp)

typedef struct {
	int n;
} refcount_t;
typedef struct {
	int n;
} atomic_t;
struct rcu_head {
	int unused;
};
/* What is left to the stack when a device is closed: by one thread. */
#define refcount_inc(r) ((void)++(r)->n)
#define refcount_dec(r) ((void)--(r)->n)
#define ATOMIC_INIT(i) \
	{ \
		(i) \
	}
#define atomic_read(a)					 READ_ONCE((a)->n)
#define atomic_inc(a)					 ((void)++(a)->n)
#define atomic_dec(a)					 ((void)--(a)->n)
#define kvfree_rcu(p, member)				 free(p)
#define xchg(p, value)					 __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new)				 __sync_val_compare_and_swap(p, old, new)
#define THIS_MODULE					 NULL
#define __module_get(m)					 ((void)(m))
#define module_put(m)					 ((void)(m))
#define debugfs_create_atomic_t(name, mode, root, value) ((void)(mode), (void)(root), (void)(value))
struct lock_class_key {
	int unused;
};
typedef struct {
	int unused;
} wait_queue_head_t;
typedef struct {
	int unused;
} wait_queue_entry_t;
typedef struct {
	int unused;
} poll_table;
struct work_struct {
	int unused;
};
struct delayed_work {
	int unused;
};
struct llist_node {
	struct llist_node *next;
};
struct llist_head {
	struct llist_node *first;
};
#define init_waitqueue_head(w)	  ((w)->unused = 0)
#define wake_up_poll(w, mask)	  ((void)(w))
#define wake_up(w)		  ((void)(w))
#define lockdep_set_class(l, key) ((void)(key))
#define jiffies			  0UL
#define HZ			  250

struct list_head {
	struct list_head *next, *prev;
};
static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l->prev = l;
}
static inline void list_add_tail(struct list_head *e, struct list_head *l)
{
	e->next = l;
	e->prev = l->prev;
	l->prev->next = e;
	l->prev = e;
}
static inline void list_del(struct list_head *e)
{
	e->prev->next = e->next;
	e->next->prev = e->prev;
}
#define list_first_entry(l, type, member) container_of((l)->next, type, member)
#define list_for_each_entry(e, l, member) \
	for ((e) = list_first_entry(l, __typeof__(*(e)), member); &(e)->member != (l); \
	     (e) = list_first_entry(&(e)->member, __typeof__(*(e)), member))

/* An interval tree of so few entries that a list of them will do. */
struct interval_tree_node {
	struct interval_tree_node *next;
	u64 start, last;
};
struct rb_root_cached {
	struct interval_tree_node *first;
};
#define RB_ROOT_CACHED ((struct rb_root_cached){ 0 })
static inline void interval_tree_insert(struct interval_tree_node *n, struct rb_root_cached *t)
{
	n->next = t->first;
	t->first = n;
}
static inline void interval_tree_remove(struct interval_tree_node *n, struct rb_root_cached *t)
{
	struct interval_tree_node **at = &t->first;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
}
static inline struct interval_tree_node *interval_tree_iter_first(struct rb_root_cached *t,
								  u64 first, u64 last)
{
	struct interval_tree_node *n = t->first;

	while (n && (n->start > last || n->last < first))
		n = n->next;
	return n;
}

#define VIRTIO(bits) \
	static inline u##bits __virtio##bits##_to_cpu(bool little, __virtio##bits v) \
	{ \
		return little ? (u##bits)v : __builtin_bswap##bits(v); \
	} \
	static inline __virtio##bits __cpu_to_virtio##bits(bool little, u##bits v) \
	{ \
		return little ? v : __builtin_bswap##bits(v); \
	}
VIRTIO(16)
VIRTIO(32)
VIRTIO(64)
#define virtio_legacy_is_little_endian() true
#define le16_to_cpu(v)			 ((u16)(v))
#define le32_to_cpu(v)			 ((u32)(v))
#define le64_to_cpu(v)			 ((u64)(v))
#define cpu_to_le16(v)			 ((__le16)(v))
#define cpu_to_le32(v)			 ((__le32)(v))
#define cpu_to_le64(v)			 ((__le64)(v))

#endif /* SHIM_BASE_H */
