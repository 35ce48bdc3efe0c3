// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy polling that adapts (poll_adapt): it stops where it finds nothing, comes
 * back with the work, and yields the processor to any task that needs it. And polling
 * for two queues: a poll that other work of the worker interrupts goes on after
 * that. Would fail if: a queue with little to do were polled on, one that was
 * given up stayed so, a poll held up the guest whose work it waits for, a guest
 * that answers what it receives had to kick, or a poll never ended.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define PATIENCE 5000 /* ms */

static struct guest g;
static struct tap t;

/* This process on processor 0 and the device's worker on that one; -1: wherever they like. */
static void places(int worker_cpu)
{
	workers_pin(worker_cpu);
	task_pin(0, worker_cpu < 0 ? -1 : 0);
}

static void begin(const char *poll_us, const char *adapt, int worker_cpu)
{
	knob("poll_us", poll_us);
	knob("poll_adapt", adapt);
	guest_start(&g, F_V1, 256);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	places(worker_cpu);
	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 60, 1);
}

static void end(void)
{
	places(-1);
	guest_stop(&g);
	tap_del(&t);
	knob("poll_us", "0");
	knob("poll_adapt", "0");
}

/*
 * A poll ends when another task needs the processor, and costs a kick then. The
 * module counts how often; all other checks of polls leave them
 * out.
 */
static long long yields(void)
{
	return stat_of("tx", "poll_yields");
}

/* Sends a frame and waits for its buffer, as a driver does it: a kick only when one is wanted. */
static bool frame_of(struct guest *guest, unsigned int *kicks)
{
	struct ring *q = &guest->q[TX];
	uint16_t old = q->avail_idx;
	uint64_t until = now_ns() + PATIENCE * 1000000ULL;
	struct vring_used_elem e;

	desc_set(q, 0, gpa_of(slot(0)), guest->hdr_len + 60, 0, 0);
	ring_publish(q, 0);
	if (ring_wants_kick(q, old)) {
		ring_kick(q);
		++*kicks;
	}
	while (!ring_take(q, &e))
		if (now_ns() > until)
			return false;
	return true;
}

static bool frame(unsigned int *kicks)
{
	return frame_of(&g, kicks);
}

/* So many frames, as far apart as that. Returns how many went out. */
static unsigned int frames(unsigned int n, int gap_ms, unsigned int *kicks)
{
	unsigned int done = 0;

	for (*kicks = 0; n--; done++) {
		sleep_ms(gap_ms);
		if (!frame(kicks))
			break;
	}
	return done;
}

/* Work that is far apart, and then work that is not. */
static void comes_and_goes(void)
{
	long long polls, skips, hits, gave;
	unsigned int kicks;

	begin("500", "0", 1);
	tap_is(frames(30, 10, &kicks), 30, "not adaptive: 30 frames, 10 ms apart");
	polls = stat_of("tx", "polls");
	tap_ok(polls >= 30, "each time the ring was empty it was polled: %lld times", polls);
	tap_is(stat_of("tx", "poll_skips"), 0, "never was it left out");
	end();

	begin("500", "1", 1);
	tap_is(frames(60, 10, &kicks), 60, "adaptive: 60 frames, 10 ms apart");
	polls = stat_of("tx", "polls");
	skips = stat_of("tx", "poll_skips");
	/*
	 * One that another task ended says nothing about the work; and a worker
	 * that a busy host keeps from going to sleep takes the next wait for short.
	 */
	gave = yields();
	tap_ok(polls > 0 && polls < 30 + gave, "it was soon left out: %lld polls, %lld yields",
	       polls, gave);
	tap_ok(skips >= 30 - gave, "for the rest of them: %lld times", skips);

	/* The same queue, whose work now comes within the time: the client may set that. */
	tap_err(ring_state(&g.q[TX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 50000), 0,
		"SET_VRING_BUSYLOOP_TIMEOUT: 50 ms");
	hits = stat_of("tx", "poll_hits");
	gave = yields();
	tap_is(frames(100, 2, &kicks), 100, "100 frames, 2 ms apart");
	hits = stat_of("tx", "poll_hits") - hits;
	gave = yields() - gave;
	tap_ok(hits >= 60 - gave, "polls find the work again: %lld times, %lld yields", hits, gave);
	tap_ok(kicks <= 40 + gave, "and spare the kicks: there were %u", kicks);
	end();
}

static bool kicks_waived(struct ring *q)
{
	return __atomic_load_n(&q->used->flags, __ATOMIC_ACQUIRE) & VRING_USED_F_NO_NOTIFY;
}

/* Work that comes soon, but only when no thread polls: after each sleep one frame. */
static void hindered(void)
{
	struct ring *q = &g.q[TX];
	unsigned int kicks = 0, done = 0;
	long long polls;

	begin("20000", "1", 1);
	for (; done < 400; done++) {
		uint64_t until = now_ns() + PATIENCE * 1000000ULL;

		/* Kicks are asked for as soon as there is no poll. */
		while (kicks_waived(q) && now_ns() < until)
			;
		/* Not while the device looks again, or the kick would end the next poll. */
		sleep_ms(1);
		if (!frame(&kicks))
			break;
	}
	/* One that another task ended says nothing about the work. */
	polls = stat_of("tx", "polls") - yields();
	tap_is(done, 400, "400 frames, each when the queue is not polled");
	tap_ok(polls < 80, "attempts become rare: %lld polls to their end", polls);
	end();
}

/* So many round trips, a frame out and one back, so far apart each. Returns how many there were. */
static unsigned int trips(unsigned int n, int gap_ms, unsigned int *kicks)
{
	unsigned int done = 0;

	for (*kicks = 0; done < n; done++) {
		sleep_ms(gap_ms);
		if (!frame(kicks))
			break;
		sleep_ms(gap_ms);
		if (!rx_one(&g, t.far, done + 1, 60))
			break;
	}
	return done;
}

/* What the guest receives is work of the same worker, but no reason to ask for kicks. */
static void answers(void)
{
	unsigned int kicks;
	long long ran, gave;

	begin("50000", "0", 1);
	tap_is(trips(200, 0, &kicks), 200, "200 round trips, polls of 50 ms");
	gave = yields();
	tap_ok(kicks <= 20 + gave,
	       "the poll for what is sent outlasts what is received: %u kicks, %lld yields", kicks,
	       gave);
	tap_ok(stat_of("tx", "polls") >= 150, "each frame ended a poll: %lld polls",
	       stat_of("tx", "polls"));
	tap_ok(stat_of("tx", "poll_hits") >= 150 - gave, "that found it: %lld",
	       stat_of("tx", "poll_hits"));

	tap_is(trips(20, 30, &kicks), 20, "20 round trips that take 60 ms each");
	gave = yields() - gave;
	if (worker_is("queue"))
		tap_skip(1, "worker=queue: another thread receives, and polls by itself",
			 "what is received makes the poll begin again");
	else
		tap_ok(kicks <= 10 + gave,
		       "what is received makes the poll begin again: %u kicks, %lld yields", kicks,
		       gave);

	sleep_ms(200);
	tap_ok(!kicks_waived(&g.q[TX]), "it ends: kicks are asked for again");
	ran = worker_cpu_over(200, 10);
	tap_ok(ran < 20000000, "and the worker sleeps: it ran %lld us in 200 ms", ran / 1000);
	end();
}

/* Two guests whose queues one worker polls in turn, each of which sends within the time. */
static void in_turn(void)
{
	unsigned int done = 0, kicks = 0;
	long long gave;
	struct guest h;
	struct tap u;

	/* Long against the 20 ms, so that a busy host does not let a poll run out. */
	knob("worker", "workqueue");
	knob("poll_us", "300000");
	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	guest_start(&h, F_V1, 256);
	tap_new(&u, "vl1", h.hdr_len);
	guest_backend(&h, u.fd);
	for (; done < 40; done++) {
		if (!frame_of(&g, &kicks) || !frame_of(&h, &kicks))
			break;
		sleep_ms(20);
	}
	tap_is(done, 40, "two guests on one worker: 40 frames each, 20 ms apart");
	sleep_ms(1000);
	tap_ok(!kicks_waived(&g.q[TX]) && !kicks_waived(&h.q[TX]),
	       "both polls end: kicks are asked for again");
	stats_find();
	gave = yields();
	guest_stop(&h);
	tap_del(&u);
	stats_find();
	gave += yields();
	tap_ok(kicks <= 20 + gave, "it polls both, each frame a poll's end: %u kicks, %lld yields",
	       kicks, gave);
	guest_stop(&g);
	tap_del(&t);
	knob("poll_us", "0");
	knob("worker", "device");
}

static int ascending(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

/* A poll of a second on the only processor there is; the guest has no claim to run at once. */
static void gives_way(void)
{
	struct sched_param param = {};
	unsigned int done = 0;
	long long took[50] = { 0 };

	begin("1000000", "1", 0);
	if (sched_setscheduler(0, SCHED_BATCH, &param))
		tap_bail("SCHED_BATCH: %s", strerror(errno));
	for (; done < 50; done++) {
		uint64_t start = now_ns();

		desc_set(&g.q[TX], 0, gpa_of(slot(0)), g.hdr_len + 60, 0, 0);
		event_clear(g.q[TX].call);
		ring_publish(&g.q[TX], 0);
		ring_kick(&g.q[TX]);
		if (!event_wait(g.q[TX].call, PATIENCE))
			break;
		took[done] = (long long)(now_ns() - start);
		g.q[TX].used_seen = used_idx(&g.q[TX]);
	}
	sched_setscheduler(0, SCHED_OTHER, &param);
	qsort(took, 50, sizeof(took[0]), ascending);
	tap_ok(done == 50 && took[25] < 2000000,
	       "on the guest's processor: a frame takes %lld us, its call included",
	       took[25] / 1000);
	end();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "only our module has poll_adapt", "busy polling");
		return tap_done();
	}
	net_private();
	gives_way();
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		tap_skip(1, "guest and worker need a processor each", "busy polling");
		return tap_done();
	}
	comes_and_goes();
	hindered();
	answers();
	in_turn();
	return tap_done();
}
