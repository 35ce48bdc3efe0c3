// SPDX-License-Identifier: GPL-2.0-only
/* Workload tx: the guest sends bursts of frames, one under way at a time. */
#include <sched.h>

#include "lib/frame.h"
#include "point.h"

/* Frames the far end may be behind before the guest waits for it. */
#define BEHIND_MAX 256

/* Takes the whole burst back. */
static int reap(struct guest *g, unsigned int count)
{
	uint32_t cookie, len;

	for (unsigned int i = 0; i < count; i++)
		if (vring_get_used(&g->ring[QUEUE_TX], &cookie, &len) != 1)
			return fail(RC_FAIL,
				    "used ring: transmit: the server returned what was not given");
	return RC_OK;
}

static int send_burst(struct guest *g, unsigned int burst)
{
	int rc;

	for (unsigned int i = 0; i < burst; i++)
		if (!guest_tx_add(g, i))
			return fail(RC_FAIL, "ring full: transmit: frames are missing in it");
	guest_arm(g, QUEUE_TX, burst);
	rc = guest_publish(g, QUEUE_TX);
	rc = rc ? rc : guest_wait_armed(g, QUEUE_TX, burst);
	rc = rc ? rc : reap(g, burst);
	guest_tx_turn(g);
	watch_progress++;
	return rc;
}

/* Frames that were waited for and did not come; the same loss is waited for once. */
static uint64_t given_up;

/* Waits until the far end has seen all but `behind` of `sent` frames, or no more come. */
static void await_farend(struct farend *f, uint64_t sent, uint64_t behind)
{
	uint64_t seen = farend_seen(f), now;
	int quiet = 0;

	while (seen + given_up + behind < sent && !watch_stop) {
		clock_rest(1);
		now = farend_seen(f);
		quiet = now == seen ? quiet + 1 : 0;
		seen = now;
		if (quiet == 200)
			given_up = sent - seen;
	}
	watch_progress++;
}

static int send_frames(struct point *p, uint64_t frames)
{
	unsigned int burst = p->o.burst;
	int rc = RC_OK;

	for (uint64_t sent = 0; !rc && sent < frames; sent += burst)
		rc = send_burst(&p->guest, burst);
	return rc;
}

/* The number of the next frame, over all phases of a verifying pass. */
static uint64_t next_seq;

static int send_numbered(struct point *p, uint64_t frames)
{
	unsigned int burst = p->o.burst;
	int rc = RC_OK;

	for (uint64_t sent = 0; !rc && sent < frames; sent += burst) {
		for (unsigned int i = 0; i < burst; i++)
			frame_fill(guest_tx_frame(&p->guest, i), p->o.size, tap_mac, guest_mac,
				   next_seq++);
		rc = send_burst(&p->guest, burst);
		await_farend(&p->farend, next_seq, BEHIND_MAX);
	}
	await_farend(&p->farend, next_seq, 0);
	return rc;
}

static int run_check(struct point *p, uint64_t frames)
{
	struct farend before, *f = &p->farend;
	struct result *r = &p->result;
	struct window w;
	int rc;

	rc = farend_open(f, &p->o, &p->tap);
	rc = rc ? rc : farend_verify(f);
	rc = rc ? rc : send_numbered(p, whole_bursts(&p->o, WARM_FRAMES));
	rc = rc ? rc : point_count(p, send_numbered);
	if (rc)
		return rc;
	point_rest();
	before = *f;
	guest_zero(&p->guest);
	rc = window_begin(&w, p->o.clock);
	rc = rc ? rc : send_numbered(p, frames);
	rc = rc ? rc : window_end(&w);
	r->harness_drops = farend_dropped(f);
	r->packets = f->intact - before.intact;
	r->corrupt = f->corrupt - before.corrupt;
	r->misordered = f->misordered - before.misordered;
	r->seconds = window_seconds(&w);
	r->kicks_per_packet = (double)p->guest.kicks / frames;
	r->calls_per_packet = (double)p->guest.calls / frames;
	if (f->seen - before.seen < frames)
		r->lost = frames - (f->seen - before.seen);
	return rc;
}

static void fill_frames(struct point *p)
{
	for (unsigned int i = 0; i < p->guest.tx_slots; i++)
		frame_fill(guest_tx_frame(&p->guest, i), p->o.size, tap_mac, guest_mac, i);
}

static int run_plain(struct point *p, uint64_t frames)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES);
	int rc;

	fill_frames(p);
	rc = send_frames(p, warm);
	rc = rc ? rc : point_count(p, send_frames);
	if (rc)
		return rc;
	point_settle(p);
	return point_window(p, send_frames, warm, frames);
}

/* The same again with the tracepoints on. */
static int run_events(struct point *p)
{
	uint64_t frames = events_frames(&p->o);
	struct guest *g = &p->guest;
	struct guest before;
	struct window w;
	int rc;

	rc = events_open(&p->events, &p->o, &p->server);
	rc = rc ? rc : send_frames(p, whole_bursts(&p->o, WARM_FRAMES));
	if (rc)
		return rc;
	point_rest();
	rc = events_start(&p->events, g);
	rc = rc ? rc : send_frames(p, p->o.burst);
	before = *g;
	rc = rc ? rc : window_begin(&w, p->o.clock);
	rc = rc ? rc : send_frames(p, frames);
	rc = rc ? rc : window_end(&w);
	if (!rc) {
		const struct events_window ew = { &w, frames, g->kicks - before.kicks,
						  g->calls - before.calls };

		rc = events_save(&p->events, g, &ew);
	}
	g->wakeups = before.wakeups;
	return rc;
}

int tx_run(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);
	int rc;

	p->result.offered = frames;
	rc = p->o.sink == SINK_CHECK ? run_check(p, frames) : run_plain(p, frames);
	return !rc && p->o.events ? run_events(p) : rc;
}

/* One guest of several: see crowd.h. */
static int crowd_open(struct point *p)
{
	fill_frames(p);
	return RC_OK;
}

static uint64_t delivered_before;

static int crowd_begin(struct point *p)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES);
	int rc = tap_delivered(&p->tap, &delivered_before);

	delivered_before += warm;
	return rc ? rc : send_frames(p, warm);
}

static int crowd_share(struct point *p)
{
	uint64_t sent = 0, at;
	int rc = RC_OK;

	for (; !rc && crowd_take(p->crowd, &at); sent += p->o.burst)
		rc = send_burst(&p->guest, p->o.burst);
	p->result.offered = sent;
	return rc;
}

static int crowd_end(struct point *p)
{
	struct result *r = &p->result;
	uint64_t after;
	int rc = tap_delivered(&p->tap, &after);

	if (rc)
		return rc;
	after -= delivered_before;
	if (after > r->offered)
		return fail(RC_FAIL, "frames appeared: tap: %lu more than were sent",
			    (unsigned long)(after - r->offered));
	r->packets = after;
	r->lost = r->offered - after;
	return RC_OK;
}

const struct crowd_work tx_crowd = { crowd_open, send_frames, crowd_begin, crowd_share, crowd_end };
