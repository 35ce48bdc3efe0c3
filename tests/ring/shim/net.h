/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames, sockets and eventfds, as far as tx.c and rx.c see them; their other half is backend.c. */
#ifndef SHIM_NET_H
#define SHIM_NET_H

#include "bench/native/shim/socket.h"

typedef u16 __sum16;

struct net_device {
	int unused;
};
struct sk_buff {
	unsigned int len;
	struct net_device *dev;
	bool fragmented, gso;
	u8 ip_summed;
	u8 *data;
};
struct skb_shared_info {
	u8 bytes[320];
};
struct xdp_frame {
	unsigned int len;
};
struct xdp_buff {
	void *data_hard_start;
	u8 *data;
	size_t len, frame_sz;
};
struct eventfd_ctx {
	u64 count;
};

static inline void iov_iter_kvec(struct iov_iter *i, int dir, const struct kvec *v, unsigned int n,
				 size_t count)
{
	iov_iter_ubuf(i, dir, v->iov_base, count);
	i->kernel = true;
	if (n != 1 || count > v->iov_len)
		fail("an iterator that is longer than its buffer");
}
static inline void iov_iter_advance(struct iov_iter *i, size_t n)
{
	if (n > i->count)
		fail("an iterator is advanced beyond its end");
	i->off += n;
	i->count -= n;
}

/* Pages of what is left: at most @most. */
static inline int iov_iter_npages(const struct iov_iter *i, int most)
{
	size_t off = i->off, left = i->count;
	int pages = 0;

	for (unsigned int k = 0; k < i->n && left && pages < most; k++) {
		u64 at = (u64)(uintptr_t)i->iov[k].iov_base + off;
		size_t part;

		if (off >= i->iov[k].iov_len) {
			off -= i->iov[k].iov_len;
			continue;
		}
		part = min(left, i->iov[k].iov_len - off);
		pages += (at + part - 1) / PAGE_SIZE - at / PAGE_SIZE + 1;
		left -= part;
		off = 0;
	}
	return min(pages, most);
}

static inline void xdp_init_buff(struct xdp_buff *x, size_t size, void *rxq)
{
	(void)rxq;
	x->frame_sz = size;
}
static inline void xdp_prepare_buff(struct xdp_buff *x, void *start, size_t pad, size_t len, bool m)
{
	(void)m;
	x->data_hard_start = start;
	x->data = (u8 *)start + pad;
	x->len = len;
}

#define rcu_access_pointer(p)		    (p)
#define rcu_dereference_sched(p)	    (p)
#define dev_sw_netstats_tx_add(dev, n, len) ((void)(len))
#define tun_is_xdp_frame(p)		    ((void)(p), false)
#define skb_is_nonlinear(skb)		    ((skb)->fragmented)
#define skb_is_gso(skb)			    ((skb)->gso)
#define virt_to_head_page(p)		    (p)
#define eventfd_signal(ctx, n)		    ((ctx)->count += (n))

/* tap.c: descriptors TAP and PACKET are those of a tap and of a packet socket. */
struct file *fget(int fd);
void fput(struct file *file);
struct socket *tun_get_socket(struct file *file);
struct ptr_ring *tun_get_tx_ring(struct file *file);
struct socket *sock_from_file(struct file *file);
void ptr_ring_unconsume(struct ptr_ring *r, void **batch, int n, void (*destroy)(void *p));

void page_frag_free(void *p);
void put_page(void *p);
void consume_skb(struct sk_buff *skb);
void kfree_skb(struct sk_buff *skb);
void tun_ptr_free(void *p);
unsigned int ptr_ring_consume_batched(struct ptr_ring *r, void **to, int n);
int vfs_poll(struct file *file, poll_table *table);
int virtio_net_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *h, bool little,
			    bool has_data_valid, int vlan_hlen);

#endif /* SHIM_NET_H */
