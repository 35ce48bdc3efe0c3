// SPDX-License-Identifier: GPL-2.0-only
/* Rules of the device that were broken, by a guest or its hypervisor: counters.h. */
#include "rule.h"
#include "trace.h"

/*
 * Counts a broken rule and reports it: tracepoint, debugfs, the queue's error
 * eventfd. Nothing is printed, since a guest could flood the log. Returns
 * -EINVAL. Caller holds vq->mutex.
 */
int vhl_rule_broken(struct vhl_vq *vq, enum vhl_rule rule)
{
	vq->stats.errors[rule]++;
	/* What was read ahead may be what is wrong: read it again. */
	vhl_ahead_forget(vq);
	trace_error(vq, rule);
	if (vq->error)
		vhl_eventfd_signal(vq->error);
	return -EINVAL;
}
