// SPDX-License-Identifier: GPL-2.0-only
/* Frames in both directions, without end: see traffic.h. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tap.h"
#include "traffic.h"

#define SEQS	  (1u << 26)
#define WINDOW	  100u
#define BUFFERS	  0x100000u
#define STRIDE	  0x7800u
#define RX_ROOM	  500u
#define RX_POSTED 48u /* fewer than a window needs: the device often waits for more */
#define LONGEST	  1300u
#define STALL_NS  8000000000ULL

/* Seven and a half pages apart, and the first a little before a page's end. */
size_t traffic_buffer(unsigned int way, unsigned int i)
{
	return BUFFERS + (way * TRAFFIC_NUM + i) * STRIDE + SLOT_SIZE - 100;
}

/* These are spread over their part of memory. */
static size_t rx_buffer(unsigned int i)
{
	return traffic_buffer(RX, i % RX_POSTED * (TRAFFIC_NUM / RX_POSTED));
}

static size_t frame_len(uint32_t seq)
{
	return 60 + seq * 37 % (LONGEST - 60);
}

static void saw(struct traffic *tr, int way, long long seq, atomic_uint *arrived)
{
	uint8_t *seen = tr->seen[way];

	if (seq < 0 || seq >= SEQS) {
		tr->corrupt++;
		return;
	}
	if (seen[seq / 8] & 1 << seq % 8)
		tr->doubled++;
	seen[seq / 8] |= (uint8_t)(1 << seq % 8);
	(*arrived)++;
	if (way == RX)
		tr->tap_arrived[seq & 1]++;
}

static void kick_if_wanted(struct ring *q, uint16_t old)
{
	if (old != q->avail_idx && ring_wants_kick(q, old))
		ring_kick(q);
}

/* Of the guest's frames; fewer than none when one arrives after all: traffic_all_lost(). */
static int under_way(struct traffic *tr)
{
	return (int)(tr->tx_sent - tr->tx_arrived);
}

static void driver_tx(struct traffic *tr, uint16_t *free_slots, unsigned int *nfree)
{
	struct guest *g = tr->g;
	struct ring *q = &g->q[TX];
	struct vring_used_elem e;
	uint16_t old = q->avail_idx;

	while (ring_take(q, &e))
		free_slots[(*nfree)++] = (uint16_t)e.id;
	tr->sending[TX] = true;
	while (*nfree && !tr->paused && under_way(tr) < (int)WINDOW) {
		uint16_t i = free_slots[--*nfree];
		size_t at = traffic_buffer(TX, i), len = frame_len(tr->tx_sent);

		memset(g->mem + at, 0, g->hdr_len);
		frame_make(g->mem + at + g->hdr_len, len, tr->tx_sent);
		desc_set(q, i, gpa_of(at), (uint32_t)(g->hdr_len + len), 0, 0);
		ring_publish(q, i);
		tr->tx_sent++;
	}
	tr->sending[TX] = false;
	kick_if_wanted(q, old);
}

static void driver_rx(struct traffic *tr)
{
	static uint8_t frame[8 * RX_ROOM];
	struct guest *g = tr->g;
	struct ring *q = &g->q[RX];
	uint16_t old = q->avail_idx, ready;

	/* The device may fill them as fast as they are posted: then it is the other ring's turn. */
	for (unsigned int turns = 0; turns < WINDOW; turns++) {
		struct virtio_net_hdr_mrg_rxbuf h;
		struct vring_used_elem e;
		size_t at, len = 0;

		ready = (uint16_t)(used_idx(q) - q->used_seen);
		if (!ready)
			break;
		at = rx_buffer(used_elem(q, q->used_seen)->id);
		memcpy(&h, g->mem + at, sizeof(h));
		/* The buffers of one frame are published together. */
		if (!h.num_buffers || h.num_buffers > ready) {
			tr->corrupt++;
			h.num_buffers = 1;
		}
		for (unsigned int n = 0; n < h.num_buffers && ring_take(q, &e); n++) {
			at = rx_buffer(e.id);
			if (len + e.len <= sizeof(frame))
				memcpy(frame + len, g->mem + at, e.len);
			len += e.len;
			if (tr->scribble)
				memset(g->mem + at, 0xee, RX_ROOM);
			ring_publish(q, (uint16_t)e.id);
		}
		saw(tr, RX,
		    len > g->hdr_len && len <= sizeof(frame)
			    ? frame_check(frame + g->hdr_len, len - g->hdr_len)
			    : -1,
		    &tr->rx_arrived);
	}
	kick_if_wanted(q, old);
}

/* True when the ring has news: then the driver must not sleep. */
static bool ask_for_calls(struct ring *q)
{
	ring_call_at(q, q->used_seen);
	atomic_thread_fence(memory_order_seq_cst);
	return used_idx(q) != q->used_seen;
}

static void *driver(void *arg)
{
	struct traffic *tr = arg;
	struct ring *rx = &tr->g->q[RX], *tx = &tr->g->q[TX];
	struct pollfd p[2] = { { .fd = rx->call, .events = POLLIN },
			       { .fd = tx->call, .events = POLLIN } };
	uint16_t free_slots[TRAFFIC_NUM];
	unsigned int nfree = TRAFFIC_NUM;

	for (unsigned int i = 0; i < TRAFFIC_NUM; i++)
		free_slots[i] = (uint16_t)i;
	for (unsigned int i = 0; i < RX_POSTED; i++) {
		desc_set(rx, i, gpa_of(rx_buffer(i)), RX_ROOM, VRING_DESC_F_WRITE, 0);
		ring_publish(rx, (uint16_t)i);
	}
	kick_if_wanted(rx, 0);
	while (!tr->over) {
		bool news;

		driver_tx(tr, free_slots, &nfree);
		driver_rx(tr);
		news = ask_for_calls(tx);
		news |= ask_for_calls(rx);
		if (news)
			continue;
		/*
		 * With a window's worth under way only the far end opens it
		 * again, so the wait is short; what it finds on its own after
		 * a long silence was never announced by a call.
		 */
		if (poll(p, 2, 2) == 0) {
			if (used_idx(rx) == rx->used_seen && used_idx(tx) == tx->used_seen)
				continue;
			if (poll(p, 2, 3000) == 0)
				tr->call_missing++;
		}
		event_clear(rx->call);
		event_clear(tx->call);
	}
	return NULL;
}

/*
 * Sends to one tap: even numbers to the first, odd ones to the second. Half of the window is for
 * each: were it for both, it could all wait in the one that has no guest, and nothing would reach
 * the guest through the other. A turn is bounded: they may arrive as fast as they are sent, and
 * then those of the guest are read.
 */
static void feed(struct traffic *tr, unsigned int tap)
{
	static uint8_t out[LONGEST];

	for (unsigned int i = 0;
	     i < WINDOW && !tr->paused && tr->tap_sent[tap] - tr->tap_arrived[tap] < WINDOW / 2;
	     i++) {
		uint32_t seq = 2 * tr->tap_sent[tap] + tap;
		size_t len = frame_len(seq);

		frame_make(out, len, seq);
		if (send(tr->taps[tap]->far, out, len, MSG_DONTWAIT) != (ssize_t)len)
			break;
		tr->tap_sent[tap]++;
		tr->rx_sent++;
	}
}

static void *far_end(void *arg)
{
	struct traffic *tr = arg;
	static uint8_t in[LONGEST + 1];
	struct pollfd p[2] = { { .fd = tr->taps[0]->far, .events = POLLIN },
			       { .fd = tr->taps[1]->far, .events = POLLIN } };

	while (!tr->over) {
		if (poll(p, 2, 1) < 0)
			break;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			while ((n = recv(p[i].fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
				saw(tr, TX, frame_check(in, (size_t)n), &tr->tx_arrived);
		}
		tr->sending[RX] = true;
		feed(tr, 0);
		feed(tr, 1);
		tr->sending[RX] = false;
	}
	return NULL;
}

void traffic_start(struct traffic *tr, struct guest *g, struct tap *a, struct tap *b)
{
	memset(tr, 0, sizeof(*tr));
	tr->g = g;
	tr->taps[0] = a;
	tr->taps[1] = b;
	tr->scribble = true;
	for (int i = 0; i < 2; i++) {
		tr->seen[i] = calloc(SEQS / 8, 1);
		if (!tr->seen[i])
			tap_bail("no memory");
	}
	if (pthread_create(&tr->threads[0], NULL, driver, tr) ||
	    pthread_create(&tr->threads[1], NULL, far_end, tr))
		tap_bail("threads");
}

void traffic_stop(struct traffic *tr)
{
	tr->over = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(tr->threads[i], NULL);
		free(tr->seen[i]);
	}
}

unsigned int traffic_arrived(struct traffic *tr)
{
	return tr->tx_arrived + tr->rx_arrived;
}

bool traffic_flows(struct traffic *tr, unsigned int frames)
{
	unsigned int before = traffic_arrived(tr), tx = tr->tx_arrived, rx = tr->rx_arrived;
	const struct timespec moment = { .tv_nsec = 20000 };
	uint64_t limit = now_ns() + STALL_NS;

	tr->paused = false;
	while (traffic_arrived(tr) < before + frames || tr->tx_arrived == tx ||
	       tr->rx_arrived == rx) {
		if (now_ns() > limit) {
			tap_note("of the guest %u of %u, by taps %u of %u and %u of %u arrived",
				 tr->tx_arrived, tr->tx_sent, tr->tap_arrived[0], tr->tap_sent[0],
				 tr->tap_arrived[1], tr->tap_sent[1]);
			return false;
		}
		/* Asleep, so that the threads have the processors. */
		nanosleep(&moment, NULL);
	}
	return true;
}

unsigned int traffic_all_lost(struct traffic *tr)
{
	uint64_t limit = now_ns() + STALL_NS;
	int n;

	while ((n = under_way(tr)) < (int)WINDOW) {
		if (now_ns() > limit)
			return 0;
		sleep_ms(1);
	}
	tr->tx_arrived += (unsigned int)n;
	return (unsigned int)n;
}

bool traffic_settle(struct traffic *tr)
{
	unsigned int before = traffic_arrived(tr);
	uint64_t last = now_ns();

	tr->paused = true;
	for (;;) {
		unsigned int now = traffic_arrived(tr);

		/* A sender that has seen no pause yet may add a frame to those counted. */
		if (!tr->sending[TX] && !tr->sending[RX] && tr->tx_arrived == tr->tx_sent &&
		    tr->rx_arrived == tr->rx_sent)
			return true;
		if (now != before) {
			before = now;
			last = now_ns();
		}
		if (now_ns() - last > STALL_NS / 4)
			return false;
		sleep_ms(2);
	}
}

void traffic_verdict(struct traffic *tr, const char *what)
{
	struct ring *q = tr->g->q;
	bool settled = traffic_settle(tr);

	tap_ok(settled, "%s: nothing lost (%u of %u sent, %u of %u received)", what, tr->tx_arrived,
	       tr->tx_sent, tr->rx_arrived, tr->rx_sent);
	tap_is(tr->doubled, 0, "%s: none doubled", what);
	tap_is(tr->corrupt, 0, "%s: none changed", what);
	tap_is(tr->call_missing, 0, "%s: no call missing", what);
	tap_ok(!event_wait(q[RX].err, 0) && !event_wait(q[TX].err, 0), "%s: no error event", what);
	if (!settled)
		tap_bail("traffic has stopped for good");
	tr->doubled = tr->corrupt = tr->call_missing = 0;
	for (int i = 0; i < 2; i++)
		event_clear(q[i].err);
}
