// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workload rr_flood: a round trip beside a flood. One burst is an ICMP echo
 * request and behind it frames without an answer, all with one kick. The
 * answer waits in the tap until the server turns from its transmit queue to
 * its receive queue, so how long a turn may last is what is measured.
 *
 * The guest runs under SCHED_FIFO here: the call wakes it at once, as a guest
 * with a processor of its own is, and does not wait for the worker's sleep.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/frame.h"
#include "point.h"

static uint16_t next_seq;
/* Duration of every round trip of the measured phase; NULL in the others. */
static uint64_t *trips;
static uint64_t trip;

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int broken(void)
{
	return fail(RC_FAIL, "used ring: flood: the server returned what was not given");
}

static int take_answer(struct guest *g, struct result *r, unsigned int size)
{
	struct rx_frame f;
	int rc = guest_wait_armed(g, QUEUE_RX, 1);

	if (rc)
		return rc;
	if (guest_rx_take(g, &f) != 1)
		return broken();
	if (f.bytes != size || !frame_echo_reply(guest_rx_head(g, &f), next_seq))
		r->corrupt++;
	guest_rx_return(g, &f);
	return guest_publish(g, QUEUE_RX);
}

/* The rest of the burst; what is given back early stays in the ring until then. */
static int take_back(struct guest *g, unsigned int burst)
{
	uint32_t cookie, len;
	int rc = guest_wait(g, QUEUE_TX, burst);

	for (unsigned int i = 0; !rc && i < burst; i++)
		if (vring_get_used(&g->ring[QUEUE_TX], &cookie, &len) != 1)
			rc = broken();
	return rc;
}

static int flood_frames(struct point *p, uint64_t frames)
{
	unsigned int burst = p->o.burst;
	struct guest *g = &p->guest;
	int rc = RC_OK;

	for (uint64_t sent = 0; !rc && sent < frames; sent += burst, next_seq++) {
		uint64_t begin;

		frame_echo_number(guest_tx_frame(g, 0), next_seq);
		begin = clock_now(p->o.clock);
		guest_arm(g, QUEUE_RX, 1);
		for (unsigned int i = 0; i < burst; i++)
			if (!guest_tx_add(g, i))
				return fail(RC_FAIL, "ring full: flood: frames are missing in it");
		rc = guest_publish(g, QUEUE_TX);
		rc = rc ? rc : take_answer(g, &p->result, p->o.size);
		if (trips)
			trips[trip++] = clock_now(p->o.clock) - begin;
		rc = rc ? rc : take_back(g, burst);
		watch_progress++;
	}
	return rc;
}

/* The smallest value that at least the share q of all does not exceed. */
static double percentile(uint64_t count, double q)
{
	uint64_t rank = ceil(q * count);

	return trips[rank ? rank - 1 : 0];
}

static int measure(struct point *p, uint64_t frames)
{
	struct result *r = &p->result;
	int rc;

	trip = 0;
	rc = point_window(p, flood_frames, p->o.burst, frames);
	if (rc)
		return rc;
	/* The first one was the warm burst's. */
	trips++;
	trip--;
	qsort(trips, trip, sizeof(*trips), compare);
	r->latency_p50 = percentile(trip, 0.5);
	r->latency_p99 = percentile(trip, 0.99);
	r->latency_p999 = percentile(trip, 0.999);
	return RC_OK;
}

int flood_run(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);
	uint64_t *times;
	int rc = RC_OK;

	vring_mute(&p->guest.ring[QUEUE_TX]);
	frame_echo_request(guest_tx_frame(&p->guest, 0), p->o.size, 0);
	for (unsigned int i = 1; i < p->o.burst; i++)
		frame_fill(guest_tx_frame(&p->guest, i), p->o.size, tap_mac, guest_mac, i);
	p->result.offered = frames;
	times = calloc(frames / p->o.burst + 1, sizeof(*times));
	if (!times)
		return fail(RC_FAIL, "out of memory: flood: ask for fewer packets");
	/* The pages are touched before the clock runs. */
	memset(times, 1, (frames / p->o.burst + 1) * sizeof(*times));
	rc = flood_frames(p, whole_bursts(&p->o, WARM_FRAMES));
	rc = rc ? rc : point_count(p, flood_frames);
	point_settle(p);
	trips = times;
	rc = rc ? rc : measure(p, frames);
	trips = NULL;
	free(times);
	return rc;
}
