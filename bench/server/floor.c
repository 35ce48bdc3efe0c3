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
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../../kmod/vhostlab_uapi.h"
#include "frame.h"
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

/* Turns that move `send` frames to the tap and `take` from it. */
static int turns(struct point *p, unsigned int send, unsigned int take, uint64_t count)
{
	static char frame[FRAME_MAX + 1];
	unsigned int burst = send > take ? send : take;
	struct vhostlab_floor f = {
		.backend = p->tap.fd,
		.len = p->o.size,
		.frame = (uintptr_t)frame,
		.send = send,
		.take = take,
	};

	if (p->o.workload == WORK_RR)
		frame_echo_request(frame, p->o.size, 0);
	else
		frame_fill(frame, p->o.size, tap_mac, guest_mac, 0);
	for (; count && !watch_stop; count -= f.turns) {
		f.turns = FRAMES_A_CALL / burst ? FRAMES_A_CALL / burst : 1;
		if (f.turns > count)
			f.turns = count;
		if (ioctl(p->server.vhost_fd, VHOSTLAB_FLOOR, &f)) {
			if (errno == EINTR && watch_stop)
				break;
			return fail(RC_FAIL, "VHOSTLAB_FLOOR: %s: %s", DEVICE, strerror(errno));
		}
		watch_progress++;
	}
	return watch_stop ? RC_FAIL : RC_OK;
}

static int send(struct point *p, uint64_t frames)
{
	return turns(p, p->o.burst, 0, frames / p->o.burst);
}

static int take(struct point *p, uint64_t frames)
{
	return turns(p, 0, p->o.burst, frames / p->o.burst);
}

static int round_trips(struct point *p, uint64_t count)
{
	return turns(p, 1, 1, count);
}

/*
 * What the kernel put off when the namespace and the tap were made comes in
 * the next second; other servers spend it between their phases.
 */
static void settle(void)
{
	clock_rest(1500);
}

/* Sender or nobody else: tx and rr. */
static int run_alone(struct point *p, int (*body)(struct point *p, uint64_t frames),
		     uint64_t frames)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES);
	int rc = body(p, warm);

	if (rc)
		return rc;
	settle();
	return point_window(p, body, warm, frames);
}

static int run_rx(struct point *p, uint64_t frames)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES), sent = 0, errors;
	struct window w;
	int rc, ended;

	rc = pktgen_open(&p->pktgen, p->server_cpu);
	/* Once to take every path, once with a window in its middle. */
	rc = rc ? rc : pktgen_start(&p->pktgen, warm);
	rc = rc ? rc : take(p, warm);
	ended = pktgen_finish(&p->pktgen, &sent, &errors);
	rc = rc ? rc : ended;
	if (rc)
		return rc;
	settle();
	rc = pktgen_start(&p->pktgen, warm + frames + warm);
	rc = rc ? rc : take(p, warm);
	rc = rc ? rc : window_begin(&w, p->o.clock);
	rc = rc ? rc : take(p, frames);
	if (!rc)
		window_stamp(&w);
	rc = rc ? rc : window_end(&w);
	rc = rc ? rc : take(p, warm);
	ended = pktgen_finish(&p->pktgen, &sent, &errors);
	rc = rc ? rc : ended;
	if (rc)
		return rc;
	p->result.kicks_per_packet = p->result.calls_per_packet = 0;
	p->result.packets = frames;
	p->result.lost = sent - frames - 2 * warm;
	result_window(&p->result, &w, frames);
	return RC_OK;
}

int floor_run(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);

	p->result.offered = frames;
	if (p->o.workload == WORK_RX)
		return run_rx(p, frames);
	return run_alone(p, p->o.workload == WORK_TX ? send : round_trips, frames);
}
