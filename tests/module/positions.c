// SPDX-License-Identifier: GPL-2.0-only
/*
 * Positions that come round: the used index over a whole turn of its 16 bits
 * while each call has another reason than the event index, and the base of a
 * packed ring. Would fail if: a call that was asked for did not come, or the
 * device reported another position than the one it was given.
 */
#include <stdatomic.h>
#include <string.h>

#include "nic.h"
#include "tap.h"

#define PATIENCE 4000
#define TURN	 65536u
#define BATCH	 64u /* chains the device publishes at once */

static struct guest g;
static struct tap t;

/* Chains that the device refuses, and so gives back at once: no frame has to be read. */
static void chains(struct ring *q, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		ring_publish(q, (uint16_t)(n > BATCH + 1 ? i % BATCH : i));
	ring_kick(q);
}

static bool returned(struct ring *q, unsigned int n)
{
	struct vring_used_elem e;

	while (n && ring_wait(q, PATIENCE) && ring_take(q, &e))
		n--;
	return !n;
}

/*
 * One call is decided by the event index, for the first of two batches, since
 * the second waits behind it. Then come entries whose calls have the reason that
 * the ring is empty, up to where the used index begins again, and at last a
 * batch whose call is decided by the event index, up to where the first one was.
 */
static void empty_for_a_turn(uint64_t features)
{
	struct ring *q = &g.q[TX];
	unsigned int done = 2 * BATCH, late = 0;
	bool all, call;

	guest_start(&g, F_V1 | F_EVENT | F_EMPTY | features, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < BATCH; i++)
		desc_set(q, i, gpa_of(slot(0)), g.hdr_len, 0, 0);
	ring_call_at(q, (uint16_t)(TURN - 1));
	chains(q, 2 * BATCH);
	all = returned(q, 2 * BATCH);
	for (; done < TURN && all; done += BATCH) {
		event_clear(q->call);
		chains(q, BATCH);
		all = returned(q, BATCH);
		late += !event_wait(q->call, PATIENCE);
	}
	tap_ok(all && !late, "%u entries, each call because the ring is empty: %u missing", done,
	       late);
	sleep_ms(20);
	event_clear(q->call);
	ring_call_at(q, q->used_seen);
	atomic_thread_fence(memory_order_seq_cst);
	/* Behind it waits one that cannot be translated: the ring does not become empty. */
	desc_set(q, BATCH, 0x1000, 100, 0, 0);
	chains(q, BATCH + 1);
	call = event_wait(q->call, 1000);
	all = returned(q, BATCH);
	tap_ok(all && call, "then a call that the event index asks for, at %u: %s",
	       (unsigned int)q->used_seen, call ? "came" : "NEVER CAME");
	guest_stop(&g);
	tap_del(&t);
}

static void packed_bases(void)
{
	static const uint32_t base[] = {
		0x80008000, 0x00050005, 0x00000005, 0x80058000, 0x00050000,
		0x00000000, 0x80ff80ff, 0x00008001, 0x80000000, 0x80000003
	};

	guest_start(&g, F_V1 | F_PACKED, 256);
	tap_new(&t, "vl0", g.hdr_len);
	for (unsigned int i = 0; i < sizeof(base) / sizeof(*base); i++) {
		struct vhost_vring_state s = { TX, base[i] }, got = { TX, 0 };

		if (dev_ioctl(g.fd, VHOST_SET_VRING_BASE, &s) ||
		    dev_ioctl(g.fd, VHOST_GET_VRING_BASE, &got))
			tap_bail("VRING_BASE");
		tap_ok(got.num == base[i], "packed base %08x: %08x is reported", base[i], got.num);
		/* And nothing else after a backend was there. */
		if (ring_backend(&g.q[TX], t.fd) || ring_backend(&g.q[TX], -1) ||
		    dev_ioctl(g.fd, VHOST_GET_VRING_BASE, &got))
			tap_bail("backend");
		tap_ok(got.num == base[i], "packed base %08x: %08x after a backend", base[i],
		       got.num);
	}
	guest_stop(&g);
	tap_del(&t);
}

/* What a client says that knows the lower half only: the beginning of a new ring. */
static void packed_begin(void)
{
	struct ring *q = &g.q[TX];

	guest_start(&g, F_V1 | F_PACKED, 256);
	tap_new(&t, "vl0", g.hdr_len);
	tap_err(ring_state(q, VHOST_SET_VRING_BASE, 0x8000), 0, "packed base 8000: the lower half");
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100), "it is the beginning of the ring");
	guest_stop(&g);
	tap_del(&t);
}

/* A used position of 0 with wrap counter 0 is one: there the driver looks for what is used. */
static void packed_used_at_0(void)
{
	struct ring *q = &g.q[TX];
	const uint16_t bits = PACKED_AVAIL | PACKED_USED;
	struct vring_packed_desc *d;
	bool back = false;

	guest_start(&g, F_V1 | F_PACKED, 256);
	tap_new(&t, "vl0", g.hdr_len);
	if (ring_state(q, VHOST_SET_VRING_BASE, 5))
		tap_bail("SET_VRING_BASE");
	d = q->p.ring;
	/* What is used in the turn before, and one that is available in this one. */
	for (unsigned int i = 0; i < q->num; i++)
		d[i].flags = bits;
	memset(g.mem + slot(0), 0, g.hdr_len);
	frame_make(g.mem + slot(0) + g.hdr_len, 100, 1);
	d[5] = (struct vring_packed_desc){ gpa_of(slot(0)), g.hdr_len + 100, 9, PACKED_USED };
	guest_backend(&g, t.fd);
	ring_kick(q);
	for (int i = 0; i < PATIENCE && !back; i++) {
		sleep_ms(1);
		back = !(__atomic_load_n(&d[0].flags, __ATOMIC_ACQUIRE) & bits);
	}
	tap_ok(back && d[0].id == 9, "avail position 5, used position 0: used there");
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	empty_for_a_turn(0);
	if (is_ours()) {
		empty_for_a_turn(F_PACKED);
		packed_bases();
		packed_begin();
		packed_used_at_0();
	}
	return tap_done();
}
