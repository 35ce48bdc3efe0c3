/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Constants and structures of sockets, messages and iterators that the rig has in common with the
 * fuzzer of the ring code. Neither measures their size or layout.
 */
#ifndef SHIM_SOCKET_H
#define SHIM_SOCKET_H

#define ETH_HLEN		  14
#define VLAN_HLEN		  4
#define NET_IP_ALIGN		  0
#define NET_SKB_PAD		  64
#define MSG_DONTWAIT		  0x40
#define MSG_TRUNC		  0x20
#define READ			  0
#define WRITE			  1
#define TUN_MSG_PTR		  2
#define TUN_MSG_UBUF		  1
#define MAX_SKB_FRAGS		  17
#define SKBFL_ZEROCOPY_FRAG	  3
#define SOCK_ZEROCOPY		  1
#define SOCK_XDP		  0
#define AF_PACKET		  17
#define SOCK_RAW		  3
#define sock_flag(sk, flag)	  ((sk)->sk_sndbuf == INT_MAX && (flag) == SOCK_ZEROCOPY)
#define tun_ptr_to_xdp(p)	  ((struct xdp_frame *)(p))
#define skb_vlan_tag_present(skb) ((void)(skb), false)
#define CHECKSUM_NONE		  0
#define skb_peek(q)		  ((q)->first)
#define eventfd_ctx_put(ctx)	  ((void)(ctx))
#define eventfd_ctx_fdget(fd)	  ((void)(fd), (struct eventfd_ctx *)ERR_PTR(-EBADF))
#define eventfd_fget(fd)	  ((void)(fd), (struct file *)ERR_PTR(-EBADF))
#define tap_get_socket(file)	  ((void)(file), (struct socket *)ERR_PTR(-EINVAL))
#define tap_get_ptr_ring(file)	  ((void)(file), (struct ptr_ring *)ERR_PTR(-EINVAL))
#define XDP_PACKET_HEADROOM	  256
#define SKB_DATA_ALIGN(n)	  (((n) + 63) & ~63UL)

struct sk_buff;
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

static inline void iov_iter_init(struct iov_iter *i, int dir, const struct iovec *iov,
				 unsigned int n, size_t count)
{
	(void)dir;
	*i = (struct iov_iter){ .iov = iov, .n = n, .count = count };
}
static inline size_t iov_iter_count(const struct iov_iter *i)
{
	return i->count;
}
static inline void iov_iter_ubuf(struct iov_iter *i, int dir, void *buf, size_t count)
{
	(void)dir;
	*i = (struct iov_iter){ .one = { buf, count }, .n = 1, .count = count };
}

#endif
