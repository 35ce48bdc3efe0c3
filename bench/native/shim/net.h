/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages, frames, sockets and eventfds, as far as the servers see them. A page has a count in a
 * structure of its own and a frame's fields are as far apart as in the kernel, so that they take as
 * many cache lines. What is behind a socket is bench/native/rig_tap.c, and an eventfd is a
 * doorbell.
 */
#ifndef SHIM_NET_H
#define SHIM_NET_H

#include "lib/doorbell.h"
#include "socket.h"

typedef u16 __sum16;

/* Blocks of 32 KiB for page fragments, as alloc_pages() gives them. */
#define SHIM_BLOCK_SHIFT 15
#define SHIM_BLOCKS	 64
struct page {
	int refs;
	char rest[60];
};
extern char *shim_blocks; /* SHIM_BLOCKS of them */
extern struct page shim_page[SHIM_BLOCKS];
struct page *shim_alloc_pages(unsigned int order);
void shim_free_page(struct page *page);

#define GFP_KERNEL		0
#define __GFP_DIRECT_RECLAIM	0
#define __GFP_COMP		0
#define __GFP_NOWARN		0
#define __GFP_NORETRY		0
#define get_order(bytes)	((bytes) > 16384 ? 3 : 0)
#define alloc_pages(gfp, order) shim_alloc_pages(order)
#define alloc_page(gfp)		shim_alloc_pages(0)
static __always_inline struct page *virt_to_page(const void *p)
{
	return &shim_page[((const char *)p - shim_blocks) >> SHIM_BLOCK_SHIFT];
}
#define virt_to_head_page(p) virt_to_page(p)
#define page_address(page) \
	((void *)(shim_blocks + ((unsigned long)((page)-shim_page) << SHIM_BLOCK_SHIFT)))
#define page_ref_count(page)  READ_ONCE((page)->refs)
#define page_ref_add(page, n) ((void)__atomic_add_fetch(&(page)->refs, (int)(n), __ATOMIC_SEQ_CST))
static __always_inline void put_page(struct page *page)
{
	if (unlikely(!__atomic_sub_fetch(&page->refs, 1, __ATOMIC_SEQ_CST)))
		shim_free_page(page);
}
static inline void __page_frag_cache_drain(struct page *page, unsigned int n)
{
	if (!__atomic_sub_fetch(&page->refs, (int)n, __ATOMIC_SEQ_CST))
		shim_free_page(page);
}
#define page_frag_free(p) put_page(virt_to_page(p))

struct net_device {
	u64 packets, bytes;
};
/* Fields in use are on the first, the second and the fourth line of an skb. */
struct sk_buff {
	struct net_device *dev;
	char first[104];
	unsigned int len;
	bool fragmented, gso;
	u8 ip_summed;
	char second[71];
	u8 *data;
	char rest[56];
} __attribute__((aligned(64)));
struct skb_shared_info {
	u8 bytes[320];
};
struct xdp_frame {
	unsigned int len;
};
struct xdp_buff {
	u8 *data, *data_end, *data_meta;
	void *data_hard_start;
	void *rxq, *txq;
	u32 frame_sz, flags;
};
struct eventfd_ctx {
	struct doorbell *bell;
};

static inline void iov_iter_kvec(struct iov_iter *i, int dir, const struct kvec *v, unsigned int n,
				 size_t count)
{
	(void)n;
	iov_iter_ubuf(i, dir, v->iov_base, count);
	i->kernel = true;
}
static inline void iov_iter_advance(struct iov_iter *i, size_t n)
{
	i->off += n;
	i->count -= n;
}
static inline int iov_iter_npages(const struct iov_iter *i, int most)
{
	(void)i;
	return most;
}

static inline void xdp_init_buff(struct xdp_buff *x, size_t size, void *rxq)
{
	x->frame_sz = size;
	x->rxq = rxq;
	x->flags = 0;
}
static inline void xdp_prepare_buff(struct xdp_buff *x, void *start, size_t pad, size_t len, bool m)
{
	x->data_hard_start = start;
	x->data = (u8 *)start + pad;
	x->data_end = x->data + len;
	x->data_meta = m ? x->data : x->data + 1;
}

#define rcu_access_pointer(p)		    READ_ONCE(p)
#define rcu_dereference_sched(p)	    READ_ONCE(p)
#define dev_sw_netstats_tx_add(dev, n, len) ((dev)->packets += (n), (dev)->bytes += (len))
#define tun_is_xdp_frame(p)		    ((unsigned long)(p)&1)
#define skb_is_nonlinear(skb)		    READ_ONCE((skb)->fragmented)
#define skb_is_gso(skb)			    READ_ONCE((skb)->gso)
#define eventfd_signal(ctx, n)		    doorbell_ring((ctx)->bell)

/* rig_tap.c: any descriptor is that of the one tap. */
struct file *fget(int fd);
void fput(struct file *file);
struct socket *tun_get_socket(struct file *file);
struct ptr_ring *tun_get_tx_ring(struct file *file);
void ptr_ring_unconsume(struct ptr_ring *r, void **batch, int n, void (*destroy)(void *p));
#define sock_from_file(file) ((void)(file), (struct socket *)NULL)

void consume_skb(struct sk_buff *skb);
void kfree_skb(struct sk_buff *skb);
void tun_ptr_free(void *p);
unsigned int ptr_ring_consume_batched(struct ptr_ring *r, void **to, int n);
int vfs_poll(struct file *file, poll_table *table);

/* As the kernel's for a frame without offloads: two stores. */
static inline int virtio_net_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *h,
					  bool little, bool has_data_valid, int vlan_hlen)
{
	(void)skb;
	(void)little;
	(void)has_data_valid;
	(void)vlan_hlen;
	memset(h, 0, sizeof(*h));
	return 0;
}

#endif /* SHIM_NET_H */
