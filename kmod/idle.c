// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs vhostlab/idle: how long the processors have idled since boot, all
 * together, in ns. The bench's instruction clock takes it off what it counts,
 * and has it from here where the kernel has no /proc/timer_list.
 *
 * Read by a task, so the processor it runs on is not idle meanwhile; with one
 * processor, as the lab has on that clock, the number does not move.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "idle.h"

static int idle_show(struct seq_file *m, void *unused)
{
	u64 ns = 0;
	int cpu;

	for_each_online_cpu(cpu)
		ns += vhl_cpu_idle_ns(cpu);
	seq_printf(m, "%llu\n", ns);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(idle);

/* Removed with @root. */
void vhl_idle_add(struct dentry *root)
{
	debugfs_create_file("idle", 0444, root, NULL, &idle_fops);
}
