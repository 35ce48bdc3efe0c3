// SPDX-License-Identifier: GPL-2.0-only
/*
 * The knobs. Each is a module parameter that a device reads once, at
 * VHOST_SET_OWNER, so two settings can be compared without reloading the module.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "vhostlab.h"
#include "caller.h"

char *vhl_devname = "vhostlab-net";
module_param_named(devname, vhl_devname, charp, 0444);
MODULE_PARM_DESC(devname, "name of the device node in /dev [vhostlab-net]");

/* A parameter whose text is one of @names; its value is that name's index. */
struct choice {
	const char *const *names;
	int n;
	unsigned int value;
};

static int choice_set(const char *val, const struct kernel_param *kp)
{
	struct choice *c = kp->arg;
	int i = __sysfs_match_string(c->names, c->n, val);

	if (i < 0)
		return i;
	WRITE_ONCE(c->value, i);
	return 0;
}

static int choice_get(char *buf, const struct kernel_param *kp)
{
	struct choice *c = kp->arg;

	return sysfs_emit(buf, "%s\n", c->names[READ_ONCE(c->value)]);
}

static const struct kernel_param_ops choice_ops = {
	.set = choice_set,
	.get = choice_get,
};

static const char *const worker_names[] = {
	[VHL_WORKER_DEVICE] = "device",	      [VHL_WORKER_QUEUE] = "queue",
	[VHL_WORKER_WORKQUEUE] = "workqueue", [VHL_WORKER_SHARED] = "shared",
	[VHL_WORKER_CALLER] = "caller",
};

static int worker_set(const char *val, const struct kernel_param *kp)
{
	if (sysfs_streq(val, worker_names[VHL_WORKER_CALLER]) && !vhl_caller_possible()) {
		pr_warn("vhostlab_net: worker=caller: task_work_add() is not exported\n");
		return -EOPNOTSUPP;
	}
	return choice_set(val, kp);
}

static const struct kernel_param_ops worker_ops = {
	.set = worker_set,
	.get = choice_get,
};

static struct choice worker = { worker_names, ARRAY_SIZE(worker_names), VHL_WORKER_DEVICE };
module_param_cb(worker, &worker_ops, &worker, 0644);
__MODULE_PARM_TYPE(worker, "charp");
MODULE_PARM_DESC(worker,
		 "threading model: device, queue, workqueue, shared, caller: worker.h [device]");

static const char *const access_names[] = { "uaccess", "pinned" };

static struct choice ring_access = { access_names, ARRAY_SIZE(access_names) };
module_param_cb(ring_access, &choice_ops, &ring_access, 0644);
__MODULE_PARM_TYPE(ring_access, "charp");
MODULE_PARM_DESC(ring_access,
		 "how rings are accessed: uaccess, or pinned (mapped into the kernel) [uaccess]");

/*
 * Optimizations switched off: "none", "all", one by its name, or with "only-" in
 * front of its name all but that one.
 */
static const char *const idea_names[] = {
#define X(sym, name) #name,
	VHL_IDEA_LIST(X)
#undef X
};

#define VHL_ALL_IDEAS (BIT(VHL_NIDEAS) - 1)
#define ONLY	      "only-"

static int without_set(const char *val, const struct kernel_param *kp)
{
	bool only = strstarts(val, ONLY);
	unsigned int bits;
	int i;

	if (sysfs_streq(val, "none") || sysfs_streq(val, "all")) {
		bits = sysfs_streq(val, "all") ? VHL_ALL_IDEAS : 0;
	} else {
		i = sysfs_match_string(idea_names, only ? val + strlen(ONLY) : val);
		if (i < 0)
			return i;
		bits = only ? VHL_ALL_IDEAS & ~BIT(i) : BIT(i);
	}
	*(unsigned int *)kp->arg = bits;
	return 0;
}

static int without_get(char *buf, const struct kernel_param *kp)
{
	unsigned int bits = *(unsigned int *)kp->arg;
	bool only = hweight32(bits) > 1;

	if (!bits || bits == VHL_ALL_IDEAS)
		return sysfs_emit(buf, "%s\n", bits ? "all" : "none");
	if (only)
		bits = VHL_ALL_IDEAS & ~bits;
	return sysfs_emit(buf, "%s%s\n", only ? ONLY : "", idea_names[__ffs(bits)]);
}

static const struct kernel_param_ops without_ops = {
	.set = without_set,
	.get = without_get,
};

static unsigned int without;
module_param_cb(without, &without_ops, &without, 0644);
__MODULE_PARM_TYPE(without, "charp");
MODULE_PARM_DESC(without,
		 "optimizations switched off: none, all, NAME or only-NAME; see params.h [none]");

static bool prefetch_next;
module_param_named(prefetch, prefetch_next, bool, 0644);
MODULE_PARM_DESC(prefetch, "prefetch the next descriptor while the current one is served [N]");

/* Batches are numbers of frames in an array: at least one, at most its size. */
static int batch_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, VHL_MAX_BATCH);
}

static const struct kernel_param_ops batch_ops = {
	.set = batch_set,
	.get = param_get_uint,
};

static int weight_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, 1 << 20);
}

static const struct kernel_param_ops weight_ops = {
	.set = weight_set,
	.get = param_get_uint,
};

static unsigned int tx_batch = 64;
module_param_cb(tx_batch, &batch_ops, &tx_batch, 0644);
__MODULE_PARM_TYPE(tx_batch, "uint");
MODULE_PARM_DESC(tx_batch, "most frames handed to the backend at once, 1..256 [64]");

static unsigned int rx_batch = 64;
module_param_cb(rx_batch, &batch_ops, &rx_batch, 0644);
__MODULE_PARM_TYPE(rx_batch, "uint");
MODULE_PARM_DESC(rx_batch, "most frames taken from the backend at once, 1..256 [64]");

static unsigned int packet_weight = 256;
module_param_cb(packet_weight, &weight_ops, &packet_weight, 0644);
__MODULE_PARM_TYPE(packet_weight, "uint");
MODULE_PARM_DESC(packet_weight,
		 "most packets of one queue before the next queue's run, 1..1048576 [256]");

static unsigned int caller_weight = 128;
module_param_cb(caller_weight, &weight_ops, &caller_weight, 0644);
__MODULE_PARM_TYPE(caller_weight, "uint");
MODULE_PARM_DESC(caller_weight,
		 "worker=caller: most packets of a run by the task that kicks, 1..1048576 [128]");

static unsigned int poll_us;
module_param(poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "microseconds to busy-poll an empty queue, unless the client sets a time [0]");

static unsigned int zerocopy;
module_param(zerocopy, uint, 0644);
MODULE_PARM_DESC(zerocopy, "bytes from which frames are sent by reference; 0: none [0]");

static bool poll_adapt;
module_param(poll_adapt, bool, 0644);
MODULE_PARM_DESC(poll_adapt, "adapt the busy-poll time to how often polls find work [N]");

static unsigned int shared_poll_us = 50;
module_param(shared_poll_us, uint, 0644);
MODULE_PARM_DESC(shared_poll_us,
		 "worker=shared: microseconds a thread busy-polls before it sleeps [50]");

static bool charge;
module_param(charge, bool, 0644);
MODULE_PARM_DESC(charge, "kernel threads join their owner's cgroups; see thread.c [N]");

static unsigned long long features_mask = ~0ULL;
module_param(features_mask, ullong, 0644);
MODULE_PARM_DESC(features_mask, "virtio feature bits that may be offered, as a bit mask [all]");

/* Copies the current parameters into @k, each read once. Needs no lock; any context. */
void vhl_knobs_read(struct vhl_knobs *k)
{
	k->worker = READ_ONCE(worker.value);
	k->tx_batch = READ_ONCE(tx_batch);
	k->rx_batch = READ_ONCE(rx_batch);
	k->packet_weight = READ_ONCE(packet_weight);
	k->caller_weight = READ_ONCE(caller_weight);
	k->poll_us = READ_ONCE(poll_us);
	k->poll_adapt = READ_ONCE(poll_adapt);
	k->shared_poll_us = READ_ONCE(shared_poll_us);
	k->without = READ_ONCE(without);
	k->zerocopy = READ_ONCE(zerocopy);
	k->charge = READ_ONCE(charge);
	k->prefetch = READ_ONCE(prefetch_next);
	k->pinned = READ_ONCE(ring_access.value);
}

/* The virtio feature bits that this module supports, masked by features_mask. Any context. */
u64 vhl_features_offered(void)
{
	/* Half a descriptor is read and written as one 64-bit word: packed.h. */
	u64 packed = IS_ENABLED(CONFIG_64BIT) ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0;

	return (packed | BIT_ULL(VIRTIO_F_NOTIFY_ON_EMPTY) | BIT_ULL(VHOST_F_LOG_ALL) |
		BIT_ULL(VHOST_NET_F_VIRTIO_NET_HDR) | /* also ANY_LAYOUT */
		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |
		BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |
		BIT_ULL(VIRTIO_F_IN_ORDER) | BIT_ULL(VIRTIO_F_RING_RESET) |
		BIT_ULL(VIRTIO_NET_F_MRG_RXBUF)) &
	       READ_ONCE(features_mask);
}
