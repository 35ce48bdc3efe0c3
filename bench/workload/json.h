/* SPDX-License-Identifier: GPL-2.0-only */
/* What a point measured, and its one line of JSON. */
#ifndef VL_JSON_H
#define VL_JSON_H

#include "lib/buckets.h"
#include "lib/clock.h"
#include "probe/counters.h"

/* Buckets of round trips that are not empty. */
#define BUCKETS_MAX 1024

/* Any figure that does not apply is NAN and printed as null. */
struct result {
	uint64_t packets, lost, corrupt;
	double seconds, cost_per_packet;
	double syscalls_per_packet, kicks_per_packet, calls_per_packet;
	double latency_p50, latency_p99, latency_p999;

	/* detail */
	uint64_t offered, misordered, wakeups, harness_drops;
	uint64_t total_kicks, total_calls; /* of the guest, all phases */
	const char *module; /* the module's counters, JSON, or NULL */
	uint64_t counted_packets; /* of the count phase */
	struct counters counters;
	unsigned int serving_tasks;
	bool shared_tasks;
	const char *policy; /* how guest and server were scheduled: other or batch */
	double window_cost, window_idle;
	uint64_t window_packets;
	uint64_t late; /* requests that could not be sent when they were due */
	uint64_t tap_dropped; /* towards the guest, queue full */
	uint64_t log_pages; /* marked in the dirty log, 0 without one */
	struct bucket bucket[BUCKETS_MAX]; /* those that are not empty */
	unsigned int buckets;

	/* With named processors (options.h); count 0: none of this is printed. */
	struct cpus cpus;
	bool spread; /* all tasks run on any of them */
	bool closed; /* guest and far end share the server's processor */
	const char *pmu; /* the hardware counters, JSON, or NULL */
	const char *pmu_absent; /* why there are none, or NULL */
	double noise_processors, noise_machine; /* as window_noise() */

	/* With several guests: what each had of it, and how evenly that was spread. */
	unsigned int guests;
	struct {
		uint64_t packets, lost;
	} guest[GUESTS_MAX];
	double jain; /* Jain's index: 1 when all have the same, 1 / n when one has it all */
};

void result_clear(struct result *r);

/* Takes cost and seconds from the window, in which n packets were delivered. */
void result_window(struct result *r, const struct window *w, uint64_t n);

/* Percentiles and buckets of the durations of n round trips; sorts them. */
void result_latency(struct result *r, uint64_t *trips, uint64_t n);

/* Prints the object and a newline on f; RC_FAIL when it cannot be written. */
int result_print(const struct result *r, FILE *f);

#endif
