/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page fragments for frames on their way to the backend. Many references to a
 * page are taken in advance, so that allocating a fragment is two subtractions.
 * The last user of a fragment frees it with put_page() or page_frag_free().
 */
#ifndef VHOSTLAB_FRAG_H
#define VHOSTLAB_FRAG_H

#include <linux/if_tun.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "compat.h"

/* Pages that fragments are cut from, in turn. */
#define VHL_FRAG_PAGES 4

/* The pages of one user of fragments; not shared, the caller serialises. */
struct vhl_frags {
	void *va; /* the page in use */
	unsigned int left; /* bytes of it not handed out */
	unsigned int refs; /* references to it not handed out */
	unsigned int at; /* its index in page[] */
	struct {
		void *va;
		unsigned int size;
		unsigned int refs; /* references not handed out, while not in use */
	} page[VHL_FRAG_PAGES];
};

bool vhl_frags_refill(struct vhl_frags *f);
void vhl_frags_drain(struct vhl_frags *f);

/*
 * Allocates @len bytes, at most PAGE_SIZE and a multiple of the cache line size.
 * The caller owns them. Returns NULL when there is no memory. May sleep.
 */
static inline void *vhl_frag_get(struct vhl_frags *f, unsigned int len)
{
	if (unlikely(f->left < len) && unlikely(!vhl_frags_refill(f)))
		return NULL;
	f->left -= len;
	f->refs--;
	return f->va + f->left;
}

/*
 * Bytes in front of a frame in the buffer that the backend is given: the header,
 * and the room that an XDP program on the interface may grow the frame into.
 */
static inline unsigned int vhl_frag_headroom(const struct sock *sk)
{
	unsigned int room = sock_flag(sk, SOCK_XDP) ? XDP_PACKET_HEADROOM : 0;

	return SKB_DATA_ALIGN(NET_IP_ALIGN + NET_SKB_PAD + room + VHL_XDP_HDR_SIZE);
}

/* Frees the fragments of @n frames that were not handed over. */
static inline void vhl_array_free(struct xdp_buff *xdp, unsigned int n)
{
	while (n)
		put_page(virt_to_head_page(xdp[--n].data));
}

/*
 * Hands @n frames to a tun or tap, which owns their fragments from then on.
 * Returns 0, or a negative errno from a backend without an interface, which takes
 * none of them; this function has freed them then. Does not sleep for a tun.
 */
static inline int vhl_array_send(struct socket *sock, struct xdp_buff *xdp, unsigned int n)
{
	struct tun_msg_ctl ctl = {
		.type = TUN_MSG_PTR,
		.num = n,
		.ptr = xdp,
	};
	struct msghdr msg = {
		.msg_control = &ctl,
		.msg_controllen = sizeof(ctl),
		.msg_flags = MSG_DONTWAIT,
	};
	int err = sock->ops->sendmsg(sock, &msg, 0);

	if (likely(err >= 0))
		return 0;
	vhl_array_free(xdp, n);
	return err;
}

#endif /* VHOSTLAB_FRAG_H */
