// SPDX-License-Identifier: GPL-2.0-only
/*
 * result: one object of the result contract, from what the two passes over the
 * guests gave: the window of the measured pass, that of the counted one, and a
 * line per guest with the output of its tool and its counters before and after.
 *
 *   result --server S --workload W --direction in|out|both MEASURED COUNTED EACH
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../stats/sample.h"

struct question {
	const char *server, *workload, *direction;
	json_t *measured, *counted, *each;
};

static double real(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	/* What is a whole number is printed as one. */
	if (value == trunc(value) && fabs(value) < 1e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

/* null where nothing was counted, which is not 0. */
static json_t *per(const json_t *value, const json_t *packets)
{
	if (!json_is_number(value) || json_number_value(packets) <= 0)
		return json_null();
	return number(json_number_value(value) / json_number_value(packets));
}

/* All calls of these threads, null where none of them was counted. */
static json_t *calls_of(const struct question *q, const char *const roles[2])
{
	const json_t *threads = json_object_get(q->counted, "threads");
	bool found = false;
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		json_t *thread = roles[i] ? json_object_get(threads, roles[i]) : NULL, *count;
		const char *name;

		if (!json_is_object(thread))
			continue;
		found = true;
		json_object_foreach(json_object_get(thread, "syscalls"), name, count)
			sum += json_number_value(count);
	}
	return found ? number(sum) : json_null();
}

static json_t *serving_calls(const struct question *q)
{
	static const char *const qemu[] = { "main", "other" }, *const user[] = { "server", NULL },
				 *const module[] = { "worker", NULL };

	if (!strcmp(q->server, "userspace"))
		return calls_of(q, qemu);
	return calls_of(q, strcmp(q->server, "vhostuser") ? module : user);
}

static json_t *calls_per_packet(const struct question *q, json_t *calls)
{
	json_t *share = per(calls, json_object_get(q->counted, "packets"));

	json_decref(calls);
	return share;
}

static double sum_of(const json_t *array, const char *name, bool *found)
{
	const json_t *one;
	double sum = 0;
	size_t i;

	json_array_foreach(array, i, one) {
		json_t *value = json_object_get(one, name);

		if (json_is_number(value) && found)
			*found = true;
		sum += json_number_value(value);
	}
	return sum;
}

/* The median over the guests of a percentile; of a guest that gives its trips, by rank. */
static json_t *latency(const struct question *q, double share, const char *key)
{
	struct sample all = { 0 };
	const json_t *one;
	json_t *answer;
	size_t i;

	all.value = checked(calloc(json_array_size(q->each) + 1, sizeof(double)));
	json_array_foreach(q->each, i, one) {
		json_t *said = json_object_get(one, "latency");
		double *trips, *sorted;
		int n = json_array_size(said), rank = ceil(n * share);

		if (json_is_object(said) && json_is_number(json_object_get(said, key)))
			all.value[all.count++] = real(said, key);
		if (!json_is_array(said) || !n)
			continue;
		trips = checked(calloc(n, sizeof(double)));
		for (int k = 0; k < n; k++)
			trips[k] = json_number_value(json_array_get(said, k));
		sorted = sorted_copy(trips, n);
		all.value[all.count++] = sorted[rank > 1 ? rank - 1 : 0];
		free(sorted);
		free(trips);
	}
	answer = all.count ? number(summarise(&all).median) : json_null();
	free(all.value);
	return answer;
}

static double crossed(const json_t *one, const char *side, const char *name)
{
	const json_t *after = json_object_get(json_object_get(one, "after"), side);
	const json_t *before = json_object_get(json_object_get(one, "before"), side);

	return real(after, name) - real(before, name);
}

/* Frames one side handed over and the other did not get, at rest, while the pass lasted. */
static double gone(const struct question *q)
{
	const json_t *one;
	double sum = 0;
	size_t i;

	json_array_foreach(q->each, i, one)
		sum += fmax(0, crossed(one, "guest", "out") - crossed(one, "tap", "out") +
				       crossed(one, "guest", "out_dropped") +
				       crossed(one, "tap", "in") - crossed(one, "guest", "in"));
	return sum;
}

/* A tool knows what did not reach its far end in the whole pass; the window has its share. */
static double lost(const struct question *q, double dropped)
{
	double sent = sum_of(q->each, "sent", NULL), gone_there = sum_of(q->each, "lost", NULL);
	double packets = real(q->measured, "packets");

	if (sent <= 0)
		return dropped + gone(q);
	return sent > gone_there ? round(packets * gone_there / (sent - gone_there)) : gone_there;
}

static int headers_of(const char *workload)
{
	if (!strcmp(workload, "ping") || !strcmp(workload, "udp_rr") || !strcmp(workload, "tcp_rr"))
		return 0;
	return strcmp(workload, "tcp_tx") && strcmp(workload, "tcp_rx") ? 42 : 66;
}

static json_t *bits_per_second(const struct question *q, const char *way)
{
	int headers = headers_of(q->workload);
	const json_t *tap;
	char *bytes;
	double bits = 0;
	size_t i;

	if (asprintf(&bytes, "%s_bytes", way) < 0)
		checked(NULL);
	json_array_foreach(json_object_get(q->measured, "taps"), i, tap)
		bits += (real(tap, bytes) - real(tap, way) * headers) * 8;
	free(bytes);
	return number(bits / real(q->measured, "seconds"));
}

static json_t *packets_each(const struct question *q, const char *way)
{
	json_t *all = json_array();
	const json_t *tap;
	size_t i;

	json_array_foreach(json_object_get(q->measured, "taps"), i, tap)
		json_array_append_new(all, number(strcmp(q->direction, "both")
							  ? real(tap, way)
							  : real(tap, "in") + real(tap, "out")));
	return all;
}

/* The threads of the measured pass, with the calls that were counted in the other. */
static json_t *threads_of(const struct question *q)
{
	const json_t *counted = json_object_get(q->counted, "threads");
	json_t *threads = json_object(), *one;
	const char *role;

	json_object_foreach(json_object_get(q->measured, "threads"), role, one) {
		json_t *calls = json_object_get(json_object_get(counted, role), "syscalls");
		json_t *copy = json_copy(one);

		json_object_set_new(copy, "syscalls", calls ? json_incref(calls) : json_null());
		json_object_set_new(threads, role, copy);
	}
	return threads;
}

static json_t *or_null(json_t *value)
{
	return value ? json_incref(value) : json_null();
}

static json_t *detail(const struct question *q, double dropped)
{
	static const char *const qemu[] = { "main", "other" };
	const char *way = strcmp(q->direction, "in") ? "out" : "in";
	double packets = real(q->measured, "packets"), seconds = real(q->measured, "seconds");
	bool trips = !headers_of(q->workload), any_sent = false, any_lost = false;
	double sent = sum_of(q->each, "sent", &any_sent);
	double gone_there = sum_of(q->each, "lost", &any_lost);
	json_t *d = json_object(), *run = json_object();
	const json_t *one;
	size_t i;

	json_object_set_new(d, "bits_per_second", trips ? json_null() : bits_per_second(q, way));
	json_object_set_new(d, "transactions_per_second",
			    trips ? number(packets / 2 / seconds) : json_null());
	json_object_set_new(d, "threads", threads_of(q));
	json_object_set_new(d, "counted_packets", or_null(json_object_get(q->counted, "packets")));
	json_object_set_new(d, "counted_seconds", or_null(json_object_get(q->counted, "seconds")));
	json_object_set_new(d, "kvm_exits", or_null(json_object_get(q->counted, "kvm_exits")));
	json_object_set_new(d, "main_syscalls_per_packet", calls_per_packet(q, calls_of(q, qemu)));
	json_object_set_new(d, "tap_dropped", number(dropped));
	json_object_set_new(run, "sent", any_sent ? number(sent) : json_null());
	json_object_set_new(run, "lost", any_lost ? number(gone_there) : json_null());
	json_object_set_new(d, "run", run);
	json_object_set_new(d, "packets_each", packets_each(q, way));
	/* What else a tool printed. */
	json_array_foreach(q->each, i, one)
		json_object_update(d, json_object_get(one, "more"));
	return d;
}

/* What there is only on a machine whose processors were named. */
static void named_processors(const struct question *q, json_t *r)
{
	static const char *const top[] = { "noise", "pmu" }, *const below[] = { "cpus",
										"pmu_absent" };

	for (int i = 0; i < 2; i++) {
		json_t *value = json_object_get(q->measured, top[i]);

		if (value)
			json_object_set(r, top[i], value);
		value = json_object_get(q->measured, below[i]);
		if (value)
			json_object_set(json_object_get(r, "detail"), below[i], value);
	}
}

static json_t *result(const struct question *q)
{
	json_t *packets = json_object_get(q->measured, "packets");
	json_t *counted = json_object_get(q->counted, "packets");
	double dropped = sum_of(json_object_get(q->measured, "taps"), "in_dropped", NULL);
	json_t *r = json_object();

	json_object_set_new(r, "packets", or_null(packets));
	json_object_set_new(r, "lost", number(lost(q, dropped)));
	json_object_set_new(r, "corrupt", json_null());
	json_object_set_new(r, "seconds", or_null(json_object_get(q->measured, "seconds")));
	json_object_set_new(r, "cost_per_packet",
			    per(json_object_get(q->measured, "cpu_ns"), packets));
	json_object_set_new(r, "syscalls_per_packet", calls_per_packet(q, serving_calls(q)));
	json_object_set_new(r, "kicks_per_packet",
			    per(json_object_get(q->counted, "kicks"), counted));
	json_object_set_new(r, "calls_per_packet",
			    per(json_object_get(q->counted, "msis"), counted));
	json_object_set_new(r, "latency_p50", latency(q, 0.5, "p50"));
	json_object_set_new(r, "latency_p99", latency(q, 0.99, "p99"));
	json_object_set_new(r, "latency_p999", latency(q, 0.999, "p999"));
	json_object_set_new(r, "detail", detail(q, dropped));
	named_processors(q, r);
	return r;
}

/* All objects of a file, in an array; NULL after a line on stderr. */
static json_t *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	json_t *all = json_array(), *one;
	json_error_t error;

	while (file && (one = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error)))
		json_array_append_new(all, one);
	if (!file || !feof(file) || !json_array_size(all)) {
		fprintf(stderr, "vhostlab: result: %s: it is not what a pass writes\n", path);
		return NULL;
	}
	fclose(file);
	return all;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "server", 1, NULL, 's' },
						 { "workload", 1, NULL, 'w' },
						 { "direction", 1, NULL, 'd' },
						 { NULL } };
	struct question q = { 0 };
	json_t *measured, *counted;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			q.server = optarg;
			break;
		case 'w':
			q.workload = optarg;
			break;
		case 'd':
			q.direction = optarg;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 3 || !q.server || !q.workload || !q.direction) {
		fputs("vhostlab: result: usage: see result.c\n", stderr);
		return 2;
	}
	measured = read_all(argv[optind]);
	counted = read_all(argv[optind + 1]);
	q.each = read_all(argv[optind + 2]);
	if (!measured || !counted || !q.each)
		return 1;
	q.measured = json_array_get(measured, 0);
	q.counted = json_array_get(counted, 0);
	if (json_dumpf(result(&q), stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) ||
	    putchar('\n') == EOF || fflush(stdout))
		return 1;
	return 0;
}
