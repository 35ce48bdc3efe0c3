/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface behind a backend. It is watched, not held: whoever deletes it
 * must not wait for us, and we must not wait for him.
 */
#ifndef VHOSTLAB_NETDEV_H
#define VHOSTLAB_NETDEV_H

#include <linux/netdevice.h>

#include "vhostlab.h"

int vhl_netdev_init(void);
void vhl_netdev_exit(void);
struct net_device *vhl_netdev_of_tun(struct file *file, struct sock *sk);
void vhl_netdev_watch(struct vhl_netdev *w, struct net_device *dev);

/* Whether @dev, which may be gone, is the interface watched. Any context. */
static inline bool vhl_netdev_is(const struct vhl_netdev *w, const struct net_device *dev)
{
	return dev && rcu_access_pointer(w->dev) == dev;
}

/* Counts a frame of @len bytes that left the interface, if it still exists. */
static inline void vhl_netdev_count(const struct vhl_netdev *w, unsigned int len)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = rcu_dereference(w->dev);
	if (likely(dev))
		dev_sw_netstats_tx_add(dev, 1, len);
	rcu_read_unlock();
}

#endif /* VHOSTLAB_NETDEV_H */
