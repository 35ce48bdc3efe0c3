// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gives way. A worker on its guest's processor lets others run without
 * going to sleep, as long as work comes of it; one on another processor goes
 * to sleep. Which it did is what the kernel counts: a task that gives way, or
 * is pushed aside, was switched involuntarily.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define FRAMES 200

/* Involuntary switches of the worker so far, -1 when they cannot be read. */
static long long switches(int tid)
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

/* One frame, and who sent it sleeps until its call; with rest_ms it goes on running for so long. */
static bool frame(struct guest *g, unsigned int rest_ms)
{
	struct ring *q = &g->q[TX];
	uint64_t end;

	desc_set(q, 0, gpa_of(slot(0)), 72, 0, 0);
	event_clear(q->call);
	ring_publish(q, 0);
	ring_kick(q);
	if (rest_ms)
		for (end = now_ns() + rest_ms * 1000000ULL; now_ns() < end;)
			;
	if (!event_wait(q->call, 5000))
		return false;
	q->used_seen = used_idx(q);
	return true;
}

/* How often the worker was switched involuntarily in so many frames; -1: not all came. */
static long long given_way(const char *without, int cpu, unsigned int frames, unsigned int rest_ms)
{
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
	task_pin(worker_tid(), cpu);
	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 60, 1);
	while (done < 20 && frame(&g, 0))
		done++;
	before = switches(worker_tid());
	for (done = 0; done < frames && frame(&g, rest_ms); done++)
		;
	if (done == frames && before >= 0)
		n = switches(worker_tid()) - before;
	task_pin(0, -1);
	guest_stop(&g);
	tap_del(&t);
	return n;
}

/* A child that does nothing on that processor, all the time. */
static pid_t spinner(int cpu)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid) {
		task_pin(0, cpu);
		for (;;)
			;
	}
	return pid;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long long n;
	pid_t busy;

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module's worker always sleeps", "giving way");
		return tap_done();
	}
	n = given_way("none", 0, FRAMES, 0);
	tap_ok(n > FRAMES / 2, "on the guest's processor: gave way %lld times in %d frames", n,
	       FRAMES);
	n = given_way("yield", 0, FRAMES, 0);
	tap_ok(n >= 0 && n < FRAMES / 4, "without=yield: %lld times", n);
	/* Nothing comes while the guest goes on running: once, then every 2nd, 4th, 8th time. */
	n = given_way("none", 0, 100, 8);
	tap_ok(n >= 0 && n < 50, "a guest that goes on running: %lld times in 100 frames", n);
	if (cpus < 2) {
		tap_skip(1, "there is one processor", "on another processor");
		return tap_done();
	}
	busy = spinner(1);
	n = given_way("none", 1, FRAMES, 0);
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	tap_ok(n >= 0 && n < FRAMES / 4, "on another processor, which is busy: %lld times", n);
	return tap_done();
}
