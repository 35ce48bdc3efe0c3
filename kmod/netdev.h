/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network interface behind a backend. It is tracked by a netdevice notifier
 * without a reference: neither does its deletion wait for the device, nor the
 * device for its deletion.
 */
#ifndef VHOSTLAB_NETDEV_H
#define VHOSTLAB_NETDEV_H

#include <linux/netdevice.h>

/*
 * A tracked interface. The owner of the structure changes it, under the lock of
 * netdev.c; the notifier clears @dev and @ethernet at any time.
 */
struct vhl_netdev {
	struct list_head node;
	struct net_device __rcu *dev; /* NULL: not known, or deleted */
	bool watched; /* node is in the list */
	bool ethernet; /* known to have link headers: frames may be sent in arrays */
	bool plain; /* the backend is a tap of one queue without NAPI; written by the owner */
	bool known; /* dev is that tap, not one of its name: deliver.c; written by the owner */
};

int vhl_netdev_init(void);
void vhl_netdev_exit(void);
void vhl_netdev_watch_tun(struct vhl_netdev *w, struct file *file, struct sock *sk);
void vhl_netdev_set_ethernet(struct vhl_netdev *w);
void vhl_netdev_forget(struct vhl_netdev *w);
void vhl_netdev_move(struct vhl_netdev *to, struct vhl_netdev *from);

/* Whether @dev, which is only compared, is the tracked interface. Any context. */
static inline bool vhl_netdev_is(const struct vhl_netdev *w, const struct net_device *dev)
{
	return dev && rcu_access_pointer(w->dev) == dev;
}

/*
 * Counts @n frames of @len bytes in all as transmitted by the interface, if it still
 * exists. The counters are per CPU, so preemption is disabled while they change;
 * that also makes this an RCU reader, without rcu_read_lock(). Process context.
 */
static inline void vhl_netdev_count(const struct vhl_netdev *w, unsigned int n, u64 len)
{
	struct net_device *dev;

	preempt_disable();
	dev = rcu_dereference_sched(w->dev);
	if (likely(dev))
		dev_sw_netstats_tx_add(dev, n, len);
	preempt_enable();
}

#endif /* VHOSTLAB_NETDEV_H */
