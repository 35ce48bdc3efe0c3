// SPDX-License-Identifier: GPL-2.0-only
/*
 * One repetition of one point: builds a guest, a tap and a server, runs the
 * workload, prints one JSON object. Everything it makes lives in its own
 * network namespace and processes, and ends with it.
 */
#include <stdlib.h>
#include <string.h>

#include "probe/functions.h"
#include "workload/calibrate.h"
#include "workload/point.h"

/* The only guest. */
static int run_one(struct point *p)
{
	int rc, finished;

	rc = point_prepare(p);
	if (!rc && p->o.functions)
		rc = functions_open(p->o.functions, p->o.clock);
	if (!rc)
		point_pmu_open(p);
	rc = rc ? rc : point_workload(p);
	if (!rc)
		point_pmu_close(p);
	if (!rc && p->o.functions)
		rc = functions_save(&p->server, p->result.window_packets, p->result.window_cost);
	p->result.wakeups = p->guest.wakeups;
	if (rc && watch_stop)
		rc = watch_complain(workload_name(p->o.workload));
	finished = point_finish(p);
	return rc ? rc : finished;
}

/* The whole of it, with its result on @out. */
static int measure(struct point *p, FILE *out)
{
	struct result *r = &p->result;
	int rc;

	p->tap.fd = p->farend.fd = p->guest.memfd = -1;
	for (int q = 0; q < QUEUES; q++)
		p->guest.kick[q] = p->guest.call[q] = -1;
	result_clear(r);
	r->policy = policy_name(p->o.policy);
	r->cpus = p->o.cpus;
	r->closed = p->o.workload == WORK_RX;
	r->spread = p->o.guests > 1 && !r->closed && p->o.cpus.count > 1;

	rc = p->o.guests > 1 ? crowd_run(p) : run_one(p);
	/* An order that is wrong although nothing is missing is the server's fault. */
	if (!rc && r->misordered && !r->lost && !r->corrupt)
		rc = fail(RC_FAIL, "frames out of order: %s: %lu of %lu",
			  workload_name(p->o.workload), (unsigned long)r->misordered,
			  (unsigned long)r->offered);
	rc = rc ? rc : result_print(r, out);
	free(p->server.module);
	return rc;
}

int main(int argc, char **argv)
{
	static struct point point;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		options_usage(stdout);
		return RC_OK;
	}
	rc = options_parse(&point.o, argc, argv);
	if (!rc && point.o.clock == CLOCK_NATIVE)
		rc = fail(RC_USAGE, "clock native: point: it has a program of its own: "
				    "build/bench/native");
	if (!rc && point.o.duration_ms)
		rc = calibrate(&point, measure);
	return rc ? rc : measure(&point, stdout);
}
