// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workload stream: the guest sends one frame after the other and does not wait
 * for them, so guest and server run beside each other where there are two
 * processors. At most `burst` frames are under way. Knob work is what the
 * guest does of its own before each frame: with it producer and consumer can
 * be set against each other.
 */
#include <stdlib.h>

#include "lib/frame.h"
#include "point.h"

/* Slots no frame is under way in. */
static unsigned int *slots, unused;

static int take_back(struct guest *g)
{
	uint32_t cookie, len;
	int got;

	while ((got = vring_get_used(&g->ring[QUEUE_TX], &cookie, &len)) > 0) {
		if (cookie >= g->o->burst || unused == g->o->burst)
			got = -1;
		else
			slots[unused++] = cookie;
		if (got < 0)
			break;
	}
	return got < 0 ? fail(RC_FAIL, "used ring: stream: the server returned what was not given")
		       : RC_OK;
}

/* Waits until `count` more frames are done. */
static int await(struct guest *g, unsigned int count)
{
	int rc = guest_wait(g, QUEUE_TX, count);

	return rc ? rc : take_back(g);
}

static void work(unsigned int turns)
{
	for (volatile unsigned int i = turns; i; i--)
		;
}

static int stream_frames(struct point *p, uint64_t frames)
{
	unsigned int burst = p->o.burst, wait = (burst * 3 + 3) / 4;
	struct guest *g = &p->guest;
	int rc = RC_OK;

	for (uint64_t sent = 0; !rc && sent < frames; sent++) {
		work(p->o.work);
		rc = take_back(g);
		/* As drivers do: one call for most of a full ring, not for each frame. */
		if (!rc && !unused)
			rc = await(g, wait);
		if (rc)
			break;
		if (!guest_tx_add(g, slots[--unused]))
			return fail(RC_FAIL, "ring full: stream: frames are missing in it");
		rc = guest_publish(g, QUEUE_TX);
		watch_progress++;
	}
	while (!rc && unused < burst)
		rc = await(g, burst - unused);
	return rc;
}

int stream_run(struct point *p)
{
	unsigned int burst = p->o.burst;
	int rc;

	slots = calloc(burst, sizeof(*slots));
	if (!slots)
		return fail(RC_FAIL, "out of memory: stream: give the machine more");
	for (unused = 0; unused < burst; unused++) {
		slots[unused] = unused;
		frame_fill(guest_tx_frame(&p->guest, unused), p->o.size, tap_mac, guest_mac,
			   unused);
	}
	/* A call is asked for only when the window is full. */
	vring_mute(&p->guest.ring[QUEUE_TX]);
	p->result.offered = p->o.packets;
	rc = stream_frames(p, WARM_FRAMES);
	rc = rc ? rc : point_count(p, stream_frames);
	point_settle(p);
	rc = rc ? rc : point_window(p, stream_frames, WARM_FRAMES, p->o.packets);
	free(slots);
	slots = NULL;
	return rc;
}
