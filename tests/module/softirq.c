// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events from softirqs that interrupt the worker. A delayed queueing discipline
 * hands frames over, and lets go of frames sent by reference, from a timer on
 * the worker's own processor: whatever the worker is doing then, no wake-up may
 * be lost. A queue that loses one is dead for good, so a stall of seconds is
 * the sign of it. --rounds: bursts of each kind, some 1,000 otherwise.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define BURST	 32u
#define BUFFERS	 256u
#define PATIENCE 10000000000ULL /* ns */

static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };

static unsigned int bursts(void)
{
	return rounds ? rounds : 1000;
}

/* The workers and this process on one processor, where the timers are, too; -1: on any. */
static void pin_together(int cpu)
{
	task_pin(0, cpu);
	workers_pin(cpu);
}

/* Takes what came and gives the buffers back, until count have come. False: a stall. */
static bool take(struct ring *q, unsigned int count)
{
	uint64_t end = now_ns() + PATIENCE;
	struct vring_used_elem e;

	while (count) {
		uint16_t old = q->avail_idx;

		while (count && ring_take(q, &e)) {
			count--;
			ring_publish(q, (uint16_t)e.id);
			end = now_ns() + PATIENCE;
		}
		if (q->avail_idx != old && ring_wants_kick(q, old))
			ring_kick(q);
		if (count && now_ns() > end)
			return false;
		if (count)
			usleep(200);
	}
	return true;
}

static void received(const char *model)
{
	unsigned int n = 0, total = bursts();
	struct ring *q;
	struct guest g;
	struct tap t;
	uint8_t frame[100];

	if (is_ours())
		knob("worker", model);
	guest_start(&g, F_V1 | F_EVENT, BUFFERS);
	tap_new(&t, "vl0", g.hdr_len);
	if (sh("tc qdisc add dev vl0 root netem delay 60us 50us limit 10000 1>&2"))
		tap_bail("netem");
	q = &g.q[RX];
	for (unsigned int i = 0; i < BUFFERS; i++) {
		desc_set(q, i, gpa_of(slot(i)), SLOT_SIZE, VRING_DESC_F_WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_no_calls(q);
	guest_backend(&g, t.fd);
	pin_together(0);
	for (; n < total; n++) {
		for (unsigned int i = 0; i < BURST; i++) {
			frame_make(frame, sizeof(frame), n * BURST + i);
			while (far_send(t.far, frame, sizeof(frame)))
				usleep(100);
		}
		if (!take(q, BURST))
			break;
	}
	tap_is(n * BURST, total * BURST, "worker=%s: frames from a softirq, none lost, no stall",
	       model);
	pin_together(-1);
	guest_stop(&g);
	tap_del(&t);
}

/* The frames of a tap leave by a device that keeps them for a while. */
static void completed(const char *model)
{
	unsigned int n = 0, total = bursts() / 2;
	struct ring *q;
	struct guest g;
	struct tap t;

	knob("worker", model);
	knob("zerocopy", "256");
	guest_start(&g, F_V1 | F_EVENT, BUFFERS);
	knob("zerocopy", "0");
	stats_find();
	tap_new(&t, "zc0", g.hdr_len);
	close(t.far);
	t.far = -1;
	tap_forwards("zc0", "zc1");
	q = &g.q[TX];
	ring_no_calls(q);
	guest_backend(&g, t.fd);
	pin_together(0);
	for (unsigned int i = 0; i < BURST; i++) {
		memset(g.mem + slot(i), 0, g.hdr_len);
		frame_make(g.mem + slot(i) + g.hdr_len, 1000, i);
		desc_set(q, i, gpa_of(slot(i)), g.hdr_len + 1000, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_kick(q);
	while (n < total && take(q, BURST))
		n++;
	tap_ok(n == total && stat_of("tx", "zc_sent") > 0,
	       "worker=%s: completions from a softirq: %u of %u bursts, %lld by reference", model,
	       n, total, stat_of("tx", "zc_sent"));
	pin_together(-1);
	guest_stop(&g);
	tap_ok(true, "worker=%s: the device closes after that", model);
	close(t.fd);
	sh("ip link del zc1");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	modprobe("sch_netem");
	modprobe("dummy");
	modprobe("act_mirred");
	modprobe("cls_matchall");
	if (!is_ours()) {
		received("the in-tree one");
		return tap_done();
	}
	for (unsigned int i = 0; i < sizeof(models) / sizeof(*models); i++) {
		received(models[i]);
		completed(models[i]);
	}
	knob("worker", "device");
	return tap_done();
}
