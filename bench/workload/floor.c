// SPDX-License-Identifier: GPL-2.0-only
/* The phases of server floor: any workload, with neither ring nor guest. */
#include "server/floor.h"
#include "point.h"

static int send(struct point *p, uint64_t frames)
{
	return floor_turns(&p->server, &p->tap, p->o.burst, 0, frames / p->o.burst);
}

static int take(struct point *p, uint64_t frames)
{
	return floor_turns(&p->server, &p->tap, 0, p->o.burst, frames / p->o.burst);
}

static int round_trips(struct point *p, uint64_t count)
{
	return floor_turns(&p->server, &p->tap, 1, 1, count);
}

/*
 * What the kernel put off when the namespace and the tap were made comes in
 * the next second; other servers spend it between their phases.
 */
static void settle(const struct point *p)
{
	clock_rest(1500);
	point_settle(p);
}

/* The sender is the only other task: tx and rr. */
static int run_alone(struct point *p, int (*body)(struct point *p, uint64_t frames),
		     uint64_t frames)
{
	uint64_t warm = whole_bursts(&p->o, WARM_FRAMES);
	int rc = body(p, warm);

	if (rc)
		return rc;
	settle(p);
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
	settle(p);
	rc = pktgen_start(&p->pktgen, warm + frames + warm);
	rc = rc ? rc : take(p, warm);
	rc = rc ? rc : window_begin_flowing(&w, p->o.clock);
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
