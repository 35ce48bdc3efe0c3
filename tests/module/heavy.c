// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that a guest can make cheaply for itself and dear for the device: tables
 * of empty descriptors, frames of a thousand pieces, buffers of a byte. Would
 * fail if: one run of a queue kept its lock, or its processor from the task
 * beside it, for as long as the guest likes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define PATIENCE 4000
/*
 * What a run, and a task's wait for it, may take on the instruction clock, where a millisecond is a
 * million instructions of this machine and another machine's load is not in it: twice what the
 * longest takes. On the wall clock it is printed, not judged: an emulated processor that waits for
 * a real one does not run either.
 */
#define LIMIT_MS 25

static struct guest g;
static struct tap t;
static atomic_bool over;
static atomic_ullong longest;

/* Beside the worker on its processor: the longest time it did not run. */
static void *beside(void *arg)
{
	uint64_t last, now;

	(void)arg;
	task_pin(0, 0);
	last = now_ns();
	while (!over) {
		now = now_ns();
		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	return NULL;
}

/* The longest of some ioctls on the queue meanwhile, which wait for a run to end. */
static uint64_t lock_wait(struct ring *q, int times)
{
	uint64_t most = 0;

	while (times--) {
		uint64_t begin = now_ns(), took;

		ring_fd(q, VHOST_SET_VRING_ERR, q->err);
		took = now_ns() - begin;
		most = took > most ? took : most;
		sleep_ms(2);
	}
	return most;
}

static struct vring_desc *table(void)
{
	return (void *)(g.mem + BIG);
}

static void table_of(unsigned int n, uint32_t len, uint16_t dir)
{
	for (unsigned int i = 0; i < n; i++)
		table()[i] = (struct vring_desc){ gpa_of(slot(0)), len,
						  dir | (i + 1 < n ? NEXT : 0), (uint16_t)(i + 1) };
}

/* @runs: as many as the work is divided into at least, whatever the machine's speed. */
static void measure(const char *what, struct ring *q, void (*feed)(struct ring *q), int runs)
{
	const char *name = q->index == RX ? "rx" : "tx", *clock = getenv("VHOSTLAB_CLOCK");
	pthread_t thread;
	uint64_t lock;

	stats_find();
	/* The worker shares its processor with the task beside it, not with this one. */
	workers_pin(0);
	task_pin(0, sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : -1);
	over = false;
	longest = 0;
	if (pthread_create(&thread, NULL, beside, NULL))
		tap_bail("thread");
	sleep_ms(100);
	longest = 0;
	feed(q);
	sleep_ms(5);
	lock = lock_wait(q, 60);
	over = true;
	pthread_join(thread, NULL);
	task_pin(0, -1);
	workers_pin(-1);
	tap_note("%s: lock held %llu us, task beside waited %llu us", what,
		 (unsigned long long)lock / 1000, (unsigned long long)longest / 1000);
	if (clock && !strcmp(clock, "insn"))
		tap_ok(lock < LIMIT_MS * 1000000ULL && longest < LIMIT_MS * 1000000ULL,
		       "%s: the lock and the processor are given back within %d ms", what,
		       LIMIT_MS);
	for (int i = 0; i < PATIENCE && stat_of(name, "requeues") < runs; i += 10)
		sleep_ms(10);
	if (runs)
		tap_ok(stat_of(name, "requeues") >= runs, "%s: cut into %d runs or more", what,
		       runs);
}

static void fill(struct ring *q, unsigned int entries)
{
	for (uint16_t i = 0; i < 1024; i++) {
		desc_set(q, i, gpa_of(BIG), entries * 16, INDIRECT, 0);
		ring_publish(q, i);
	}
	ring_kick(q);
}

static void frames(size_t len, unsigned int n)
{
	uint8_t frame[1500];

	frame_make(frame, len, 1);
	while (n--)
		if (far_send(t.far, frame, len))
			tap_bail("send to the tap");
}

/* Each buffer holds next to nothing, and takes 65,536 descriptors for it. */
static void rx_empty(struct ring *q)
{
	table_of(65536, 0, WRITE);
	table()[65535].len = 1;
	fill(q, 65536);
	frames(1400, 1);
}

static void tx_empty(struct ring *q)
{
	table_of(65536, 0, 0);
	table()[65535].len = 112;
	fill(q, 65536);
}

/* Frames in as many pieces as one may have. */
static void tx_pieces(struct ring *q)
{
	table_of(1024, 1, 0);
	fill(q, 1024);
}

/* Every frame finds that a thousand buffers are too few for it. */
static void rx_too_long(struct ring *q)
{
	for (uint16_t i = 0; i < 1024; i++) {
		desc_set(q, i, gpa_of(slot(0)), 1, WRITE, 0);
		ring_publish(q, i);
	}
	ring_kick(q);
	frames(1400, 400);
}

/* Guest memory behind 508 regions that overlap each other, so that they are not indexed. */
static void overlap(void)
{
	static struct {
		struct vhost_memory head;
		struct vhost_memory_region r[509];
	} m;

	m.head.nregions = 509;
	for (unsigned int i = 0; i < 508; i++)
		m.r[i] = (struct vhost_memory_region){ i * 16ull, 4096, (uintptr_t)g.mem, 0 };
	m.r[508] = (struct vhost_memory_region){ GUEST_GPA, GUEST_MEM, (uintptr_t)g.mem, 0 };
	if (dev_ioctl(g.fd, VHOST_SET_MEM_TABLE, &m))
		tap_bail("SET_MEM_TABLE");
}

static void one(const char *what, unsigned int way, uint64_t features, void (*feed)(struct ring *q),
		bool overlapping, int runs)
{
	guest_start(&g, features | F_INDIRECT, 1024);
	if (overlapping)
		overlap();
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	measure(what, &g.q[way], feed, runs);
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has a thread that is not found", "heavy rings");
		return tap_done();
	}
	one("tx, frames in 1024 pieces", TX, F_V1, tx_pieces, false, 200);
	one("tx, frames in 1024 pieces, packed", TX, F_V1 | F_PACKED, tx_pieces, false, 200);
	one("tx, frames in 1024 pieces, regions that overlap", TX, F_V1, tx_pieces, true, 200);
	one("rx, buffers of a byte", RX, F_V1 | F_MRG, rx_too_long, false, 80);
	one("rx, buffers of a byte, packed", RX, F_V1 | F_MRG | F_PACKED, rx_too_long, false, 80);
	one("rx, buffers of a byte, regions that overlap", RX, F_V1 | F_MRG, rx_too_long, true, 80);
	one("tx, tables of empty descriptors", TX, F_V1, tx_empty, false, 0);
	one("tx, tables of empty descriptors, packed", TX, F_V1 | F_PACKED, tx_empty, false, 0);
	one("rx, tables of empty descriptors", RX, F_V1 | F_MRG, rx_empty, false, 0);
	one("rx, tables of empty descriptors, packed", RX, F_V1 | F_MRG | F_PACKED, rx_empty, false,
	    0);
	return tap_done();
}
