// SPDX-License-Identifier: GPL-2.0-only
/* The interface behind a backend: see netdev.h. */
#include <linux/seq_file.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

#include "netdev.h"

/* All that are watched. */
static LIST_HEAD(watched);
static DEFINE_SPINLOCK(watched_lock);

static bool is_tun(const struct net_device *dev)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "tun");
}

/*
 * The interface of a tun or tap descriptor, with a reference that the caller
 * puts. There is no call that tells it; the descriptor's fdinfo names it. NULL
 * when that name is not found: it was moved to another namespace. Sleeps, as
 * tun takes the rtnl lock.
 */
struct net_device *vhl_netdev_of_tun(struct file *file, struct sock *sk)
{
	char text[IFNAMSIZ + 16] = "";
	struct seq_file m = { .buf = text, .size = sizeof(text) - 1 };
	struct net_device *dev;
	char *name;

	if (!file->f_op->show_fdinfo)
		return NULL;
	file->f_op->show_fdinfo(&m, file);
	text[min(m.count, sizeof(text) - 1)] = '\0';
	name = strchr(text, '\t');
	if (!name)
		return NULL;
	name = strim(name + 1);
	dev = dev_get_by_name(sock_net(sk), name);
	if (dev && !is_tun(dev)) {
		dev_put(dev);
		dev = NULL;
	}
	return dev;
}

/*
 * Watches @dev, on which the caller has a reference, or with NULL nothing, in
 * place of what was watched before. Caller holds the vq->mutex of @w.
 */
void vhl_netdev_watch(struct vhl_netdev *w, struct net_device *dev)
{
	spin_lock(&watched_lock);
	if (rcu_access_pointer(w->dev))
		list_del(&w->node);
	/* One that is being deleted may not be announced again. */
	if (dev && dev->reg_state != NETREG_REGISTERED)
		dev = NULL;
	rcu_assign_pointer(w->dev, dev);
	if (dev)
		list_add(&w->node, &watched);
	spin_unlock(&watched_lock);
}

/* Before an interface is deleted, or leaves its namespace, under the rtnl lock. */
static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct vhl_netdev *w, *next;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	spin_lock(&watched_lock);
	list_for_each_entry_safe(w, next, &watched, node) {
		if (rcu_access_pointer(w->dev) != dev)
			continue;
		list_del(&w->node);
		RCU_INIT_POINTER(w->dev, NULL);
	}
	spin_unlock(&watched_lock);
	/* Who reads the pointer now is waited for before the memory goes. */
	return NOTIFY_DONE;
}

static struct notifier_block netdev_block = {
	.notifier_call = netdev_event,
};

int vhl_netdev_init(void)
{
	return register_netdevice_notifier(&netdev_block);
}

/* No device is open any more. */
void vhl_netdev_exit(void)
{
	unregister_netdevice_notifier(&netdev_block);
}
