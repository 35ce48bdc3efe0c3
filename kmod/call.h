/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls: the device's notifications to the driver, by eventfd. */
#ifndef VHOSTLAB_CALL_H
#define VHOSTLAB_CALL_H

#include "vhostlab.h"
#include "trace.h"

void vhl_call(struct vhl_vq *vq, bool send, enum vhl_call_reason why);

/* Calls the guest or not, for that reason. Caller holds vq->mutex. */
static __always_inline void __vhl_call(struct vhl_vq *vq, bool send, enum vhl_call_reason why)
{
	if (send && !vq->call) {
		send = false;
		why = VHL_CALL_NO_FD;
	}
	if (send) {
		vq->stats.calls_sent++;
		vhl_eventfd_signal(vq->call);
	} else {
		vq->stats.calls_suppressed++;
	}
	trace_call(vq, send, why);
}

#endif /* VHOSTLAB_CALL_H */
