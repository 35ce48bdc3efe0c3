/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls: the device's notifications to the driver (virtio 1.2, section 2.3), by eventfd. */
#ifndef VHOSTLAB_CALL_H
#define VHOSTLAB_CALL_H

#include "vhostlab.h"
#include "trace.h"

void vhl_call(struct vhl_vq *vq, bool send, enum vhl_call_reason why);

/*
 * Signals the call eventfd when @send is true and an eventfd is set; counts and
 * traces the decision with the reason @why. Caller holds vq->mutex; does not sleep.
 */
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
