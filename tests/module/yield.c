// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker on its guest's processor yields instead of going to sleep, as long as
 * that brings work; one on another processor goes to sleep. The kernel's counters
 * show which: a task that yields, or is preempted, is switched involuntarily.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define BURSTS 200
#define BURST  64 /* frames */
/*
 * A worker that a favoured process keeps from its processor has its turn after
 * seconds where the machine below is busy, too.
 */
#define PATIENCE 30000 /* ms */

static int worker[16], n_workers;

/* Involuntary switches of a thread so far, -1 when they cannot be read. */
static long long switches_of(int tid)
{
	char path[64], line[128];
	long long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "nonvoluntary_ctxt_switches: %lld", &n);
	if (f)
		fclose(f);
	return n;
}

/* The same of all that serve the device: with worker=queue or shared they are several. */
static long long switches(void)
{
	long long n, sum = 0;

	for (int i = 0; i < n_workers; i++) {
		n = switches_of(worker[i]);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

/*
 * A burst, whose sender sleeps until its call; with rest_ms it goes on running for so long. The
 * worker has more to do for it than the guest, so the scheduler does not think it has to catch up.
 */
static bool burst(struct guest *g, unsigned int rest_ms)
{
	struct ring *q = &g->q[TX];
	uint64_t end;

	event_clear(q->call);
	for (unsigned int i = 0; i < BURST; i++)
		ring_publish(q, i);
	ring_kick(q);
	if (rest_ms)
		for (end = now_ns() + rest_ms * 1000000ULL; now_ns() < end;)
			;
	while ((uint16_t)(used_idx(q) - q->used_seen) < BURST) {
		if (!event_wait(q->call, PATIENCE))
			return false;
		event_clear(q->call);
	}
	q->used_seen += BURST;
	return true;
}

/* How often the worker was switched involuntarily in so many bursts; -1: not all came. */
static long long given_way(const char *without, int cpu, unsigned int bursts, unsigned int rest_ms)
{
	struct sched_param param = {};
	long long before, n = -1;
	unsigned int done = 0;
	struct guest g;
	struct tap t;

	knob("without", without);
	guest_start(&g, F_V1, 256);
	knob("without", "none");
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	task_pin(0, 0);
	n_workers = serving_threads(worker, sizeof(worker) / sizeof(*worker));
	workers_pin(cpu);
	/* Neither preempts the other when woken: they take turns. */
	for (int i = -1; i < n_workers; i++)
		if (sched_setscheduler(i < 0 ? 0 : worker[i], SCHED_BATCH, &param))
			tap_bail("SCHED_BATCH: %s", strerror(errno));
	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 60, 1);
	for (unsigned int i = 0; i < BURST; i++)
		desc_set(&g.q[TX], i, gpa_of(slot(0)), g.hdr_len + 60, 0, 0);
	while (done < bursts && done < 50 && burst(&g, 0))
		done++;
	before = switches();
	for (done = 0; done < bursts && burst(&g, rest_ms); done++)
		;
	if (done == bursts && before >= 0)
		n = switches() - before;
	sched_setscheduler(0, SCHED_OTHER, &param);
	task_pin(0, -1);
	guest_stop(&g);
	tap_del(&t);
	return n;
}

/* A child that does nothing on that processor, all the time, and that the scheduler favours. */
static pid_t spinner(int cpu)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid) {
		task_pin(0, cpu);
		if (setpriority(PRIO_PROCESS, 0, -20))
			_exit(1);
		for (;;)
			;
	}
	return pid;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long long n, gave, pushed;
	pid_t busy;

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module's worker always sleeps", "giving way");
		return tap_done();
	}
	if (worker_is("workqueue")) {
		tap_skip(1, "worker=workqueue: a work item ends instead", "giving way");
		return tap_done();
	}
	if (worker_is("caller")) {
		tap_skip(1, "worker=caller: the guest runs the queue itself", "giving way");
		return tap_done();
	}
	gave = given_way("none", 0, BURSTS, 0);
	/* Every time, or, where a scheduler has virtual deadlines, every second time: compat.h. */
	tap_ok(gave > BURSTS / 3, "on the guest's processor: gave way %lld times in %d bursts",
	       gave, BURSTS);
	n = given_way("yield", 0, BURSTS, 0);
	/* In a kernel that is slow enough a burst lasts longer than a turn, with it or without. */
	tap_ok(n >= 0 && n + BURSTS / 6 < gave, "without=yield: %lld times", n);
	/* Nothing comes while the guest goes on running: once, then every 2nd, 4th, 8th time. */
	n = given_way("none", 0, 100, 8);
	tap_ok(n >= 0 && n < 50, "a guest that goes on running: %lld times in 100 bursts", n);
	if (cpus < 2) {
		tap_skip(1, "there is one processor", "on another processor");
		return tap_done();
	}
	busy = spinner(1);
	n = given_way("none", 1, 20, 0);
	pushed = given_way("yield", 1, 20, 0);
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	/* The favoured task preempts the worker in the middle of a burst now and then. */
	tap_ok(n >= 0 && pushed >= 0 && n < pushed + 8,
	       "on another processor, which is busy: %lld times in 20 bursts, %lld with "
	       "without=yield",
	       n, pushed);
	return tap_done();
}
