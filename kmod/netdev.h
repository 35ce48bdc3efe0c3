/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface behind a backend. It is watched, not held: its deletion must
 * not wait for us, nor we for it.
 */
#ifndef VHOSTLAB_NETDEV_H
#define VHOSTLAB_NETDEV_H

#include <linux/netdevice.h>

/* An interface that may vanish. */
struct vhl_netdev {
	struct list_head node;
	struct net_device __rcu *dev; /* NULL: not known, or deleted */
	bool watched; /* node is in the list */
	bool ethernet; /* certainly has link headers: takes arrays */
};

int vhl_netdev_init(void);
void vhl_netdev_exit(void);
void vhl_netdev_watch_tun(struct vhl_netdev *w, struct file *file, struct sock *sk);
void vhl_netdev_set_ethernet(struct vhl_netdev *w);
void vhl_netdev_forget(struct vhl_netdev *w);
void vhl_netdev_move(struct vhl_netdev *to, struct vhl_netdev *from);

/* Whether @dev, which may be gone, is the interface watched. Any context. */
static inline bool vhl_netdev_is(const struct vhl_netdev *w, const struct net_device *dev)
{
	return dev && rcu_access_pointer(w->dev) == dev;
}

/*
 * Counts a frame of @len bytes that left the interface, if it still exists. The
 * counters belong to the processor: with preemption another thread could add to
 * the same ones meanwhile. The stretch is an RCU reader, too: no rcu_read_lock().
 */
static inline void vhl_netdev_count(const struct vhl_netdev *w, unsigned int len)
{
	struct net_device *dev;

	preempt_disable();
	dev = rcu_dereference_sched(w->dev);
	if (likely(dev))
		dev_sw_netstats_tx_add(dev, 1, len);
	preempt_enable();
}

#endif /* VHOSTLAB_NETDEV_H */
