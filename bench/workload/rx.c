// SPDX-License-Identifier: GPL-2.0-only
/* Workload rx: frames arrive at the tap in bursts, the guest takes them and gives buffers back. */
#include <math.h>
#include <stdlib.h>

#include "lib/frame.h"
#include "point.h"

static int broken(void)
{
	return fail(RC_FAIL, "used ring: receive: the server returned what was not given");
}

/* A batch of received frames; with the window that it opens or closes. */
struct drain {
	uint64_t got;
	struct window *w; /* NULL: nothing is measured */
	uint64_t from, to; /* the window opens at >= from frames, closes at >= to */
	uint64_t opened, closed; /* how many there really were then */
	uint64_t kicks, calls; /* at the opening, then the difference */
	uint64_t last; /* clock at the last batch */
	bool late; /* closed after the run, as frames were missing at its end */
};

static int close_window(struct point *p, struct drain *d)
{
	d->closed = d->got;
	d->kicks = p->guest.kicks - d->kicks;
	d->calls = p->guest.calls - d->calls;
	return window_end(d->w);
}

static int mark_window(struct point *p, struct drain *d)
{
	int rc = RC_OK;

	if (!d->w || d->closed)
		return RC_OK;
	d->last = clock_now(p->o.clock);
	if (!d->opened && d->got >= d->from) {
		d->opened = d->got;
		d->kicks = p->guest.kicks;
		d->calls = p->guest.calls;
		rc = window_begin_flowing(d->w, p->o.clock);
	} else if (d->opened && d->got >= d->to) {
		window_stamp(d->w);
		rc = close_window(p, d);
	}
	return rc;
}

/* Takes frames until `expect` came or the sender has ended and no more come. */
static int drain(struct point *p, struct drain *d, uint64_t expect)
{
	struct guest *g = &p->guest;
	struct rx_frame f;
	int rc, got;

	while (d->got < expect) {
		rc = guest_wait(g, QUEUE_RX, 1);
		if (rc) {
			/* Frames are missing: the sender is done and it has been quiet since. */
			if (watch_stop == WATCH_STUCK && d->got && pktgen_done(&p->pktgen)) {
				watch_reset();
				return RC_OK;
			}
			return rc;
		}
		while ((got = guest_rx_take(g, &f)) > 0) {
			/* The length is all that is looked at here; sink check reads every byte. */
			if (f.bytes == p->o.size)
				d->got++;
			guest_rx_return(g, &f);
		}
		if (got < 0)
			return broken();
		rc = guest_publish(g, QUEUE_RX);
		rc = rc ? rc : mark_window(p, d);
		if (rc)
			return rc;
		watch_progress++;
	}
	return RC_OK;
}

static int receive_run(struct point *p, struct drain *d, uint64_t frames, uint64_t *sent)
{
	uint64_t errors;
	int rc, ended;

	rc = pktgen_start(&p->pktgen, frames);
	if (rc)
		return rc;
	rc = drain(p, d, frames);
	ended = pktgen_finish(&p->pktgen, sent, &errors);
	return rc ? rc : ended;
}

static int receive_some(struct point *p, uint64_t frames)
{
	struct drain d = {};
	uint64_t sent;

	return receive_run(p, &d, frames, &sent);
}

static int run_stack(struct point *p, uint64_t frames)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES), sent = 0;
	struct rtnl_link_stats64 before, after;
	struct result *r = &p->result;
	struct window w = {};
	struct drain d = { .w = &w, .from = warm, .to = warm + frames };
	int rc;

	rc = pktgen_open(&p->pktgen, p->server_cpu);
	rc = rc ? rc : receive_some(p, warm);
	rc = rc ? rc : point_count(p, receive_some);
	if (rc)
		return rc;
	point_settle(p);
	guest_zero(&p->guest);
	rc = link_stats(p->tap.ifindex, &before);
	/* A tail after the window, so that it closes while frames still come. */
	rc = rc ? rc : receive_run(p, &d, warm + frames + warm, &sent);
	rc = rc ? rc : link_stats(p->tap.ifindex, &after);
	if (rc)
		return rc;
	if (!d.opened || d.got == d.opened)
		return fail(RC_FAIL, "too many frames lost: receive: %lu of %lu arrived",
			    (unsigned long)d.got, (unsigned long)sent);
	if (!d.closed) {
		/* So many were lost that the window reaches to the last frame there was. */
		d.late = true;
		w.end = d.last;
		rc = close_window(p, &d);
		if (rc)
			return rc;
	}
	r->offered = sent;
	r->packets = d.closed - d.opened;
	r->lost = sent > d.got ? sent - d.got : 0;
	r->tap_dropped = after.tx_dropped - before.tx_dropped;
	r->kicks_per_packet = (double)d.kicks / r->packets;
	r->calls_per_packet = (double)d.calls / r->packets;
	result_window(r, &w, r->packets);
	if (d.late) {
		/* It idled after that frame, so its cost is not known. */
		r->cost_per_packet = NAN;
		r->window_cost = NAN;
		r->window_idle = NAN;
	}
	return RC_OK;
}

/* The same again with the tracepoints on. */
static int run_events(struct point *p)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES), sent = 0;
	uint64_t frames = events_frames(&p->o);
	struct window w = {};
	struct drain d = { .w = &w, .from = warm, .to = warm + frames };
	uint64_t wakeups = p->guest.wakeups;
	int rc;

	rc = events_open(&p->events, &p->o, &p->server);
	rc = rc ? rc : receive_some(p, warm);
	rc = rc ? rc : events_start(&p->events, &p->guest);
	rc = rc ? rc : receive_run(p, &d, warm + frames + warm, &sent);
	if (rc)
		return rc;
	if (!d.closed)
		return fail(RC_FAIL, "frames lost: receive: %lu of %lu arrived with events on",
			    (unsigned long)d.got, (unsigned long)sent);
	p->guest.wakeups = wakeups;
	const struct events_window ew = { &w, d.closed - d.opened, d.kicks, d.calls };

	return events_save(&p->events, &p->guest, &ew);
}

static uint64_t next_seq;

/* Verifies one frame against the number that is due. */
static void judge(struct point *p, const struct rx_frame *f, char *copy)
{
	struct result *r = &p->result;
	uint64_t seq;

	if (f->bytes != p->o.size) {
		r->corrupt++;
		return;
	}
	guest_rx_copy(&p->guest, f, copy);
	if (!frame_number(copy, f->bytes, &seq) ||
	    !frame_intact(copy, f->bytes, p->o.size, guest_mac, tap_mac, seq)) {
		r->corrupt++;
		return;
	}
	r->packets++;
	if (seq != next_seq)
		r->misordered++;
	next_seq = seq + 1;
}

/* Bursts from a packet socket, one under way at a time; every byte is read. */
static int receive_numbered(struct point *p, uint64_t frames)
{
	char *copy = malloc(FRAME_MAX + 1);
	struct guest *g = &p->guest;
	uint64_t seq = next_seq;
	struct rx_frame f;
	int rc = copy ? RC_OK : fail(RC_FAIL, "out of memory: receive: give the machine more");

	for (uint64_t sent = 0; !rc && sent < frames; sent += p->o.burst) {
		unsigned int due = p->o.burst;
		int got = 0;

		rc = farend_send(&p->farend, seq, due);
		seq += due;
		while (!rc && due) {
			rc = guest_wait(g, QUEUE_RX, 1);
			while (!rc && due && (got = guest_rx_take(g, &f)) > 0) {
				judge(p, &f, copy);
				guest_rx_return(g, &f);
				due--;
			}
			if (!rc && got < 0)
				rc = broken();
			rc = rc ? rc : guest_publish(g, QUEUE_RX);
		}
		if (rc && watch_stop == WATCH_STUCK && due) {
			/* What did not come in all that time is lost. */
			p->result.lost += due;
			next_seq = seq;
			watch_reset();
			rc = RC_OK;
		}
		watch_progress++;
	}
	free(copy);
	return rc;
}

static int run_check(struct point *p, uint64_t frames)
{
	struct result *r = &p->result;
	struct window w;
	int rc;

	rc = farend_open(&p->farend, &p->o, &p->tap);
	rc = rc ? rc : receive_numbered(p, whole_bursts(&p->o, WARM_FRAMES));
	rc = rc ? rc : point_count(p, receive_numbered);
	if (rc)
		return rc;
	point_rest();
	guest_zero(&p->guest);
	r->packets = r->corrupt = r->misordered = r->lost = 0;
	rc = window_begin(&w, p->o.clock);
	rc = rc ? rc : receive_numbered(p, frames);
	rc = rc ? rc : window_end(&w);
	r->offered = frames;
	r->seconds = window_seconds(&w);
	r->kicks_per_packet = (double)p->guest.kicks / frames;
	r->calls_per_packet = (double)p->guest.calls / frames;
	return rc;
}

int rx_run(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);
	int rc = p->o.sink == SINK_CHECK ? run_check(p, frames) : run_stack(p, frames);

	return !rc && p->o.events ? run_events(p) : rc;
}
