// SPDX-License-Identifier: GPL-2.0-only
/* What a point measured, and its one line of JSON. */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quantile.h"

void result_clear(struct result *r)
{
	memset(r, 0, sizeof(*r));
	r->seconds = r->cost_per_packet = r->syscalls_per_packet = NAN;
	r->kicks_per_packet = r->calls_per_packet = NAN;
	r->latency_p50 = r->latency_p99 = r->latency_p999 = NAN;
	r->window_cost = r->window_idle = r->jain = NAN;
	r->noise_processors = r->noise_machine = NAN;
}

void result_window(struct result *r, const struct window *w, uint64_t n)
{
	r->seconds = window_seconds(w);
	r->window_cost = window_cost(w);
	r->window_idle = window_idle(w);
	r->window_packets = n;
	window_noise(w, &r->noise_processors, &r->noise_machine);
	if (n)
		r->cost_per_packet = r->window_cost / n;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void result_latency(struct result *r, uint64_t *sorted, uint64_t n)
{
	qsort(sorted, n, sizeof(*sorted), compare);
	r->latency_p50 = sorted[quantile_rank(n, 0.5)];
	r->latency_p99 = sorted[quantile_rank(n, 0.99)];
	r->latency_p999 = sorted[quantile_rank(n, 0.999)];
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

/* Which guest had how much: "guests", "jain" and "min_max", smallest by largest. */
static void print_guests(const struct result *r, FILE *f)
{
	uint64_t min = UINT64_MAX, max = 0;

	fputs("\"guests\":{\"packets\":[", f);
	for (unsigned int i = 0; i < r->guests; i++) {
		fprintf(f, "%s%" PRIu64, i ? "," : "", r->guest[i].packets);
		min = r->guest[i].packets < min ? r->guest[i].packets : min;
		max = r->guest[i].packets > max ? r->guest[i].packets : max;
	}
	fputs("],\"lost\":[", f);
	for (unsigned int i = 0; i < r->guests; i++)
		fprintf(f, "%s%" PRIu64, i ? "," : "", r->guest[i].lost);
	fputs("]},", f);
	number(f, "jain", r->jain);
	number(f, "min_max", max ? (double)min / max : NAN);
}

/* "cpus": the processors of each role. */
static void print_cpus(const struct result *r, FILE *f)
{
	char all[400];

	cpus_text(&r->cpus, all, sizeof(all));
	fputs("\"cpus\":{", f);
	for (int role = 0; role < CPU_ROLES; role++) {
		fprintf(f, "%s\"%s\":[", role ? "," : "", cpu_role_names[role]);
		if (r->spread)
			fputs(all, f);
		else
			fprintf(f, "%d", cpus_of(&r->cpus, r->closed ? CPU_SERVER : role));
		fputc(']', f);
	}
	fputs("},", f);
}

/* "noise": work of others, null where no cost was measured. */
static void print_noise(const struct result *r, FILE *f)
{
	if (isnan(r->noise_processors)) {
		fputs("\"noise\":null,", f);
		return;
	}
	fprintf(f, "\"noise\":{\"processors\":%.6f,\"machine\":%.6f},", r->noise_processors,
		r->noise_machine);
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

	if (r->cpus.count)
		print_noise(r, f);
	if (r->pmu)
		fprintf(f, "\"pmu\":%s,", r->pmu);
	fputs("\"detail\":{", f);
	if (r->cpus.count)
		print_cpus(r, f);
	if (r->pmu_absent)
		fprintf(f, "\"pmu_absent\":\"%s\",", r->pmu_absent);
	count(f, "offered", r->offered);
	count(f, "misordered", r->misordered);
	count(f, "wakeups", r->wakeups);
	count(f, "harness_drops", r->harness_drops);
	count(f, "tap_dropped", r->tap_dropped);
	count(f, "late", r->late);
	if (r->log_pages)
		count(f, "log_pages", r->log_pages);
	count(f, "window_packets", r->window_packets);
	number(f, "window_cost", r->window_cost);
	number(f, "window_idle", r->window_idle);
	count(f, "serving_tasks", r->serving_tasks);
	fprintf(f, "\"serving_tasks_shared\":%s,", r->shared_tasks ? "true" : "false");
	fprintf(f, "\"policy\":\"%s\",", r->policy);
	count(f, "counted_packets", r->counted_packets);
	count(f, "total_kicks", r->total_kicks);
	count(f, "total_calls", r->total_calls);
	fprintf(f, "\"module\":%s,", r->module ? r->module : "null");
	if (r->guests)
		print_guests(r, f);
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
