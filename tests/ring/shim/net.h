/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames, sockets and eventfds, as far as tx.c and rx.c see them; their other half is backend.c. */
#ifndef SHIM_NET_H
#define SHIM_NET_H

#define ETH_HLEN	    14
#define VLAN_HLEN	    4
#define NET_IP_ALIGN	    0
#define NET_SKB_PAD	    64
#define XDP_PACKET_HEADROOM 256
#define SKB_DATA_ALIGN(n)   (((n) + 63) & ~63UL)
#define MSG_DONTWAIT	    0x40
#define MSG_TRUNC	    0x20
#define READ		    0
#define WRITE		    1
#define TUN_MSG_PTR	    2
#define TUN_MSG_UBUF	    1
#define MAX_SKB_FRAGS	    17
#define SKBFL_ZEROCOPY_FRAG 3
#define SOCK_ZEROCOPY	    1
#define SOCK_XDP	    0
#define AF_PACKET	    17
#define SOCK_RAW	    3

typedef u16 __sum16;

struct net_device {
	int unused;
};
struct sk_buff {
	unsigned int len;
	struct net_device *dev;
	bool fragmented, gso;
	u8 *data;
};
struct skb_shared_info {
	u8 bytes[320];
};
struct xdp_frame {
	unsigned int len;
};
struct xdp_buff {
	void *hard_start;
	u8 *data;
	size_t len, size;
};
struct tun_xdp_hdr {
	int buflen;
	struct virtio_net_hdr gso;
};
struct tun_msg_ctl {
	unsigned short type, num;
	void *ptr;
};
struct ubuf_info {
	refcount_t refcnt;
	u8 flags;
	void (*callback)(struct sk_buff *skb, struct ubuf_info *ubuf, bool by_reference);
};

struct kvec {
	void *iov_base;
	size_t iov_len;
};
/* The bytes of segments from @off on; with @kernel they are not user memory. */
struct iov_iter {
	struct iovec one;
	const struct iovec *iov;
	unsigned int n;
	size_t off, count;
	bool kernel;
};
struct msghdr {
	void *msg_control;
	size_t msg_controllen;
	unsigned int msg_flags;
	struct iov_iter msg_iter;
};

struct sk_buff_head {
	spinlock_t lock;
	struct sk_buff *first;
};
struct sock {
	int sk_sndbuf;
	int sk_family, sk_type;
	struct sk_buff_head sk_receive_queue;
};
struct socket;
struct proto_ops {
	int (*sendmsg)(struct socket *sock, struct msghdr *msg, size_t len);
	int (*recvmsg)(struct socket *sock, struct msghdr *msg, size_t len, int flags);
};
struct socket {
	struct sock *sk;
	const struct proto_ops *ops;
};
struct ptr_ring {
	int unused;
};
struct file {
	int held;
};
struct eventfd_ctx {
	u64 count;
};

static inline void iov_iter_init(struct iov_iter *i, int dir, const struct iovec *iov,
				 unsigned int n, size_t count)
{
	(void)dir;
	*i = (struct iov_iter){ .iov = iov, .n = n, .count = count };
}
static inline void iov_iter_ubuf(struct iov_iter *i, int dir, void *buf, size_t count)
{
	(void)dir;
	*i = (struct iov_iter){ .one = { buf, count }, .n = 1, .count = count };
}
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
	x->size = size;
}
static inline void xdp_prepare_buff(struct xdp_buff *x, void *start, size_t pad, size_t len, bool m)
{
	(void)m;
	x->hard_start = start;
	x->data = (u8 *)start + pad;
	x->len = len;
}

#define sock_flag(sk, flag)		    ((sk)->sk_sndbuf == INT_MAX && (flag) == SOCK_ZEROCOPY)
#define rcu_access_pointer(p)		    (p)
#define rcu_dereference_sched(p)	    (p)
#define dev_sw_netstats_tx_add(dev, n, len) ((void)(len))
#define tun_is_xdp_frame(p)		    ((void)(p), false)
#define tun_ptr_to_xdp(p)		    ((struct xdp_frame *)(p))
#define skb_vlan_tag_present(skb)	    ((void)(skb), false)
#define skb_is_nonlinear(skb)		    ((skb)->fragmented)
#define skb_is_gso(skb)			    ((skb)->gso)
#define skb_peek(q)			    ((q)->first)
#define virt_to_head_page(p)		    (p)
#define eventfd_signal(ctx, n)		    ((ctx)->count += (n))
#define eventfd_ctx_put(ctx)		    ((void)(ctx))
#define eventfd_ctx_fdget(fd)		    ((void)(fd), (struct eventfd_ctx *)ERR_PTR(-EBADF))
#define eventfd_fget(fd)		    ((void)(fd), (struct file *)ERR_PTR(-EBADF))

/* tap.c: descriptors TAP and PACKET are those of a tap and of a packet socket. */
struct file *fget(int fd);
void fput(struct file *file);
struct socket *tun_get_socket(struct file *file);
struct ptr_ring *tun_get_tx_ring(struct file *file);
struct socket *sock_from_file(struct file *file);
void ptr_ring_unconsume(struct ptr_ring *r, void **batch, int n, void (*destroy)(void *p));
#define tap_get_socket(file)   ((void)(file), (struct socket *)ERR_PTR(-EINVAL))
#define tap_get_ptr_ring(file) ((void)(file), (struct ptr_ring *)ERR_PTR(-EINVAL))

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
