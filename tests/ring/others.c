// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of the module that are not tested here, as if their knobs were off: busy polling, rings
 * mapped into the kernel, VLAN tags of packet sockets; and workers: the test starts their runs.
 */
#include "caller.h"
#include "pin.h"
#include "ring.h"
#include "rx.h"

#define UNUSED __attribute__((unused))
#define NOTHING(name) \
	void name(struct vhl_vq *vq UNUSED) \
	{ \
	}
#define NEVER(type, name, ...) \
	type name(__VA_ARGS__) \
	{ \
		fail(#name " without its knob"); \
	}

NOTHING(vhl_pin_owner)
NOTHING(vhl_pin_disown)
NOTHING(vhl_pin_drop)
NEVER(void, vhl_pin_update, struct vhl_vq *vq UNUSED)

NEVER(bool, __vhl_poll_back, struct vhl_poll *poll UNUSED)
NEVER(void, vhl_poll_resume, struct vhl_vq *vq UNUSED)
NEVER(void, vhl_poll_waited, struct vhl_vq *vq UNUSED)

void vhl_poll_init(struct vhl_poll *poll UNUSED, struct vhl_vq *vq UNUSED, __poll_t mask UNUSED,
		   bool is_kick UNUSED)
{
}

int vhl_poll_start(struct vhl_poll *poll UNUSED, struct file *file UNUSED)
{
	return 0;
}

void vhl_poll_stop(struct vhl_poll *poll UNUSED)
{
}

__poll_t vhl_poll_ask(struct vhl_poll *poll UNUSED, struct file *file)
{
	return vfs_poll(file, NULL);
}

enum vhl_polled vhl_busy_poll(struct vhl_vq *vq UNUSED)
{
	return VHL_POLL_DRY;
}

void vhl_work_queue(struct vhl_worker *worker UNUSED, struct vhl_work *work)
{
	work->flags = BIT(VHL_WORK_QUEUED);
}

NEVER(bool, vhl_caller_again, struct vhl_work *work UNUSED)

NEVER(void, vhl_netdev_set_ethernet, struct vhl_netdev *w UNUSED)
NEVER(int, vhl_rx_tagged, struct vhl_vq *vq UNUSED, struct iov_iter *to UNUSED,
      unsigned int heads UNUSED, size_t len UNUSED)

void vhl_frags_drain(struct vhl_frags *f)
{
	memset(f, 0, sizeof(*f));
}
