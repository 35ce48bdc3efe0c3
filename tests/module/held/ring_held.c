// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module for the test "held" alone: it holds the consumer's lock of a tap's
 * queue and kicks meanwhile.
 *
 * Writing "TAP KICK USED MS" to its parameter "hold" takes that lock of the tap
 * whose file is TAP of the writer, signals the eventfd KICK and keeps the lock for
 * MS milliseconds, or until the 16 bits at the writer's address USED change: then
 * it fails with EALREADY. The page of USED must be in memory. A task that looks at
 * the queue under its lock waits for as long.
 */
#include <linux/delay.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/if_tun.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/ptr_ring.h>
#include <linux/uaccess.h>

#define MS_MAX 200 /* preemption is off that long: far below the soft lockup's limit */

static int hold(struct ptr_ring *ring, struct eventfd_ctx *kick, const u16 __user *used,
		unsigned int ms)
{
	u16 before, now;
	u64 until;
	int err;

	err = get_user(before, used);
	if (err)
		return err;
	spin_lock(&ring->consumer_lock);
	/* A poll that takes the lock waits for it by now; later it would see the kick first. */
	mdelay(1);
#ifdef HELD_EVENTFD_SIGNAL_1ARG
	eventfd_signal(kick);
#else
	eventfd_signal(kick, 1);
#endif
	until = ktime_get_ns() + ms * NSEC_PER_MSEC;
	do {
		cpu_relax();
		err = copy_from_user_nofault(&now, used, sizeof(now));
		if (!err && now != before)
			err = -EALREADY;
	} while (!err && ktime_get_ns() < until);
	spin_unlock(&ring->consumer_lock);
	return err;
}

static int hold_set(const char *value, const struct kernel_param *kp)
{
	struct eventfd_ctx *kick;
	struct ptr_ring *ring;
	int tap_fd, kick_fd;
	struct file *tap;
	unsigned long used;
	unsigned int ms;
	int err;

	if (sscanf(value, "%d %d %lx %u", &tap_fd, &kick_fd, &used, &ms) != 4 || ms > MS_MAX)
		return -EINVAL;
	tap = fget(tap_fd);
	if (!tap)
		return -EBADF;
	ring = tun_get_tx_ring(tap);
	if (IS_ERR(ring)) {
		err = PTR_ERR(ring);
		goto put;
	}
	kick = eventfd_ctx_fdget(kick_fd);
	if (IS_ERR(kick)) {
		err = PTR_ERR(kick);
		goto put;
	}
	err = hold(ring, kick, (const u16 __user *)used, ms);
	eventfd_ctx_put(kick);
put:
	fput(tap);
	return err;
}

static const struct kernel_param_ops hold_ops = { .set = hold_set };

module_param_cb(hold, &hold_ops, NULL, 0200);
MODULE_PARM_DESC(hold, "\"TAP KICK USED MS\": hold the lock of that tap's queue, and kick");
MODULE_DESCRIPTION("Holds the lock of a tap's queue, for a test");
MODULE_LICENSE("GPL");
