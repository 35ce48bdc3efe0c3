// SPDX-License-Identifier: GPL-2.0-only
/* Module entry and exit: the device node and the statistics directory. */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "caller.h"
#include "device.h"
#include "netdev.h"
#include "params.h"
#include "stats.h"
#include "zerocopy.h"

static struct miscdevice vhl_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.fops = &vhl_fops,
};

static int __init vhl_init(void)
{
	int err;

	err = vhl_stats_init();
	if (err)
		return err;

	err = vhl_netdev_init();
	if (err)
		goto err_stats;
	vhl_misc.name = vhl_devname;
	err = misc_register(&vhl_misc);
	if (err)
		goto err_netdev;
	return 0;

err_netdev:
	vhl_netdev_exit();
err_stats:
	vhl_stats_exit();
	return err;
}
module_init(vhl_init);

static void __exit vhl_exit(void)
{
	misc_deregister(&vhl_misc);
	vhl_caller_exit();
	vhl_zc_exit();
	vhl_netdev_exit();
	vhl_stats_exit();
}
module_exit(vhl_exit);

MODULE_DESCRIPTION("Instrumented kernel-level virtio-net server");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
