// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs vhostlab/<device>/{rx,tx}: one counter per line, "name value"; features:
 * the acknowledged features, in hexadecimal.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "vhostlab.h"
#include "idle.h"
#include "stats.h"
#include "zerocopy.h"

static struct dentry *root;

static const char *const rule_names[VHL_NRULES] = {
#define X(sym, name) #name,
	VHL_RULE_LIST(X)
#undef X
};

/* Counters are read without vq->mutex: each value is consistent, but while packets
 * flow they are not all of the same moment.
 */
static int stats_show(struct seq_file *m, void *unused)
{
	struct vhl_vq *vq = m->private;
	struct vhl_stats *s = &vq->stats;
	int i;

#define X(field) seq_printf(m, #field " %llu\n", READ_ONCE(s->field));
	VHL_STATS_LIST(X)
#undef X
	for (i = 0; i < VHL_NRULES; i++)
		seq_printf(m, "error_%s %llu\n", rule_names[i], READ_ONCE(s->errors[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* The features that the client has acknowledged. */
static int features_show(struct seq_file *m, void *unused)
{
	struct vhl_dev *dev = m->private;

	seq_printf(m, "0x%llx\n", READ_ONCE(dev->features));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(features);

/* Creates debugfs directory vhostlab, at module init. Returns 0. Sleeps. */
int vhl_stats_init(void)
{
	root = debugfs_create_dir("vhostlab", NULL);
	vhl_idle_add(root);
	vhl_zc_add(root);
	return 0;
}

/* Removes the directory, at module exit. Sleeps. */
void vhl_stats_exit(void)
{
	debugfs_remove(root);
}

/*
 * Adds the directory of a device. Errors are ignored: debugfs may be absent or locked
 * down, and the device works without it. Sleeps.
 */
void vhl_stats_add(struct vhl_dev *dev)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", dev->id);
	dev->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("features", 0444, dev->debugfs, dev, &features_fops);
	debugfs_create_file("rx", 0444, dev->debugfs, &dev->vqs[VHL_RX], &stats_fops);
	debugfs_create_file("tx", 0444, dev->debugfs, &dev->vqs[VHL_TX], &stats_fops);
}

/* Removes it and waits for readers: the device may be freed afterwards. Sleeps. */
void vhl_stats_del(struct vhl_dev *dev)
{
	debugfs_remove(dev->debugfs);
}
