// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver and server on their processors: see pair.h. The driver's thread starts everything and
 * takes the time; a second thread waits for kicks and runs the server's queues, or with cores=turns
 * the driver's thread does that itself while it waits.
 */
#define _GNU_SOURCE
#include "pair.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "counting.h"
#include "lib/tasks.h"
#include "machine.h"
#include "place.h"
#include "setup.h"
#include "rig_tap.h"
#include "ticks.h"

/* Frames of a window, in whole bursts; round trips of one. Long against reading the time. */
#define WINDOW_FRAMES 4096
#define WINDOW_TRIPS  128
/* Before the first window: a share of all frames, for caches, branch predictors and frequency. */
#define WARM_SHARE 4

static const struct rig_server *server;
static struct driver driver;
static uint64_t kicks_seen[RIG_QUEUES];
static enum rig_run state[RIG_QUEUES];
static bool receives, timed;
static uint64_t busy; /* ticks in runs */
static int stop;

/* One look at all queues. False: there was nothing to do. */
static bool serve(void)
{
	bool did = false;

	for (int q = RIG_TX; q >= 0; q--) {
		bool wake = doorbell_heard(&driver.kick[q], &kicks_seen[q]);
		bool clock = __atomic_load_n(&timed, __ATOMIC_RELAXED);
		uint64_t from;

		wake |= state[q] == RIG_AGAIN;
		wake |= q == RIG_RX && receives && state[q] == RIG_IDLE && tap_ready();
		if (!wake)
			continue;
		from = clock ? __rdtsc() : 0;
		state[q] = server->run(q);
		if (clock)
			busy += __rdtsc() - from;
		did = true;
	}
	return did;
}

static void *serving(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		if (!serve())
			_mm_pause();
	return NULL;
}

static void wait_turn(void)
{
	serve();
}

static void wait_pause(void)
{
	_mm_pause();
}

/* In turns the server has its turn after each burst that it was told of. */
static int send_burst(const struct options *o, unsigned int frames)
{
	uint64_t kicks = driver.kicks;
	int rc = driver_send(&driver, frames);

	if (!rc && o->cores == CORES_TURNS && driver.kicks != kicks)
		while (serve())
			;
	return rc;
}

static int trip(const struct options *o)
{
	int rc = send_burst(o, 1);

	rc = rc ? rc : driver_receive(&driver, 1);
	/* The buffer that was sent is used by then: the answer came after it. */
	return rc;
}

/* So many frames of the workload, a multiple of the burst. */
static int frames(const struct options *o, uint64_t n)
{
	int rc = RC_OK;

	watch_progress++;
	if (o->workload == WORK_RX)
		return driver_receive(&driver, n);
	for (uint64_t at = 0; !rc && at < n; at += o->burst) {
		rc = o->workload == WORK_RR ? trip(o) : send_burst(o, o->burst);
		if (!rc && o->workload == WORK_TX)
			rc = driver_settle(&driver);
	}
	return rc;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The measured pass: one window after the other. */
static int measure(const struct options *o, struct pair_result *r, uint64_t per_window)
{
	struct ticks t;
	uint64_t last, now;
	int rc = RC_OK;

	r->window = calloc(r->windows, sizeof(*r->window));
	if (!r->window)
		return fail(RC_FAIL, "out of memory: windows: ask for fewer packets");
	ticks_begin(&t);
	last = ticks_now();
	for (unsigned int i = 0; !rc && i < r->windows; i++) {
		rc = frames(o, per_window);
		now = ticks_now();
		r->window[i] = now - last;
		last = now;
	}
	ticks_end(&t);
	r->ghz = ticks_ghz(&t);
	for (unsigned int i = 0; i < r->windows; i++) {
		r->window[i] *= t.ns;
		r->seconds += r->window[i] / 1e9;
		r->window[i] /= per_window;
	}
	qsort(r->window, r->windows, sizeof(*r->window), by_size);
	return rc;
}

/* A pass of its own in which each side's time without waits is taken, which costs time itself. */
static int measure_busy(const struct options *o, struct pair_result *r, uint64_t n)
{
	struct ticks t;
	uint64_t from, all;
	int rc;

	__atomic_store_n(&timed, true, __ATOMIC_RELEASE);
	driver.timed = true;
	ticks_begin(&t);
	from = ticks_now();
	rc = frames(o, n);
	all = ticks_now() - from;
	ticks_end(&t);
	r->driver_busy = (all - driver.waited) * t.ns / n;
	r->server_busy = __atomic_load_n(&busy, __ATOMIC_RELAXED) * t.ns / n;
	return rc;
}

static void count(const struct options *o, struct pair_result *r, uint64_t offered)
{
	uint64_t sent, corrupt, packets, dropped;
	unsigned int q = o->workload == WORK_RX ? RIG_RX : RIG_TX;

	tap_counts(&sent, &corrupt);
	server->counts(q, &packets, &dropped);
	r->packets = q == RIG_RX ? driver.received : sent;
	if (o->workload == WORK_RR && driver.received < r->packets)
		r->packets = driver.received;
	r->lost = offered > r->packets ? offered - r->packets : 0;
	r->lost = r->lost < dropped ? dropped : r->lost;
	r->corrupt = corrupt + driver.corrupt;
	r->misordered = driver.misordered;
	r->kicks = driver.kicks;
	for (int i = 0; i < RIG_QUEUES; i++)
		r->calls += driver.call[i].rung;
}

/* Where the two processors are to each other: a hypervisor may move them at any time. */
static int line_way(const struct options *o, struct pair_result *r, int behind)
{
	cpu_set_t allowed;
	int rc;

	if (o->cores == CORES_TURNS)
		return RC_OK;
	if (behind)
		return machine_line(r->cpu, &r->line[1]);
	/* The pair is chosen again for the passes, from the same processors. */
	sched_getaffinity(0, sizeof(allowed), &allowed);
	rc = place_pair(o->cores, r->cpu, NULL);
	rc = rc ? rc : machine_line(r->cpu, &r->line[0]);
	sched_setaffinity(0, sizeof(allowed), &allowed);
	return rc;
}

static int passes(const struct options *o, struct pair_result *r)
{
	uint64_t per_window = o->workload == WORK_RR ? WINDOW_TRIPS : WINDOW_FRAMES;
	uint64_t warm, last, offered;
	int rc;

	per_window = (per_window + o->burst - 1) / o->burst * o->burst;
	r->windows = (o->packets + per_window - 1) / per_window;
	warm = (r->windows / WARM_SHARE + 1) * per_window;
	last = o->cores == CORES_TURNS ? 0 : warm;
	offered = r->windows * per_window + warm + last;
	rc = setup_server(server, o, &driver, offered);
	if (rc)
		return rc;
	rc = line_way(o, r, 0);
	rc = rc ? rc : place_pair(o->cores, r->cpu, o->cores == CORES_TURNS ? NULL : serving);
	rc = rc ? rc : frames(o, warm);
	rc = rc ? rc : measure(o, r, per_window);
	if (!rc && last)
		rc = measure_busy(o, r, last);
	if (!rc && o->workload != WORK_RX)
		rc = driver_settle(&driver);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	place_join();
	if (!rc)
		count(o, r, offered);
	rc = rc ? rc : line_way(o, r, 1);
	server->close();
	return rc;
}

static uint64_t calls_sent(void)
{
	return driver.call[RIG_RX].rung + driver.call[RIG_TX].rung;
}

/* Packets that the server has served; beside its own thread a value of a moment. */
static uint64_t served(const struct options *o)
{
	uint64_t packets, dropped;

	server->counts(o->workload == WORK_RX ? RIG_RX : RIG_TX, &packets, &dropped);
	return packets;
}

static void *serving_counted(void *arg)
{
	counting_await();
	counting_side(1);
	return serving(arg);
}

/* In place of all passes: one that is counted (counting.h), behind one that fills the caches. */
static int passes_counted(const struct options *o, struct pair_result *r)
{
	bool turns = o->cores == CORES_TURNS;
	uint64_t n = (o->packets + o->burst - 1) / o->burst * o->burst;
	uint64_t warm = (n + 2 * o->ring) / o->burst * o->burst, kicks, calls, done;
	int rc;

	if (turns)
		server = counting_server(server);
	counting_places(&driver, turns ? 1 : 2);
	rc = setup_server(server, o, &driver, warm + n);
	rc = rc ? rc : place_pair(o->cores, r->cpu, turns ? NULL : serving_counted);
	if (rc)
		return rc;
	counting_side(0);
	counting_phase(COUNTED_WARM);
	rc = frames(o, warm);
	kicks = driver.kicks;
	calls = calls_sent();
	done = served(o);
	counting_phase(COUNTED_ON);
	rc = rc ? rc : frames(o, n);
	done = served(o) - done;
	/* From then on the sides take no turns: a call may come at any time. */
	kicks = driver.kicks - kicks;
	calls = calls_sent() - calls;
	counting_phase(COUNTED_DONE);
	counting_result(n, done, kicks, calls);
	if (!rc && o->workload != WORK_RX)
		rc = driver_settle(&driver);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	place_join();
	r->windows = 1;
	r->window = calloc(1, sizeof(*r->window));
	if (!rc)
		count(o, r, warm + n);
	server->close();
	return r->window ? rc : RC_FAIL;
}

int pair_run(const struct options *o, struct pair_result *r)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->driver_busy = r->server_busy = r->line[0] = r->line[1] = NAN;
	server = o->server == SERVER_INTREE ? &rig_intree : &rig_vhostlab;
	receives = o->workload == WORK_RX || o->workload == WORK_RR;
	rc = driver_open(&driver, o);
	driver.wait = o->cores == CORES_TURNS ? wait_turn : wait_pause;
	if (!rc)
		rc = counting_open() ? passes_counted(o, r) : passes(o, r);
	if (rc && watch_stop)
		watch_complain(workload_name(o->workload));
	tap_end();
	driver_close(&driver);
	return rc;
}
