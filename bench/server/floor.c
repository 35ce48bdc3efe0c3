// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server that is none: the module hands the same frames to the same tap
 * in the same bursts, or takes them from it, with no ring and no guest. What
 * that costs is the floor under every server.
 */
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../kmod/vhostlab_uapi.h"
#include "lib/frame.h"
#include "knobs.h"

#define DEVICE "/dev/vhostlab-net"
/* Frames of one call to the module: many, and still the watchdog sees it move. */
#define FRAMES_A_CALL 8192

int floor_start(struct server *s)
{
	struct knob_state knobs;
	int rc, restored;

	s->device = -1;
	s->vhost_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (s->vhost_fd < 0)
		return fail(RC_CANNOT, "%s: %s: load the module vhostlab_net", DEVICE,
			    strerror(errno));
	rc = knobs_apply(&knobs, s->o);
	if (!rc && ioctl(s->vhost_fd, VHOST_SET_OWNER, NULL))
		rc = fail(RC_FAIL, "VHOST_SET_OWNER: %s: %s", DEVICE, strerror(errno));
	restored = knobs_restore(&knobs);
	return rc ? rc : restored;
}

int floor_turns(const struct server *s, const struct tap *t, unsigned int send, unsigned int take,
		uint64_t count)
{
	static char frame[FRAME_MAX + 1];
	unsigned int burst = send > take ? send : take;
	const struct options *o = s->o;
	struct vhostlab_floor f = {
		.backend = t->fd,
		.len = o->size,
		.frame = (uintptr_t)frame,
		.send = send,
		.take = take,
	};

	if (o->workload == WORK_RR)
		frame_echo_request(frame, o->size, 0);
	else
		frame_fill(frame, o->size, tap_mac, guest_mac, 0);
	for (; count && !watch_stop; count -= f.done) {
		uint32_t sent = f.sent, taken = f.taken;

		f.turns = FRAMES_A_CALL / burst ? FRAMES_A_CALL / burst : 1;
		if (f.turns > count)
			f.turns = count;
		f.done = 0;
		/* The watchdog's tick ends a call early: the next one goes on with its turn. */
		if (ioctl(s->vhost_fd, VHOSTLAB_FLOOR, &f) && errno != EINTR)
			return fail(RC_FAIL, "VHOSTLAB_FLOOR: %s: %s", DEVICE, strerror(errno));
		if (f.done || f.sent != sent || f.taken != taken)
			watch_progress++;
	}
	return watch_stop ? RC_FAIL : RC_OK;
}
