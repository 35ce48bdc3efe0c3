// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workload rr: round trips, one under way. Sink stack: an ICMP echo that the
 * host kernel's stack answers, so no other process takes part. Sink check: a
 * numbered frame that a far end verifies and answers under another number.
 */
#include <stdlib.h>

#include "lib/frame.h"
#include "pace.h"
#include "point.h"

static uint64_t next_seq;
/* Duration of every round trip of the measured phase; NULL in the others. */
static uint64_t *trips;

static int broken(void)
{
	return fail(RC_FAIL, "used ring: round trip: the server returned what was not given");
}

/* Waits for one frame, judges it, gives the buffers back. */
static int take_answer(struct point *p, uint64_t seq, char *copy)
{
	struct guest *g = &p->guest;
	struct rx_frame f;
	bool good;
	int rc;

	rc = guest_wait_armed(g, QUEUE_RX, 1);
	if (rc)
		return rc;
	if (guest_rx_take(g, &f) != 1)
		return broken();
	good = f.bytes == p->o.size;
	if (good && p->o.sink == SINK_CHECK) {
		guest_rx_copy(g, &f, copy);
		good = frame_intact(copy, f.bytes, p->o.size, guest_mac, tap_mac,
				    seq | FRAME_REPLY);
	} else if (good) {
		good = frame_echo_reply(guest_rx_head(g, &f), seq);
	}
	guest_rx_return(g, &f);
	if (good)
		p->result.packets++;
	else
		p->result.corrupt++;
	return guest_publish(g, QUEUE_RX);
}

/* One round trip; how long it took is put at `took`. */
static int round_trip(struct point *p, struct pace *pace, char *copy, uint64_t *took)
{
	struct guest *g = &p->guest;
	char *frame = guest_tx_frame(g, 0);
	uint32_t cookie, len;
	uint64_t begin;
	int rc = RC_OK, got;

	if (p->o.sink == SINK_CHECK)
		frame_fill(frame, p->o.size, tap_mac, guest_mac, next_seq);
	else
		frame_echo_number(frame, next_seq);
	begin = pace_next(pace);
	/* What was sent before is taken back when there is time, as drivers do. */
	while ((got = vring_get_used(&g->ring[QUEUE_TX], &cookie, &len)) > 0)
		;
	if (got < 0)
		rc = broken();
	guest_arm(g, QUEUE_RX, 1);
	if (!rc && !guest_tx_add(g, 0))
		rc = fail(RC_FAIL, "ring full: transmit: the server returns nothing");
	rc = rc ? rc : guest_publish(g, QUEUE_TX);
	rc = rc ? rc : take_answer(p, next_seq, copy);
	*took = clock_now(p->o.clock) - begin;
	if (rc && watch_stop == WATCH_STUCK) {
		p->result.lost++;
		watch_reset();
		/* The same wait again and again is not a measurement. */
		rc = p->result.lost > 3 ? watch_complain("round trip") : RC_OK;
	}
	watch_progress++;
	next_seq++;
	return rc;
}

static int round_trips(struct point *p, uint64_t count)
{
	char *copy = malloc(FRAME_MAX + 1);
	int rc = copy ? RC_OK : fail(RC_FAIL, "out of memory: round trip: give the machine more");
	struct pace pace;
	uint64_t took;

	pace_start(&pace, &p->o);
	for (uint64_t i = 0; !rc && i < count; i++) {
		rc = round_trip(p, &pace, copy, &took);
		if (trips)
			trips[i] = took;
	}
	p->result.late = pace.late;
	free(copy);
	return rc;
}

int rr_run(struct point *p)
{
	uint64_t count = p->o.packets;
	struct result *r = &p->result;
	struct window w;
	int rc = RC_OK;

	/* A call for a sent frame would wake no task. */
	vring_mute(&p->guest.ring[QUEUE_TX]);
	if (p->o.sink == SINK_CHECK) {
		rc = farend_open(&p->farend, &p->o, &p->tap);
		rc = rc ? rc : farend_echo(&p->farend);
	}
	frame_echo_request(guest_tx_frame(&p->guest, 0), p->o.size, 0);
	rc = rc ? rc : round_trips(p, WARM_FRAMES);
	rc = rc ? rc : point_count(p, round_trips);
	if (rc)
		return rc;
	trips = calloc(count, sizeof(*trips));
	if (!trips)
		return fail(RC_FAIL, "out of memory: %lu round trips: ask for fewer",
			    (unsigned long)count);
	for (uint64_t i = 0; i < count; i++)
		trips[i] = 1; /* the pages are touched before the clock runs */
	point_settle(p);
	r->packets = r->corrupt = r->lost = 0;
	guest_zero(&p->guest);
	rc = window_begin(&w, p->o.clock);
	rc = rc ? rc : round_trips(p, count);
	rc = rc ? rc : window_end(&w);
	if (rc)
		goto out;
	r->offered = count;
	r->kicks_per_packet = (double)p->guest.kicks / count;
	r->calls_per_packet = (double)p->guest.calls / count;
	if (p->o.sink == SINK_STACK)
		result_window(r, &w, r->packets);
	else
		r->seconds = window_seconds(&w);
	if (p->o.sink == SINK_STACK && !r->lost)
		result_latency(r, trips, count);
out:
	free(trips);
	trips = NULL;
	return rc;
}

/* One guest of several: see crowd.h. */
static int crowd_open(struct point *p)
{
	vring_mute(&p->guest.ring[QUEUE_TX]);
	frame_echo_request(guest_tx_frame(&p->guest, 0), p->o.size, 0);
	return RC_OK;
}

static int crowd_begin(struct point *p)
{
	return round_trips(p, WARM_FRAMES);
}

/* Sink stack: answers are judged where they lie. */
static int crowd_share(struct point *p)
{
	uint64_t *all = crowd_trips(p->crowd), at;
	struct result *r = &p->result;
	struct pace pace;
	int rc = RC_OK;

	pace_start(&pace, &p->o);
	r->packets = r->corrupt = r->lost = r->offered = 0;
	for (; !rc && crowd_take(p->crowd, &at); r->offered++)
		rc = round_trip(p, &pace, NULL, &all[at]);
	r->late = pace.late;
	return rc;
}

/* Every answer was counted when it came. */
static int crowd_end(struct point *p)
{
	(void)p;
	return RC_OK;
}

const struct crowd_work rr_crowd = { crowd_open, round_trips, crowd_begin, crowd_share, crowd_end };
