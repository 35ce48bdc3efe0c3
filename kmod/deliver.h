/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays of frames handed to the network stack without the tap's code: see deliver.c. */
#ifndef VHOSTLAB_DELIVER_H
#define VHOSTLAB_DELIVER_H

#include "frag.h"
#include "netdev.h"

int vhl_deliver(const struct vhl_netdev *w, const struct sock *sk, const struct xdp_buff *xdp,
		unsigned int n);
int vhl_deliver_learn(struct vhl_netdev *w, struct socket *sock, struct xdp_buff *xdp,
		      unsigned int n);

/*
 * Hands over @n frames, which belong to others then, for a backend @sock whose
 * interface is tracked by @w: to the stack, adding their number to *@delivered, if
 * @plain says that none of them asks for an offload and the tap has nothing to do
 * with them, or else to the tap. Returns how many there was memory for, or a negative
 * errno as vhl_array_send(). Caller owns @w; may sleep.
 */
static inline int vhl_hand_over(struct vhl_netdev *w, struct socket *sock, struct xdp_buff *xdp,
				unsigned int n, bool plain, u64 *delivered)
{
	if (likely(w->known && plain)) {
		int done = vhl_deliver(w, sock->sk, xdp, n);

		if (likely(done >= 0)) {
			*delivered += done;
			return done;
		}
	} else if (w->plain && !w->known && !IS_ENABLED(CONFIG_PREEMPT_RT)) {
		return vhl_deliver_learn(w, sock, xdp, n) ?: n;
	}
	return vhl_array_send(sock, xdp, n) ?: n;
}

#endif /* VHOSTLAB_DELIVER_H */
