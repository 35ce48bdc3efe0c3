// SPDX-License-Identifier: GPL-2.0-only
/* The network interface behind a backend: see netdev.h. */
#include <linux/if_tun.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

#include "netdev.h"

/* All tracked interfaces, and tun descriptors whose interface was not found. */
static LIST_HEAD(watched);
static DEFINE_SPINLOCK(watched_lock);

static bool is_tun(const struct net_device *dev)
{
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "tun");
}

/*
 * Gets the name and the flags of a tun descriptor. Only tun's ioctl returns them
 * reliably: the type of a device with that name may be another interface's, or
 * have been changed (TUNSETLINK). The ioctl writes to user memory, so a page is
 * mapped for it in the caller's address space (an ioctl of the owner). Another
 * thread of the process may write to that page; that affects only the frames of
 * this process. Returns false when the page cannot be mapped (RLIMIT_AS) or there
 * is no interface. Sleeps; tun takes the rtnl lock.
 */
static bool tun_ask(struct file *file, struct ifreq *ifr)
{
	unsigned long at;
	long err;

	if (!file->f_op->unlocked_ioctl)
		return false;
	at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(at))
		return false;
	err = file->f_op->unlocked_ioctl(file, TUNGETIFF, at);
	if (!err && copy_from_user(ifr, (void __user *)at, sizeof(*ifr)))
		err = -EFAULT;
	vm_munmap(at, PAGE_SIZE);
	ifr->ifr_name[IFNAMSIZ - 1] = '\0';
	return !err;
}

/* Stops tracking. Caller holds watched_lock. */
static void unwatch(struct vhl_netdev *w)
{
	lockdep_assert_held(&watched_lock);
	if (w->watched)
		list_del(&w->node);
	w->watched = false;
	RCU_INIT_POINTER(w->dev, NULL);
	WRITE_ONCE(w->ethernet, false);
	w->plain = false;
	w->known = false;
}

/*
 * Makes @w track the interface of a tun descriptor, instead of any before. No
 * reference to it is kept. The interface is looked up by name in the network
 * namespace in which the descriptor was attached; it is not found after a move to
 * another namespace, and then only its type is known. Called from an ioctl of the
 * owner; sleeps.
 */
void vhl_netdev_watch_tun(struct vhl_netdev *w, struct file *file, struct sock *sk)
{
	struct net_device *dev;
	struct ifreq ifr;
	bool ethernet, plain;

	vhl_netdev_forget(w);
	if (!tun_ask(file, &ifr))
		return;
	ethernet = (ifr.ifr_flags & TUN_TYPE_MASK) == IFF_TAP;
	/* None of these flags can change while a queue is attached. */
	plain = ethernet && !(ifr.ifr_flags & (IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS));
	dev = dev_get_by_name(sock_net(sk), ifr.ifr_name);
	if (dev && !is_tun(dev)) {
		dev_put(dev);
		dev = NULL;
	}

	spin_lock(&watched_lock);
	/*
	 * The notifier may already have run for an interface that is being deleted.
	 * reg_state changes before the notifier, which takes this lock.
	 */
	if (!dev || dev->reg_state == NETREG_REGISTERED) {
		rcu_assign_pointer(w->dev, dev);
		WRITE_ONCE(w->ethernet, ethernet);
		w->plain = plain;
		list_add(&w->node, &watched);
		w->watched = true;
	}
	spin_unlock(&watched_lock);
	dev_put(dev);
}

/* For a tap: its type never changes, and its interface need not be known. Any context. */
void vhl_netdev_set_ethernet(struct vhl_netdev *w)
{
	vhl_netdev_forget(w);
	WRITE_ONCE(w->ethernet, true);
}

/* Stops tracking; @w may be freed afterwards. Does not sleep. */
void vhl_netdev_forget(struct vhl_netdev *w)
{
	spin_lock(&watched_lock);
	unwatch(w);
	spin_unlock(&watched_lock);
}

/* Makes @to track what @from tracks, and @from nothing. Caller owns both; does not sleep. */
void vhl_netdev_move(struct vhl_netdev *to, struct vhl_netdev *from)
{
	spin_lock(&watched_lock);
	unwatch(to);
	rcu_assign_pointer(to->dev,
			   rcu_dereference_protected(from->dev, lockdep_is_held(&watched_lock)));
	WRITE_ONCE(to->ethernet, from->ethernet);
	to->plain = from->plain;
	to->known = from->known;
	to->watched = from->watched;
	if (from->watched)
		list_replace(&from->node, &to->node);
	from->watched = false;
	unwatch(from);
	spin_unlock(&watched_lock);
}

/*
 * Called under the rtnl lock before an interface is deleted or leaves its network
 * namespace. A descriptor whose interface was deleted may be attached to another
 * one of another type, so the type is no longer known. For a descriptor whose
 * interface is not known, that applies when any tun is deleted.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	bool deleted = dev->reg_state != NETREG_REGISTERED;
	struct vhl_netdev *w;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	spin_lock(&watched_lock);
	list_for_each_entry(w, &watched, node) {
		if (rcu_access_pointer(w->dev) == dev)
			RCU_INIT_POINTER(w->dev, NULL);
		else if (rcu_access_pointer(w->dev) || !is_tun(dev))
			continue;
		if (deleted)
			WRITE_ONCE(w->ethernet, false);
	}
	spin_unlock(&watched_lock);
	/* The network stack waits for RCU readers before it frees the interface. */
	return NOTIFY_DONE;
}

static struct notifier_block netdev_block = {
	.notifier_call = netdev_event,
};

/* Registers the notifier. Returns 0 or a negative errno. Sleeps. */
int vhl_netdev_init(void)
{
	return register_netdevice_notifier(&netdev_block);
}

/* Unregisters the notifier, at module exit: no device is open. Sleeps. */
void vhl_netdev_exit(void)
{
	unregister_netdevice_notifier(&netdev_block);
}
