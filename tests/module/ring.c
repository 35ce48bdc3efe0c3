// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings as no honest guest writes them. Whatever is broken, the device raises
 * the error event, its worker sleeps, the kernel log stays quiet, and the ring
 * serves again once it is set up again; a frame that waited is not lost.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define TABLE	 64 /* slot that holds indirect tables */

/* A device that has not noticed within this time never will. */
#define PATIENCE 4000

static void one(struct ring *q, uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
	desc_set(q, 0, gpa, len, flags, next);
	ring_publish(q, 0);
}

static void avail_forward(struct ring *q)
{
	q->avail->idx = q->avail_idx += (uint16_t)(q->num + 1);
}

static void avail_backward(struct ring *q)
{
	q->avail->idx = --q->avail_idx;
}

static uint16_t dir(struct ring *q)
{
	return q->index == RX ? WRITE : 0;
}

/* Behind the table lies what would be a good descriptor, were it in it. */
static void trap_behind(struct ring *q)
{
	desc_set(q, q->num, gpa_of(slot(1)), 200, dir(q), 0);
}

static void head_num(struct ring *q)
{
	trap_behind(q);
	ring_publish(q, (uint16_t)q->num);
}

static void head_max(struct ring *q)
{
	ring_publish(q, 0xffff);
}

static void next_num(struct ring *q)
{
	trap_behind(q);
	one(q, gpa_of(slot(0)), 12, dir(q) | NEXT, (uint16_t)q->num);
}

static void loop_one(struct ring *q)
{
	one(q, gpa_of(slot(0)), 12, dir(q) | NEXT, 0);
}

static void loop_two(struct ring *q)
{
	desc_set(q, 1, gpa_of(slot(1)), 100, dir(q) | NEXT, 0);
	one(q, gpa_of(slot(0)), 12, dir(q) | NEXT, 1);
}

static void loop_empty(struct ring *q)
{
	one(q, gpa_of(slot(0)), 0, dir(q) | NEXT, 0);
}

static void indirect_17(struct ring *q)
{
	one(q, gpa_of(slot(TABLE)), 17, INDIRECT, 0);
}

static void indirect_0(struct ring *q)
{
	one(q, gpa_of(slot(TABLE)), 0, INDIRECT, 0);
}

static void indirect_65537(struct ring *q)
{
	one(q, gpa_of(slot(TABLE)), 65537 * 16, INDIRECT, 0);
}

static struct vring_desc *table(struct ring *q)
{
	return (struct vring_desc *)(q->g->mem + slot(TABLE));
}

static void indirect_nested(struct ring *q)
{
	table(q)[0] = (struct vring_desc){ gpa_of(slot(TABLE + 1)), 32, INDIRECT, 0 };
	one(q, gpa_of(slot(TABLE)), 16, INDIRECT, 0);
}

static void indirect_next_out(struct ring *q)
{
	table(q)[0] = (struct vring_desc){ gpa_of(slot(0)), 12, dir(q) | NEXT, 1 };
	table(q)[1] = (struct vring_desc){ gpa_of(slot(1)), 60, dir(q) | NEXT, 2 };
	one(q, gpa_of(slot(TABLE)), 32, INDIRECT, 0);
}

/* Virtio 1.2, 2.7.5.3.1: a driver must not set both. */
static void indirect_and_next(struct ring *q)
{
	table(q)[0] = (struct vring_desc){ gpa_of(slot(0)), 200, dir(q), 0 };
	desc_set(q, 1, gpa_of(slot(1)), 200, dir(q), 0);
	one(q, gpa_of(slot(TABLE)), 16, INDIRECT | NEXT, 1);
}

/* More pieces than a kernel vector holds. */
static void too_many_segments(struct ring *q)
{
	for (uint16_t i = 0; i < 1200; i++)
		table(q)[i] = (struct vring_desc){ gpa_of(slot(0)) + i, 1,
						   dir(q) | (i < 1199 ? NEXT : 0), i + 1 };
	one(q, gpa_of(slot(TABLE)), 1200 * 16, INDIRECT, 0);
}

static void indirect_unmapped(struct ring *q)
{
	one(q, 0x1000, 32, INDIRECT, 0);
}

static void unmapped(struct ring *q)
{
	one(q, 0x1000, 200, dir(q), 0);
}

static void over_the_end(struct ring *q)
{
	one(q, GUEST_GPA + GUEST_MEM - 50, 200, dir(q), 0);
}

static void wrapping(struct ring *q)
{
	one(q, ~0ULL - 50, 200, dir(q), 0);
}

static void length_max(struct ring *q)
{
	one(q, gpa_of(slot(0)), 0xffffffff, dir(q), 0);
}

static void readable_after_writable(struct ring *q)
{
	desc_set(q, 1, gpa_of(slot(1)), 100, 0, 0);
	one(q, gpa_of(slot(0)), 12, WRITE | NEXT, 1);
}

static void writable_after_readable(struct ring *q)
{
	desc_set(q, 1, gpa_of(slot(1)), 100, WRITE, 0);
	one(q, gpa_of(slot(0)), 112, NEXT, 1);
}

static void wrong_way(struct ring *q)
{
	one(q, gpa_of(slot(0)), 200, dir(q) ^ WRITE, 0);
}

static void length_zero(struct ring *q)
{
	one(q, gpa_of(slot(0)), 0, dir(q), 0);
}

/* An honest frame but for that. */
static void length_zero_between(struct ring *q)
{
	desc_set(q, 1, gpa_of(slot(1)), 0, dir(q) | NEXT, 2);
	desc_set(q, 2, gpa_of(slot(2)), 200, dir(q), 0);
	one(q, gpa_of(slot(0)), 12, dir(q) | NEXT, 1);
}

static void length_zero_in_table(struct ring *q)
{
	table(q)[0] = (struct vring_desc){ gpa_of(slot(0)), 12, dir(q) | NEXT, 1 };
	table(q)[1] = (struct vring_desc){ gpa_of(slot(1)), 0, dir(q) | NEXT, 2 };
	table(q)[2] = (struct vring_desc){ gpa_of(slot(2)), 200, dir(q), 0 };
	one(q, gpa_of(slot(TABLE)), 48, INDIRECT, 0);
}

static void header_only(struct ring *q)
{
	one(q, gpa_of(slot(0)), q->g->hdr_len, 0, 0);
}

static void half_a_header(struct ring *q)
{
	one(q, gpa_of(slot(0)), 5, 0, 0);
}

/* Section 2.8.7: a chain is a list or a table. */
static void list_to_table(struct ring *q)
{
	table(q)[0] = (struct vring_desc){ gpa_of(slot(1)), 200, dir(q), 0 };
	desc_set(q, 1, gpa_of(slot(TABLE)), 16, INDIRECT, 0);
	one(q, gpa_of(slot(0)), 12, dir(q) | NEXT, 1);
}

static const struct rule {
	const char *name;
	void (*make)(struct ring *q);
	int only; /* RX, TX, or -1 for both */
	enum { BOTH, SPLIT, PACKED } layout;
	bool ours; /* the in-tree module is silent, spins (seen on 6.1.192), or serves it */
} rules[] = {
	{ "avail index jumps forward", avail_forward, -1, SPLIT, false },
	{ "avail index moves backward", avail_backward, -1, SPLIT, false },
	{ "head equal to the ring's size", head_num, -1, SPLIT, false },
	{ "head 65535", head_max, -1, SPLIT, false },
	{ "next equal to the ring's size", next_num, -1, SPLIT, false },
	{ "descriptor that is its own successor", loop_one, -1, BOTH, false },
	{ "loop of two descriptors", loop_two, -1, BOTH, false },
	{ "loop of empty descriptors", loop_empty, -1, BOTH, false },
	{ "indirect table of 17 bytes", indirect_17, -1, BOTH, false },
	{ "indirect table of 0 bytes", indirect_0, -1, BOTH, false },
	{ "indirect table of 65537 entries", indirect_65537, -1, BOTH, false },
	{ "indirect table inside an indirect table", indirect_nested, -1, BOTH, false },
	{ "indirect chain that leaves its table", indirect_next_out, -1, SPLIT, false },
	{ "indirect table with a successor", indirect_and_next, -1, BOTH, true },
	{ "chain of 1200 segments", too_many_segments, -1, BOTH, false },
	{ "indirect table outside guest memory", indirect_unmapped, -1, BOTH, false },
	{ "buffer outside guest memory", unmapped, -1, BOTH, false },
	{ "buffer over the end of guest memory", over_the_end, -1, BOTH, false },
	{ "buffer that wraps around", wrapping, -1, BOTH, false },
	{ "buffer of 4 GiB", length_max, -1, BOTH, false },
	{ "readable descriptor after a writable one", readable_after_writable, -1, BOTH, false },
	{ "writable descriptor after a readable one", writable_after_readable, -1, BOTH, false },
	{ "buffer for the other direction", wrong_way, -1, BOTH, false },
	{ "chain of length 0", length_zero, -1, BOTH, false },
	{ "an empty descriptor in the middle", length_zero_between, -1, BOTH, true },
	{ "an empty descriptor in a table", length_zero_in_table, -1, BOTH, true },
	{ "header without a frame", header_only, TX, BOTH, true },
	{ "half a header", half_a_header, TX, BOTH, true },
	{ "list that leads to an indirect table", list_to_table, -1, PACKED, true },
};

static void break_rule(struct guest *g, struct tap *t, const struct rule *r, int way, uint32_t seq)
{
	struct ring *q = &g->q[way];
	const char *queue = way == RX ? "rx" : "tx";
	uint8_t frame[100];
	bool raised, quiet, served;

	ring_repair(q, t->fd);
	r->make(q);
	ring_kick(q);
	/* The device need not look at a receive ring before a frame comes. */
	frame_make(frame, sizeof(frame), seq);
	if (way == RX && far_send(t->far, frame, sizeof(frame)))
		tap_bail("send to the tap");
	raised = event_wait(q->err, PATIENCE);
	quiet = worker_sleeps(60);
	ring_repair(q, t->fd);
	if (way == TX) {
		served = tx_one(g, t->far, seq, 100);
	} else {
		struct vring_used_elem e;

		/* The frame that met the broken ring is still there. */
		rx_post(g, 3, SLOT_SIZE);
		served = ring_wait(q, PATIENCE) && ring_take(q, &e) && e.id == 3 &&
			 frame_check(g->mem + slot(3) + g->hdr_len, 100) == seq;
	}
	tap_ok(raised && quiet && served, "%s: %s: error event%s, worker sleeps%s, then serves%s",
	       queue, r->name, raised ? "" : " MISSING", quiet ? "" : " NOT", served ? "" : " NOT");
}

static void all_rules(uint64_t features)
{
	struct guest g;
	struct tap t;
	uint32_t seq = 100;

	guest_start(&g, features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	tap_ok(worker_cpu_ns() >= 0, "the worker's CPU time can be read");
	kmsg_mark();
	for (int way = RX; way <= TX; way++)
		for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
			if (rules[i].layout == (features & F_PACKED ? SPLIT : PACKED))
				continue;
			else if (rules[i].ours && !is_ours() &&
				 (rules[i].only == way || rules[i].only < 0))
				tap_skip(1, "the in-tree module is weak here", rules[i].name);
			else if (rules[i].only < 0 || rules[i].only == way)
				break_rule(&g, &t, &rules[i], way, seq++);
	tap_ok(kmsg_lines() == 0, "nothing about it in the kernel log");
	guest_stop(&g);
	tap_del(&t);
}

/* No ioctl: the guest itself takes the wrong index back and kicks. */
static void guest_repairs(void)
{
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "a first frame");
	q->avail->idx = (uint16_t)(q->avail_idx + 300);
	ring_kick(q);
	tap_ok(event_wait(q->err, PATIENCE), "a wrong index: error event");
	event_clear(q->err);
	q->avail->idx = q->avail_idx;
	tap_ok(tx_one(&g, t.far, 2, 100), "taken back by the guest: served without an ioctl");
	guest_stop(&g);
	tap_del(&t);
}

/* A guest that keeps kicking a broken ring harms itself, not the log. */
static void kick_flood(void)
{
	struct guest g;
	struct tap t;
	struct ring *q = &g.q[TX];

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	kmsg_mark();
	unmapped(q);
	for (int i = 0; i < 300; i++) {
		ring_kick(q);
		sleep_ms(1);
	}
	tap_ok(kmsg_lines() == 0, "300 kicks of a broken ring: nothing in the kernel log");
	tap_ok(event_wait(q->err, PATIENCE), "the error event was raised");
	tap_ok(worker_sleeps(100), "the worker sleeps again");
	ring_repair(q, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "and serves the repaired ring");
	guest_stop(&g);
	tap_del(&t);
}

static volatile bool scribbling;

/* The same for a packed ring, whose turn the flags may meet or not. */
static void scribble_packed(struct ring *q, unsigned int *seed)
{
	struct vring_packed_desc *d = &q->p.ring[(unsigned int)rand_r(seed) & 255];
	uint16_t flags = (uint16_t)(rand_r(seed) & 7);
	uint64_t gpa = gpa_of(slot((unsigned int)rand_r(seed) & 255));

	if ((rand_r(seed) & 15) == 0)
		gpa ^= (uint64_t)rand_r(seed) << (rand_r(seed) & 31);
	if (q->index == RX && (rand_r(seed) & 7))
		flags |= WRITE;
	d->addr = gpa;
	d->len = (uint32_t)rand_r(seed) % 4096;
	d->id = (uint16_t)rand_r(seed);
	__atomic_store_n(&d->flags, flags | (rand_r(seed) & 1 ? PACKED_AVAIL : PACKED_USED),
			 __ATOMIC_RELEASE);
	q->p.driver->off_wrap = (uint16_t)rand_r(seed);
	q->p.driver->flags = (uint16_t)(rand_r(seed) & 3);
	if ((rand_r(seed) & 31) == 0)
		q->p.device->off_wrap = (uint16_t)rand_r(seed);
}

/* Descriptors, indexes and flags change while the device reads them. */
static void *scribble(void *arg)
{
	struct guest *g = arg;
	unsigned int seed = 1;

	while (scribbling) {
		struct ring *q = &g->q[rand_r(&seed) & 1];
		unsigned int i = (unsigned int)rand_r(&seed) & 255;
		uint16_t flags = (uint16_t)(rand_r(&seed) & 7);
		uint64_t gpa = gpa_of(slot((unsigned int)rand_r(&seed) & 255));

		if (q->packed) {
			scribble_packed(q, &seed);
			continue;
		}
		if ((rand_r(&seed) & 15) == 0)
			gpa ^= (uint64_t)rand_r(&seed) << (rand_r(&seed) & 31);
		if (q->index == RX && (rand_r(&seed) & 7))
			flags |= WRITE;
		desc_set(q, i, gpa, (uint32_t)rand_r(&seed) % 4096, flags,
			 (uint16_t)(rand_r(&seed) % 300));
		q->avail->ring[i] = (uint16_t)(rand_r(&seed) % 260);
		q->avail->flags = (uint16_t)(rand_r(&seed) & 1);
		q->avail->ring[256] = (uint16_t)rand_r(&seed);
		if ((rand_r(&seed) & 31) == 0)
			q->avail->idx = (uint16_t)rand_r(&seed);
		else
			q->avail->idx = (uint16_t)(q->used->idx + (rand_r(&seed) & 63));
	}
	return NULL;
}

static void hostile(uint64_t features)
{
	struct guest g;
	struct tap t;
	uint8_t frame[1500];
	pthread_t thread;
	uint64_t end;

	guest_start(&g, features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	scribbling = true;
	if (pthread_create(&thread, NULL, scribble, &g))
		tap_bail("thread");
	frame_make(frame, sizeof(frame), 1);
	for (end = now_ns() + 700000000ULL; now_ns() < end;) {
		ring_kick(&g.q[TX]);
		ring_kick(&g.q[RX]);
		if (send(t.far, frame, sizeof(frame), MSG_DONTWAIT) < 0 && errno == ENETDOWN)
			tap_bail("the tap went down");
	}
	scribbling = false;
	pthread_join(thread, NULL);
	tap_err(ring_backend(&g.q[RX], -1), 0, "rings scribbled over: unbind works (features %llx)",
		(unsigned long long)features);
	ring_repair(&g.q[TX], t.fd);
	/* What the wild rings sent may still lie at the far end. */
	while (far_recv(t.far, frame, sizeof(frame), 0) > 0)
		;
	tap_ok(tx_one(&g, t.far, 2, 100), "and the ring serves afterwards");
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	all_rules(F_V1 | F_MRG | F_INDIRECT | F_EVENT);
	guest_repairs();
	kick_flood();
	hostile(F_V1 | F_MRG | F_INDIRECT | F_EVENT);
	hostile(F_INDIRECT);
	if (is_ours()) {
		all_rules(F_V1 | F_MRG | F_INDIRECT | F_EVENT | F_PACKED);
		hostile(F_V1 | F_MRG | F_INDIRECT | F_EVENT | F_PACKED);
		hostile(F_V1 | F_INDIRECT | F_PACKED);
	}
	return tap_done();
}
