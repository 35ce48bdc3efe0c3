// SPDX-License-Identifier: GPL-2.0-only
/* The phases that workloads share: rest, count, measure. */
#include "point.h"

uint64_t whole_bursts(const struct options *o, uint64_t n)
{
	uint64_t bursts = (n + o->burst - 1) / o->burst;

	return (bursts ? bursts : 1) * o->burst;
}

void point_rest(void)
{
	clock_rest(20);
}

void point_settle(const struct point *p)
{
	point_rest();
	clock_align(p->o.clock);
}

int point_count(struct point *p, int (*body)(struct point *p, uint64_t frames))
{
	uint64_t frames = p->o.packets < COUNT_FRAMES ? p->o.packets : COUNT_FRAMES;
	struct result *r = &p->result;
	int rc, closed;

	frames = whole_bursts(&p->o, frames);
	point_rest();
	rc = counters_open(&r->counters, &p->server);
	rc = rc ? rc : body(p, frames);
	point_rest();
	closed = counters_close(&r->counters);
	rc = rc ? rc : closed;
	if (rc)
		return rc;
	r->counted_packets = frames;
	r->serving_tasks = p->server.tasks;
	r->shared_tasks = p->server.shared_tasks;
	r->syscalls_per_packet = (double)r->counters.total / frames;
	/*
	 * The kernel takes perf's hooks out of the system call path and of the
	 * task switch only a second after the last user has left; they would
	 * cost hundreds of instructions per packet. In the lab a rest is free.
	 */
	clock_rest(1500);
	return body(p, whole_bursts(&p->o, WARM_FRAMES));
}

int point_window(struct point *p, int (*body)(struct point *p, uint64_t frames), uint64_t warm,
		 uint64_t frames)
{
	struct result *r = &p->result;
	uint64_t before = 0, after = 0;
	struct window w;
	int rc;

	rc = tap_delivered(&p->tap, &before);
	rc = rc ? rc : body(p, warm);
	if (rc)
		return rc;
	before += warm;
	guest_zero(&p->guest);
	rc = window_begin(&w, p->o.clock);
	rc = rc ? rc : body(p, frames);
	rc = rc ? rc : window_end(&w);
	if (rc)
		return rc;
	point_rest();
	rc = tap_delivered(&p->tap, &after);
	if (rc)
		return rc;
	if (after > before + frames)
		return fail(RC_FAIL, "frames appeared: tap: %lu more than were sent",
			    (unsigned long)(after - before - frames));
	r->packets = after > before ? after - before : 0;
	r->lost = frames - r->packets;
	r->kicks_per_packet = (double)p->guest.kicks / frames;
	r->calls_per_packet = (double)p->guest.calls / frames;
	result_window(r, &w, r->packets);
	return RC_OK;
}
