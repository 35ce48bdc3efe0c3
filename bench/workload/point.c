// SPDX-License-Identifier: GPL-2.0-only
/* What takes part in a point: made, placed on the CPUs, taken down. */
#define _GNU_SOURCE
#include "point.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/own.h"
#include "lib/tasks.h"

/*
 * SCHED_OTHER unless the point asks for another policy: a guest and its server
 * run under it where they ask for nothing, and the side that is woken may
 * preempt the other. Under SCHED_BATCH neither does: they change places when
 * one has nothing left to do, always at the same point of a packet's path.
 */
static int place_tasks(struct point *p)
{
	const struct cpus *named = &p->o.cpus;
	bool spread = named->count && p->guest_cpu < 0;
	struct server *s = &p->server;
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && !s->shared_tasks && i < s->tasks; i++)
		rc = spread ? task_spread(s->task[i], named, p->o.policy)
			    : task_place(s->task[i], p->server_cpu, p->o.policy);
	if (rc || spread)
		return rc ? rc : task_spread(0, named, p->o.policy);
	return task_place(0, p->guest_cpu,
			  p->o.workload == WORK_RR_FLOOD ? SCHED_FIFO : p->o.policy);
}

int point_use_cpus(const struct options *o)
{
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < o->cpus.count; i++) {
		const struct cpus one = { 1, { o->cpus.cpu[i] } };

		if (!tasks_may_run(&one))
			rc = fail(RC_USAGE,
				  "--cpus: processor %d: not online, or not for this "
				  "process: name others",
				  one.cpu[0]);
	}
	if (!rc && o->cpus.count) {
		clock_cpus(&o->cpus);
		memory_near(cpu_node(o->cpus.cpu[0]));
	}
	return rc;
}

static void choose_cpus(struct point *p)
{
	const struct options *o = &p->o;
	int cpu[2] = { 0, 0 };
	unsigned int cpus;

	if (o->cpus.count) {
		p->guest_cpu = cpus_of(&o->cpus, CPU_GUEST);
		p->server_cpu = cpus_of(&o->cpus, CPU_SERVER);
		cpus = o->cpus.count;
	} else {
		cpus = tasks_cpus(cpu, ARRAY_SIZE(cpu));
		p->guest_cpu = cpu[0];
		p->server_cpu = cpus > 1 ? cpu[1] : cpu[0];
	}
	/* Several guests and their servers run where there is room. */
	if (cpus > 1 && o->guests > 1 && o->workload != WORK_RX)
		p->guest_cpu = p->server_cpu = -1;
	/*
	 * Receiving is a closed loop only where sender, server and guest share
	 * a CPU: the sender's turn comes when nothing is left to do. On two, it
	 * would outrun the guest and measure the loss of the tap's queue.
	 */
	if (o->workload == WORK_RX)
		p->guest_cpu = p->server_cpu;
}

int point_prepare(struct point *p)
{
	const struct options *o = &p->o;
	int rc;

	if (geteuid())
		return fail(RC_CANNOT, "not root: point: run it in the lab, ./run.sh shell");
	rc = point_use_cpus(o);
	rc = rc ? rc : clock_open(o->clock);
	if (rc)
		return rc;
	choose_cpus(p);
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
	if (!rc && o->cpus.count)
		point_own(p);
	return rc ? rc : watch_start();
}

void point_pmu_open(struct point *p)
{
	/* Both would hang on the same window. */
	if (p->o.cpus.count && !p->o.functions)
		pmu_open(&p->pmu, &p->o.cpus, NULL);
}

void point_pmu_close(struct point *p)
{
	static char text[PMU_TEXT_MAX];
	struct result *r = &p->result;

	if (!p->o.cpus.count)
		return;
	if (p->o.functions) {
		r->pmu_absent = "knob trace=functions samples in the window: measure without it";
		return;
	}
	pmu_close(&p->pmu);
	if (*p->pmu.absent)
		r->pmu_absent = p->pmu.absent;
	else if (!r->window_packets)
		r->pmu_absent = "no cost is measured with sink check, or all frames were lost";
	else if (pmu_text(&p->pmu, r->window_packets, text, sizeof(text)))
		r->pmu = text;
}

void point_own(const struct point *p)
{
	own_add_usual(&p->o.cpus);
	for (unsigned int i = 0; i < p->server.tasks; i++)
		own_add(p->server.task[i]);
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
