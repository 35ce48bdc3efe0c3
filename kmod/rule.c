// SPDX-License-Identifier: GPL-2.0-only
/* Broken rules: see counters.h. */
#include "rule.h"
#include "trace.h"

/*
 * Counts a broken rule and reports it by the tracepoint and the queue's error
 * eventfd. Nothing is printed, since a guest could flood the kernel log. Discards
 * what was read ahead. Returns -EINVAL. Caller holds vq->mutex; does not sleep.
 */
int vhl_rule_broken(struct vhl_vq *vq, enum vhl_rule rule)
{
	vq->stats.errors[rule]++;
	/* An entry read ahead may be the wrong one: read it again the next time. */
	vhl_ahead_forget(vq);
	trace_error(vq, rule);
	if (vq->error)
		vhl_eventfd_signal(vq->error);
	return -EINVAL;
}
