// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything moves under traffic: ring addresses, the memory table, the kick
 * and call eventfds, the backend. No frame may be lost, doubled or changed,
 * no call may go missing, and memory that was taken out of the table may be
 * unmapped as soon as the ioctl has returned.
 *
 * Three threads: the driver fills transmit slots and empties receive slots,
 * sleeping only in poll() on the call eventfds, as an interrupt-driven guest
 * does; the far end reads what both taps send and feeds both; the mover (the
 * main thread) turns everything around.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define SEQS	 (1u << 22)
#define WINDOW	 100u
#define FRAME	 200u
#define CALLS	 2
#define STALL_NS 8000000000ULL

static struct guest g;
static struct tap taps[2];
static uint8_t *alias; /* the second mapping of guest memory the device uses */

static atomic_bool stop_sending, stop_all;
static atomic_uint tx_sent, tx_arrived, rx_sent, rx_arrived;
static atomic_uint duplicates, corrupt, call_missing;
static uint8_t tx_seen[SEQS / 8], rx_seen[SEQS / 8];
static atomic_int kick_fd[2];
static int call_fd[2][CALLS];

static void saw(uint8_t *seen, long long seq, atomic_uint *arrived)
{
	if (seq < 0 || seq >= SEQS) {
		corrupt++;
		return;
	}
	if (seen[seq / 8] & 1 << seq % 8)
		duplicates++;
	seen[seq / 8] |= (uint8_t)(1 << seq % 8);
	(*arrived)++;
}

static void kick_if_wanted(struct ring *q, uint16_t old)
{
	uint64_t one = 1;
	uint16_t event;

	atomic_thread_fence(memory_order_seq_cst);
	event = avail_event(q);
	if (vring_need_event(event, q->avail_idx, old) &&
	    write(kick_fd[q->index], &one, sizeof(one)) != sizeof(one))
		tap_note("kick: %s", strerror(errno));
}

static void driver_tx(struct ring *q, uint16_t *free_slots, unsigned int *nfree)
{
	struct vring_used_elem e;
	uint16_t old = q->avail_idx;

	while (ring_take(q, &e))
		free_slots[(*nfree)++] = (uint16_t)e.id;
	while (*nfree && !stop_sending && tx_sent < SEQS && tx_sent - tx_arrived < WINDOW) {
		uint16_t i = free_slots[--*nfree];
		uint8_t *p = g.mem + slot(512 + i);

		memset(p, 0, g.hdr_len);
		frame_make(p + g.hdr_len, FRAME, tx_sent);
		desc_set(q, i, gpa_of(slot(512u + i)), g.hdr_len + FRAME, 0, 0);
		ring_publish(q, i);
		tx_sent++;
	}
	if (old != q->avail_idx)
		kick_if_wanted(q, old);
}

static void driver_rx(struct ring *q)
{
	struct vring_used_elem e;
	uint16_t old = q->avail_idx;

	while (ring_take(q, &e)) {
		uint8_t *p = g.mem + slot(e.id & 255);

		if (e.len != g.hdr_len + FRAME)
			corrupt++;
		saw(rx_seen, frame_check(p + g.hdr_len, FRAME), &rx_arrived);
		memset(p, 0xee, FRAME);
		ring_publish(q, (uint16_t)e.id);
	}
	if (old != q->avail_idx)
		kick_if_wanted(q, old);
}

/* True when the ring has news: then the driver must not sleep. */
static bool ask_for_calls(struct ring *q)
{
	q->avail->ring[q->num] = q->used_seen;
	atomic_thread_fence(memory_order_seq_cst);
	return used_idx(q) != q->used_seen;
}

static void *driver(void *arg)
{
	uint16_t free_slots[256];
	unsigned int nfree = 256;
	struct pollfd p[2 * CALLS];

	(void)arg;
	for (unsigned int i = 0; i < 256; i++) {
		free_slots[i] = (uint16_t)i;
		desc_set(&g.q[RX], i, gpa_of(slot(i)), SLOT_SIZE, VRING_DESC_F_WRITE, 0);
		ring_publish(&g.q[RX], (uint16_t)i);
	}
	kick_if_wanted(&g.q[RX], 0);
	for (unsigned int i = 0; i < 2 * CALLS; i++)
		p[i] = (struct pollfd){ .fd = call_fd[i / CALLS][i % CALLS], .events = POLLIN };
	while (!stop_all) {
		bool news;

		driver_tx(&g.q[TX], free_slots, &nfree);
		driver_rx(&g.q[RX]);
		news = ask_for_calls(&g.q[TX]);
		news |= ask_for_calls(&g.q[RX]);
		if (news)
			continue;
		/*
		 * With a window's worth under way only the far end opens it
		 * again, so the wait is short; what it finds on its own after
		 * a long silence was never announced by a call.
		 */
		if (poll(p, 2 * CALLS, 2) == 0) {
			if (used_idx(&g.q[RX]) == g.q[RX].used_seen &&
			    used_idx(&g.q[TX]) == g.q[TX].used_seen)
				continue;
			if (poll(p, 2 * CALLS, 3000) == 0)
				call_missing++;
		}
		for (unsigned int i = 0; i < 2 * CALLS; i++)
			event_clear(p[i].fd);
	}
	return NULL;
}

static void *far_end(void *arg)
{
	uint8_t buf[SLOT_SIZE], out[FRAME];
	struct pollfd p[2] = { { .fd = taps[0].far, .events = POLLIN },
			       { .fd = taps[1].far, .events = POLLIN } };

	(void)arg;
	while (!stop_all) {
		if (poll(p, 2, 1) < 0)
			break;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			while ((n = recv(p[i].fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
				saw(tx_seen, n == FRAME ? frame_check(buf, FRAME) : -1,
				    &tx_arrived);
		}
		while (!stop_sending && rx_sent < SEQS && rx_sent - rx_arrived < WINDOW) {
			frame_make(out, FRAME, rx_sent);
			if (send(taps[rx_sent & 1].far, out, FRAME, MSG_DONTWAIT) != FRAME)
				break;
			rx_sent++;
		}
	}
	return NULL;
}

static int set_addresses(const uint8_t *base)
{
	int err = ring_addr(&g.q[RX], base, 0, 0);

	return err ?: ring_addr(&g.q[TX], base, 0, 0);
}

/* Guest memory appears elsewhere; the place it had is unmapped at once. */
static int move_memory(void)
{
	uint8_t *next = mmap(NULL, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, g.memfd, 0);
	int err;

	if (next == MAP_FAILED)
		tap_bail("map: %s", strerror(errno));
	err = set_addresses(next);
	err = err ?: guest_mem_table(&g, next);
	munmap(alias, GUEST_MEM);
	alias = next;
	return err;
}

static int move_addresses(int round)
{
	return set_addresses(round & 1 ? alias : g.mem);
}

/* A client that swaps the kick signals the new one: it may have missed one. */
static int move_kicks(void)
{
	for (int i = 0; i < 2; i++) {
		int old = kick_fd[i], fd = eventfd(0, EFD_NONBLOCK), err;
		uint64_t one = 1;

		err = ring_fd(&g.q[i], VHOST_SET_VRING_KICK, fd);
		if (err)
			return err;
		/* dup2 keeps the driver's number valid while it changes under it. */
		if (dup2(fd, old) != old || write(old, &one, sizeof(one)) != sizeof(one))
			return -errno;
		close(fd);
	}
	return 0;
}

static int move_calls(int round)
{
	int err = ring_fd(&g.q[RX], VHOST_SET_VRING_CALL, call_fd[RX][round & 1]);

	return err ?: ring_fd(&g.q[TX], VHOST_SET_VRING_CALL, call_fd[TX][round & 1]);
}

static int move_backend(int round)
{
	static const int order[] = { 1, -1, 0 };
	int to = order[round % 3], fd = to < 0 ? -1 : taps[to].fd;
	int err = ring_backend(&g.q[round & 1], fd);

	err = err ?: ring_backend(&g.q[!(round & 1)], fd);
	if (to < 0)
		sleep_ms(1);
	return err;
}

/* True when all that was sent has arrived before anything stalls. */
static bool settle(void)
{
	uint64_t last = now_ns();
	unsigned int before = 0;

	stop_sending = true;
	for (;;) {
		unsigned int now = tx_arrived + rx_arrived;

		if (tx_arrived == tx_sent && rx_arrived == rx_sent)
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

static void phase(const char *what, int rounds, int (*move)(int), int (*simple)(void))
{
	unsigned int frames, doubled = duplicates, changed = corrupt, missing = call_missing;
	bool settled;
	int err = 0;

	stop_sending = false;
	frames = tx_arrived + rx_arrived;
	for (int i = 0; i < rounds && !err; i++) {
		unsigned int seen = tx_arrived + rx_arrived;
		uint64_t limit = now_ns() + STALL_NS;

		err = move ? move(i) : simple();
		/* Traffic must pass between two moves, or nothing was tested. */
		while (!err && tx_arrived + rx_arrived < seen + 20 && now_ns() < limit &&
		       !(move == move_backend && i % 3 == 1))
			sched_yield();
		if (now_ns() >= limit) {
			tap_note("%s: no traffic after move %d", what, i);
			break;
		}
	}
	tap_err(err, 0, "%s: %d moves accepted", what, rounds);
	/* What waits in the one tap or the other is fetched before the count. */
	if (move == move_backend) {
		stop_sending = true;
		for (int i = 0; i < 6; i++) {
			guest_backend(&g, taps[i & 1].fd);
			sleep_ms(60);
		}
	}
	settled = settle();
	tap_ok(settled, "%s: nothing lost (%u of %u sent, %u of %u received)", what, tx_arrived,
	       tx_sent, rx_arrived, rx_sent);
	frames = tx_arrived + rx_arrived - frames;
	tap_ok(frames > (unsigned int)rounds * 5, "%s: %u frames meanwhile", what, frames);
	tap_is(duplicates - doubled, 0, "%s: none doubled", what);
	tap_is(corrupt - changed, 0, "%s: none changed", what);
	tap_is(call_missing - missing, 0, "%s: no call missing", what);
	tap_ok(!event_wait(g.q[RX].err, 0) && !event_wait(g.q[TX].err, 0), "%s: no error event",
	       what);
}

/* One tap only: what both far ends send must be reachable without a move. */
static void one_tap(void)
{
	int fd = dup(taps[0].far);

	dup2(fd, taps[1].far);
	close(fd);
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	int far_b;

	guest_args(argc, argv);
	net_private();
	guest_start(&g, F_V1 | F_MRG | F_EVENT, 256);
	tap_new(&taps[0], "vl0", g.hdr_len);
	tap_new(&taps[1], "vl1", g.hdr_len);
	far_b = dup(taps[1].far);
	one_tap();
	for (int i = 0; i < 2; i++) {
		kick_fd[i] = g.q[i].kick;
		for (int k = 0; k < CALLS; k++)
			call_fd[i][k] = k ? eventfd(0, EFD_NONBLOCK) : g.q[i].call;
	}
	alias = mmap(NULL, GUEST_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, g.memfd, 0);
	if (alias == MAP_FAILED || set_addresses(alias) || guest_mem_table(&g, alias))
		tap_bail("second mapping");
	guest_backend(&g, taps[0].fd);
	if (pthread_create(&threads[0], NULL, driver, NULL) ||
	    pthread_create(&threads[1], NULL, far_end, NULL))
		tap_bail("threads");
	phase("addresses", 300, move_addresses, NULL);
	set_addresses(alias);
	phase("memory table", 300, NULL, move_memory);
	phase("kick eventfds", 300, NULL, move_kicks);
	phase("call eventfds", 300, move_calls, NULL);
	dup2(far_b, taps[1].far);
	phase("backend", 300, move_backend, NULL);
	stop_all = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	guest_stop(&g);
	tap_del(&taps[0]);
	tap_del(&taps[1]);
	return tap_done();
}
