// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs vhostlab/idle: the idle time of all processors since boot, their sum in
 * ns. The bench's instruction clock subtracts it from what it counts; it reads it
 * here where the kernel has no /proc/timer_list.
 *
 * The processor of the task that reads the file is not idle then. With one
 * processor, as in the lab on that clock, the value is therefore constant during
 * a read.
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

/* Adds file `idle` to debugfs directory @root, with which it is removed. Sleeps. */
void vhl_idle_add(struct dentry *root)
{
	debugfs_create_file("idle", 0444, root, NULL, &idle_fops);
}
