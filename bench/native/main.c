// SPDX-License-Identifier: GPL-2.0-only
/*
 * The native rig: one repetition of one point on clock native. Two halves of a ring on two real
 * processors, in one process, without a virtual machine, a tap or a system call. Takes the options
 * of the point program and prints one JSON object.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counted.h"
#include "lib/quantile.h"
#include "pair.h"
#include "ticks.h"

/* Without a name as an element of an array. */
static void number(const char *name, double value, const char *end)
{
	if (name)
		printf("\"%s\":", name);
	if (isnan(value))
		printf("null%s", end);
	else
		printf("%.9g%s", value, end);
}

/* Of the time per buffer of all windows. */
static double window(const struct pair_result *r, double q)
{
	return r->window[quantile_rank(r->windows, q)];
}

static int print(const struct pair_result *r)
{
	double n = r->packets;

	printf("{\"packets\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"corrupt\":%" PRIu64 ",", r->packets,
	       r->lost, r->corrupt);
	number("seconds", r->seconds, ",");
	number("cost_per_packet", window(r, 0.5), ",");
	printf("\"syscalls_per_packet\":0,");
	number("kicks_per_packet", r->kicks / n, ",");
	number("calls_per_packet", r->calls / n, ",");
	printf("\"latency_p50\":null,\"latency_p99\":null,\"latency_p999\":null,");
	printf("\"ns_per_buffer\":{");
	number("p10", window(r, 0.1), ",");
	number("p25", window(r, 0.25), ",");
	number("p50", window(r, 0.5), ",");
	number("p75", window(r, 0.75), ",");
	number("p90", window(r, 0.9), ",");
	number("server", r->server_busy, ",");
	number("driver", r->driver_busy, "},");
	printf("\"detail\":{");
	number("ghz", r->ghz, ",");
	printf("\"line\":[");
	number(NULL, r->line[0], ",");
	number(NULL, r->line[1], "],");
	printf("\"policy\":\"other\",\"windows\":%u,\"time\":\"%s\",\"cpus\":[%d,%d],"
	       "\"misordered\":%" PRIu64 "}}\n",
	       r->windows, ticks_name(), r->cpu[0], r->cpu[1], r->misordered);
	return fflush(stdout) ? fail(RC_FAIL, "result: standard output cannot be written") : RC_OK;
}

int main(int argc, char **argv)
{
	static struct options o;
	struct pair_result r;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		options_usage(stdout);
		return RC_OK;
	}
	rc = options_parse(&o, argc, argv);
	if (!rc && o.clock != CLOCK_NATIVE)
		rc = fail(RC_USAGE, "clock: native: this program has clock native only: use point");
	if (rc)
		return rc;
	rc = watch_signals();
	/* A counted run has the time limit of its caller; the timer would be counted. */
	rc = rc || getenv(COUNTED_FILE) ? rc : watch_start();
	rc = rc ? rc : pair_run(&o, &r);
	if (!rc && r.misordered && !r.lost && !r.corrupt)
		rc = fail(RC_FAIL, "frames out of order: %s: %lu of %lu", workload_name(o.workload),
			  (unsigned long)r.misordered, (unsigned long)r.packets);
	rc = rc ? rc : print(&r);
	free(r.window);
	return rc;
}
