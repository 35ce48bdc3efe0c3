// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything moves under traffic: ring addresses, the memory table, the kick
 * and call eventfds, the backend. No frame may be lost, doubled or changed,
 * no call may go missing, and what was taken away, memory or backend, may be
 * removed as soon as the ioctl has returned: memory is made inaccessible at once,
 * so that a late access is a fault, which the device has to report.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "places.h"
#include "tap.h"
#include "traffic.h"

#define RING_PIECE  (2 * RING_AREA)
#define BETWEEN	    20u /* frames that must pass between two moves */
#define PIECES_ONCE 16u /* regions of many that move at once */

static struct guest g;
static struct tap taps[2];
static struct traffic tr;
static struct places rings, memory;

static int move_addresses(unsigned int round)
{
	int err;

	(void)round;
	places_move(&rings, 0);
	err = places_set_rings(&rings, PLACES_NO_LOG);
	places_leave(&rings, 0);
	return err;
}

/* All of one region, or some of many, as when memory is plugged. */
static int move_memory(unsigned int round)
{
	unsigned int n = memory.n < PIECES_ONCE ? memory.n : PIECES_ONCE;
	unsigned int first = round * PIECES_ONCE % memory.n;
	int err;

	for (unsigned int i = 0; i < n; i++)
		places_move(&memory, (first + i) % memory.n);
	err = places_set_table(&memory, 0);
	for (unsigned int i = 0; i < n; i++)
		places_leave(&memory, (first + i) % memory.n);
	return err;
}

static int move_kicks(unsigned int round)
{
	struct ring *q = &g.q[round & 1];

	return ring_event_move(q, VHOST_SET_VRING_KICK, q->kick);
}

static int move_calls(unsigned int round)
{
	struct ring *q = &g.q[round & 1];

	return ring_event_move(q, VHOST_SET_VRING_CALL, q->call);
}

/* Unbound: every buffer taken is back, and from now on nothing happens. */
static int unbound(void)
{
	for (int i = 0; i < 2; i++) {
		struct ring *q = &g.q[i];
		uint16_t used = used_idx(q);

		if (ring_base(q) != used) {
			tap_note("queue %d: base %d, used %u", i, ring_base(q), used);
			return -EBUSY;
		}
		sleep_ms(1);
		if (used_idx(q) != used || ring_base(q) != used) {
			tap_note("queue %d is still served", i);
			return -EBUSY;
		}
	}
	return 0;
}

static int move_backend(unsigned int round)
{
	static const int order[] = { 1, -1, 0 };
	int to = order[round % 3], fd = to < 0 ? -1 : taps[to].fd;
	int err = ring_backend(&g.q[round & 1], fd);

	err = err ?: ring_backend(&g.q[!(round & 1)], fd);
	return err ?: to < 0 ? unbound() : 0;
}

static int move_anything(unsigned int round)
{
	static int (*const moves[])(unsigned int) = { move_addresses, move_memory, move_kicks,
						      move_calls };

	return moves[rand() % 4](round);
}

/* What waits in the one tap or the other is fetched before the count. */
static void fetch(void)
{
	tr.paused = true;
	for (int i = 0; i < 100; i++) {
		guest_backend(&g, taps[i & 1].fd);
		for (int k = 0; k < 20; k++) {
			if (tr.tx_arrived == tr.tx_sent && tr.rx_arrived == tr.rx_sent)
				return;
			sleep_ms(5);
		}
	}
}

static void phase(const char *variant, const char *name, unsigned int times,
		  int (*move)(unsigned int))
{
	unsigned int frames = traffic_arrived(&tr), i;
	uint64_t start = now_ns();
	bool flows = true;
	char what[120];
	int err = 0;

	snprintf(what, sizeof(what), "%s, %s", variant, name);
	stats_find();
	tr.paused = false;
	for (i = 0; i < times && !err && flows; i++) {
		err = move(i);
		/* Traffic must pass between two moves, or nothing was tested. */
		if (move != move_backend || i % 3 != 1)
			flows = traffic_flows(&tr, BETWEEN);
	}
	tap_err(err, 0, "%s: %u moves accepted", what, times);
	tap_is(i, times, "%s: traffic flows between them", what);
	if (move == move_backend)
		fetch();
	traffic_verdict(&tr, what);
	tap_note("%s: %u frames in %llu ms", what, traffic_arrived(&tr) - frames,
		 (unsigned long long)(now_ns() - start) / 1000000);
	if (is_ours())
		tap_is(stat_errors(), 0, "%s: no error counted", what);
}

static void many_regions(const char *variant, unsigned int times)
{
	/* The in-tree module takes 64 unless its parameter says otherwise. */
	unsigned int n = is_ours() ? PLACES_MAX : 64;
	struct places one = memory;
	char what[40];

	places_init(&memory, &g, GUEST_MEM, n);
	if (places_set_table(&memory, 0))
		tap_bail("%u regions are refused", n);
	places_free(&one);
	snprintf(what, sizeof(what), "memory table of %u regions", n);
	phase(variant, what, times, move_memory);
	phase(variant, "all of these by chance", times, move_anything);
}

static void variant(const char *name, uint64_t features, unsigned int times)
{
	guest_start(&g, features, TRAFFIC_NUM);
	tap_new(&taps[0], "vl0", g.hdr_len);
	tap_new(&taps[1], "vl1", g.hdr_len);
	places_init(&rings, &g, RING_PIECE, 1);
	places_init(&memory, &g, GUEST_MEM, 1);
	if (places_set_rings(&rings, PLACES_NO_LOG) || places_set_table(&memory, 0))
		tap_bail("a mapping of the device's own");
	guest_backend(&g, taps[0].fd);
	traffic_start(&tr, &g, &taps[0], &taps[0]);
	phase(name, "addresses", times, move_addresses);
	phase(name, "memory table", times, move_memory);
	phase(name, "kick eventfds", times, move_kicks);
	phase(name, "call eventfds", times, move_calls);
	many_regions(name, times);
	traffic_stop(&tr);
	guest_stop(&g);
	places_free(&rings);
	places_free(&memory);

	/* The far end now reads and feeds both taps. */
	guest_start(&g, features, TRAFFIC_NUM);
	guest_backend(&g, taps[0].fd);
	traffic_start(&tr, &g, &taps[0], &taps[1]);
	phase(name, "backend", times, move_backend);
	traffic_stop(&tr);
	guest_stop(&g);
	tap_del(&taps[0]);
	tap_del(&taps[1]);
}

int main(int argc, char **argv)
{
	unsigned int times;

	guest_args(argc, argv);
	times = rounds ?: 100;
	srand(seed);
	net_private();
	variant("event index", F_V1 | F_MRG | F_EVENT, times);
	times = times / 10 + 15;
	variant("flags", F_V1 | F_MRG, times);
	if (!is_ours())
		return tap_done();
	variant("packed, event index", F_V1 | F_MRG | F_PACKED | F_EVENT, times);
	variant("packed, flags", F_V1 | F_MRG | F_PACKED, times);
	/* Two threads: what is set for one queue reaches the other's, too. */
	knob("worker", "queue");
	variant("a thread a queue, event index", F_V1 | F_MRG | F_EVENT, times);
	variant("a thread a queue, flags", F_V1 | F_MRG, times);
	/* Workers that serve all devices and change address spaces. */
	knob("worker", "shared");
	variant("shared threads", F_V1 | F_MRG | F_EVENT, times);
	knob("worker", "workqueue");
	variant("a workqueue", F_V1 | F_MRG | F_EVENT, times);
	knob("worker", "device");
	return tap_done();
}
