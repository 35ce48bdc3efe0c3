// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delivery: arrays of frames from the guest handed to the network stack directly, in
 * the name of the tap that is the backend.
 *
 * What a tap does for each frame of an array is more than a plain frame needs: it
 * looks for the transport header, which most of what follows finds by itself, and
 * updates its counters. A frame that is delivered here arrives as one from a network
 * card would. It does so only if the tap has nothing else to do with it: a tap of one
 * queue, without NAPI, up, without an XDP program, and a frame without an offload. What
 * comes after (RPS, packet sockets, tc, generic XDP, tracepoints, time stamps, bridges)
 * is the stack's, the same for both.
 *
 * The interface must be the tap's own, but tun exports no function that returns it.
 * TUNGETIFF returns its name, and in the descriptor's namespace that may be the name of
 * another interface: after the tap has moved to another namespace, or after a rename.
 * So the interface of that name is taken for the tap only after it has counted frames
 * that were sent through the tap: vhl_deliver_learn(). A descriptor stays attached to
 * an interface until that is deleted, and then netdev.c forgets it.
 */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/sock.h>
#include <net/xdp.h>

#include "deliver.h"
#include "frag.h"

/*
 * Counts @frames of @bytes in all as received by the interface, as the tap does for
 * each. Bottom halves are off, which serialises writers on a CPU.
 */
static void count(struct net_device *dev, unsigned int frames, unsigned int bytes)
{
	struct pcpu_sw_netstats *s = this_cpu_ptr(dev->tstats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_add(&s->rx_packets, frames);
	u64_stats_add(&s->rx_bytes, bytes);
	u64_stats_update_end(&s->syncp);
}

/* Frames that the interface has received on this CPU, so far. */
static u64 counted(const struct net_device *dev)
{
	return u64_stats_read(&this_cpu_ptr(dev->tstats)->rx_packets);
}

/*
 * Whether something sees the frames of the interface before a protocol does, which sets
 * the transport header: here, or on the device to which it passes them on (a bridge's
 * port). Its filters may ask for that header (em_cmp, em_nbyte and em_text of tc), and
 * without it the stack makes them find the network header there. So such frames get it
 * here as well. What is attached meanwhile sees it from the next array on.
 */
static bool seen_early(const struct net_device *dev)
{
	/* One test for all: this is once an array, of one frame with burst 1. */
	unsigned long seen = (unsigned long)rcu_access_pointer(dev->rx_handler) |
			     (unsigned long)rcu_access_pointer(dev->xdp_prog);

#if IS_ENABLED(CONFIG_VLAN_8021Q)
	seen |= (unsigned long)rcu_access_pointer(dev->vlan_info);
#endif
#ifdef CONFIG_NETFILTER_INGRESS
	seen |= (unsigned long)rcu_access_pointer(dev->nf_hooks_ingress);
#endif
	return seen | (unsigned long)vhl_tc_ingress(dev);
}

/*
 * Delivers the frames, whose fragments belong to the stack then; @early is a constant at
 * both calls, so that false costs no instructions. Returns how many were.
 * napi_build_skb() would take 67 instructions less, but the sk_buffs that it keeps on
 * this CPU change what others pay for theirs, by up to 2 %: see burst_free().
 */
static __always_inline unsigned int deliver(struct net_device *dev, const struct xdp_buff *xdp,
					    unsigned int n, const bool early)
{
	unsigned int frames = 0, bytes = 0;
	const struct xdp_buff *end = xdp + n;

	for (; xdp < end; xdp++) {
		unsigned int len = xdp->data_end - xdp->data;
		struct sk_buff *skb = build_skb(xdp->data_hard_start, xdp->frame_sz);

		if (unlikely(!skb)) {
			put_page(virt_to_head_page(xdp->data));
			continue;
		}
		skb_reserve(skb, xdp->data - xdp->data_hard_start);
		__skb_put(skb, len);
		skb->protocol = eth_type_trans(skb, dev);
		if (early) {
			skb_reset_network_header(skb);
			skb_probe_transport_header(skb);
		}
		skb_record_rx_queue(skb, 0);
		netif_receive_skb(skb);
		frames++;
		bytes += len;
	}
	count(dev, frames, bytes);
	return frames;
}

/* deliver() for an interface whose frames are seen early. */
static noinline unsigned int deliver_early(struct net_device *dev, const struct xdp_buff *xdp,
					   unsigned int n)
{
	return deliver(dev, xdp, n, true);
}

/*
 * Delivers @n frames, each at least ETH_HLEN bytes long and without an offload, in the
 * name of tap @w, which is known, and whose socket is @sk. Returns how many of them
 * were delivered: there was no memory for the others, and none belongs to the caller
 * any more. Returns -1, and has taken none, when the tap must see these frames.
 * Whether it must is decided once for an array: a program that is attached, or an
 * interface that goes down, meanwhile, finds its change in effect from the next array
 * on, as in tun, which reads its program without a lock as well. The interface cannot
 * go away while its frames are delivered: that waits for RCU readers. Process context.
 */
int vhl_deliver(const struct vhl_netdev *w, const struct sock *sk, const struct xdp_buff *xdp,
		unsigned int n)
{
	struct net_device *dev;
	int done = -1;

	/* The stack relies on bottom halves that are off. */
	local_bh_disable();
	rcu_read_lock();
	dev = rcu_dereference(w->dev);
	if (likely(dev) && likely(!sock_flag(sk, SOCK_XDP)) &&
	    likely(READ_ONCE(dev->flags) & IFF_UP)) {
		if (unlikely(seen_early(dev)))
			done = deliver_early(dev, xdp, n);
		else
			done = deliver(dev, xdp, n, false);
	}
	rcu_read_unlock();
	local_bh_enable();
	return done;
}

/*
 * Sends @n frames through the tap @sock, as vhl_array_send() does, and learns whether
 * the interface that @w tracks is the tap's: it is if it has counted as many frames
 * more on this CPU. Nothing else can do so meanwhile: frames of an interface are
 * counted with preemption or bottom halves off by any sender, and both are off here.
 * (With PREEMPT_RT a writer may come between: this is not called there.) Returns 0, or
 * a negative errno as vhl_array_send(). Caller owns @w. Process context.
 */
int vhl_deliver_learn(struct vhl_netdev *w, struct socket *sock, struct xdp_buff *xdp,
		      unsigned int n)
{
	struct net_device *dev;
	u64 before = 0;
	int err;

	local_bh_disable();
	rcu_read_lock();
	dev = rcu_dereference(w->dev);
	if (dev)
		before = counted(dev);
	err = vhl_array_send(sock, xdp, n);
	if (dev && !err && counted(dev) - before == n)
		w->known = true;
	rcu_read_unlock();
	local_bh_enable();
	return err;
}
