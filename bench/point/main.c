// SPDX-License-Identifier: GPL-2.0-only
/*
 * One repetition of one point: builds a guest, a tap and a server, runs the
 * workload, prints one JSON object. Everything it makes lives in its own
 * network namespace and processes, and ends with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "floor.h"
#include "functions.h"
#include "tasks.h"

uint64_t whole_bursts(const struct options *o, uint64_t n)
{
	uint64_t bursts = (n + o->burst - 1) / o->burst;

	return (bursts ? bursts : 1) * o->burst;
}

void point_rest(void)
{
	clock_rest(20);
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
	 * task switch only a second after the last user has gone; they would
	 * cost hundreds of instructions a packet. In the lab a rest is free.
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

/*
 * Under SCHED_BATCH neither side throws the other off the CPU when it is
 * woken: they change places when one has nothing left to do, always at the
 * same point of a packet's way, and the figures repeat.
 */
static int place_tasks(struct point *p)
{
	struct server *s = &p->server;
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && !s->shared_tasks && i < s->tasks; i++)
		rc = task_place(s->task[i], p->server_cpu, SCHED_BATCH);
	return rc ? rc
		  : task_place(0, p->guest_cpu,
			       p->o.workload == WORK_RR_FLOOD ? SCHED_FIFO : SCHED_BATCH);
}

int point_prepare(struct point *p)
{
	const struct options *o = &p->o;
	int cpu[2] = { 0, 0 };
	unsigned int cpus;
	int rc;

	if (geteuid())
		return fail(RC_CANNOT, "not root: point: run it in the lab, ./run.sh shell");
	rc = clock_open(o->clock);
	if (rc)
		return rc;
	cpus = tasks_cpus(cpu, ARRAY_SIZE(cpu));
	p->guest_cpu = cpu[0];
	p->server_cpu = cpus > 1 ? cpu[1] : cpu[0];
	/* Several guests and whoever serves them go where there is room. */
	if (cpus > 1 && o->guests > 1 && o->workload != WORK_RX)
		p->guest_cpu = p->server_cpu = -1;
	/*
	 * Receiving is a closed loop only where sender, server and guest share
	 * a CPU: the sender's turn comes when nothing is left to do. On two, it
	 * would outrun the guest and measure the loss of the tap's queue.
	 */
	if (o->workload == WORK_RX)
		p->guest_cpu = p->server_cpu;
	if (o->workload == WORK_RX && o->sink == SINK_STACK)
		rc = pktgen_prepare(&p->pktgen, o);
	rc = rc ? rc : netns_enter();
	rc = rc ? rc : tap_open(&p->tap, o);
	if (!rc && o->sink == SINK_XDP_DROP)
		rc = tap_attach_xdp(&p->tap);
	if (!rc && o->sink == SINK_FORWARD)
		rc = tap_forward(&p->tap, o);
	if (!rc && o->workload == WORK_RX && o->sink == SINK_STACK)
		rc = sender_device_open(o);
	rc = rc ? rc : guest_open(&p->guest, o);
	rc = rc ? rc : watch_signals();
	rc = rc ? rc : server_start(&p->server, o, &p->guest, &p->tap);
	rc = rc ? rc : place_tasks(p);
	if (!rc && mlockall(MCL_CURRENT))
		rc = fail(RC_FAIL, "mlockall: %s: raise the limit of locked memory",
			  strerror(errno));
	return rc ? rc : watch_start();
}

int point_workload(struct point *p)
{
	static int (*const workload[])(struct point * p) = {
		[WORK_TX] = tx_run,	     [WORK_RX] = rx_run,	 [WORK_RR] = rr_run,
		[WORK_RR_FLOOD] = flood_run, [WORK_STREAM] = stream_run,
	};

	return p->o.server == SERVER_FLOOR ? floor_run(p) : workload[p->o.workload](p);
}

int point_finish(struct point *p)
{
	int rc = server_check(&p->server), stopped;

	stopped = events_close(&p->events);
	rc = rc ? rc : stopped;
	pktgen_close(&p->pktgen);
	farend_close(&p->farend);
	stopped = server_stop(&p->server);
	rc = rc ? rc : stopped;
	guest_total(&p->guest, &p->result.total_kicks, &p->result.total_calls);
	p->result.module = p->server.module;
	p->result.log_pages = p->server.log_pages;
	tap_close(&p->tap);
	guest_close(&p->guest);
	return rc;
}

/* The only guest. */
static int run_one(struct point *p)
{
	int rc, finished;

	rc = point_prepare(p);
	if (!rc && p->o.functions)
		rc = functions_open(p->o.functions);
	rc = rc ? rc : point_workload(p);
	if (!rc && p->o.functions)
		rc = functions_save(&p->server);
	p->result.wakeups = p->guest.wakeups;
	if (rc && watch_stop)
		rc = watch_complain(workload_name(p->o.workload));
	finished = point_finish(p);
	return rc ? rc : finished;
}

int main(int argc, char **argv)
{
	static struct point point;
	struct point *p = &point;
	struct result *r = &p->result;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		options_usage(stdout);
		return RC_OK;
	}
	rc = options_parse(&p->o, argc, argv);
	if (rc)
		return rc;
	p->tap.fd = p->farend.fd = p->guest.memfd = -1;
	for (int q = 0; q < QUEUES; q++)
		p->guest.kick[q] = p->guest.call[q] = -1;
	result_clear(r);

	rc = p->o.guests > 1 ? crowd_run(p) : run_one(p);
	/* An order that is wrong although nothing is missing is the server's fault. */
	if (!rc && r->misordered && !r->lost && !r->corrupt)
		rc = fail(RC_FAIL, "frames out of order: %s: %lu of %lu",
			  workload_name(p->o.workload), (unsigned long)r->misordered,
			  (unsigned long)r->offered);
	rc = rc ? rc : result_print(r, stdout);
	free(p->server.module);
	return rc;
}
