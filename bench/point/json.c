// SPDX-License-Identifier: GPL-2.0-only
/* What a point measured, and its one line of JSON. */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void result_clear(struct result *r)
{
	memset(r, 0, sizeof(*r));
	r->seconds = r->cost_per_packet = r->syscalls_per_packet = NAN;
	r->kicks_per_packet = r->calls_per_packet = NAN;
	r->latency_p50 = r->latency_p99 = r->latency_p999 = NAN;
	r->window_cost = r->window_idle = NAN;
}

void result_window(struct result *r, const struct window *w, uint64_t n)
{
	r->seconds = window_seconds(w);
	r->window_cost = window_cost(w);
	r->window_idle = window_idle(w);
	r->window_packets = n;
	if (n)
		r->cost_per_packet = r->window_cost / n;
}

void result_histogram(struct result *r, const uint64_t *sorted, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		if (r->buckets && sorted[i] < r->bucket[r->buckets - 1].to)
			r->bucket[r->buckets - 1].count++;
		else if (r->buckets < BUCKETS_MAX)
			r->bucket[r->buckets++] = bucket_of(sorted[i]);
	}
}

static void number(FILE *f, const char *name, double value)
{
	if (isnan(value))
		fprintf(f, "\"%s\":null,", name);
	else
		fprintf(f, "\"%s\":%.9g,", name, value);
}

static void count(FILE *f, const char *name, uint64_t value)
{
	fprintf(f, "\"%s\":%" PRIu64 ",", name, value);
}

int result_print(const struct result *r, FILE *f)
{
	fputc('{', f);
	count(f, "packets", r->packets);
	count(f, "lost", r->lost);
	count(f, "corrupt", r->corrupt);
	number(f, "seconds", r->seconds);
	number(f, "cost_per_packet", r->cost_per_packet);
	number(f, "syscalls_per_packet", r->syscalls_per_packet);
	number(f, "kicks_per_packet", r->kicks_per_packet);
	number(f, "calls_per_packet", r->calls_per_packet);
	number(f, "latency_p50", r->latency_p50);
	number(f, "latency_p99", r->latency_p99);
	number(f, "latency_p999", r->latency_p999);

	fputs("\"detail\":{", f);
	count(f, "offered", r->offered);
	count(f, "misordered", r->misordered);
	count(f, "wakeups", r->wakeups);
	count(f, "harness_drops", r->harness_drops);
	count(f, "tap_dropped", r->tap_dropped);
	count(f, "late", r->late);
	count(f, "window_packets", r->window_packets);
	number(f, "window_cost", r->window_cost);
	number(f, "window_idle", r->window_idle);
	count(f, "serving_tasks", r->serving_tasks);
	fprintf(f, "\"serving_tasks_shared\":%s,", r->shared_tasks ? "true" : "false");
	count(f, "counted_packets", r->counted_packets);
	count(f, "total_kicks", r->total_kicks);
	count(f, "total_calls", r->total_calls);
	fprintf(f, "\"module\":%s,", r->module ? r->module : "null");
	if (r->buckets) {
		fputs("\"latency_histogram\":[", f);
		for (unsigned int i = 0; i < r->buckets; i++)
			fprintf(f, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", i ? "," : "",
				r->bucket[i].from, r->bucket[i].to, r->bucket[i].count);
		fputs("],", f);
	}
	if (r->counters.named) {
		uint64_t named = 0;

		fputs("\"syscalls\":{", f);
		for (int i = 0; i < CALL_NAMES; i++) {
			count(f, counter_names[i], r->counters.by_name[i]);
			named += r->counters.by_name[i];
		}
		fprintf(f, "\"other\":%" PRIu64 "},", r->counters.total - named);
	}
	fprintf(f, "\"syscalls_total\":%" PRIu64 "}}\n", r->counters.total);
	if (fflush(f) || ferror(f))
		return fail(RC_FAIL, "result: standard output: %s", strerror(errno));
	return RC_OK;
}
