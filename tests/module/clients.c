// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that introduce a device in another order than QEMU does, or leave
 * steps out: each must find a device that serves. An order is a list of
 * steps; what each client does is named beside it.
 */
#include <errno.h>
#include <string.h>

#include "nic.h"
#include "tap.h"

enum step {
	END,
	OWNER,
	FEATURES,
	TABLE,
	EACH, /* from here on: the steps of one queue, then of the other */
	NUM,
	BASE,
	ADDR,
	KICK,
	CALL,
	CALL_RX, /* a call eventfd for receive only */
	ERR,
	BOTH, /* back to steps of the device */
	BACKEND,
	BACKEND_TX_FIRST,
	RESET, /* RESET_OWNER, and the rings begin again */
	UNBIND,
};

struct client {
	const char *name;
	uint64_t features;
	enum step steps[40];
};

static const struct client all[] = {
	{ "QEMU: call and error before anything else",
	  F_V1 | F_MRG | F_EVENT,
	  { OWNER, EACH, CALL, ERR, BOTH, FEATURES, TABLE, EACH, NUM, BASE, ADDR, KICK, CALL, BOTH,
	    BACKEND } },
	{ "crosvm: error before the addresses, base after",
	  F_V1 | F_MRG | F_EVENT,
	  { OWNER, FEATURES, TABLE, EACH, NUM, ERR, ADDR, BASE, CALL, KICK, BOTH, BACKEND,
	    UNBIND } },
	{ "kvmtool: kick before number and addresses",
	  F_MRG,
	  { OWNER, TABLE, EACH, KICK, BOTH, FEATURES, EACH, NUM, BASE, ADDR, CALL, BOTH,
	    BACKEND } },
	{ "kvmtool: reset by RESET_OWNER alone, and again",
	  F_MRG,
	  { OWNER, TABLE,    EACH, KICK,    BOTH,  FEATURES, EACH,  NUM,  BASE,
	    ADDR,  CALL,     BOTH, BACKEND, RESET, OWNER,    TABLE, EACH, KICK,
	    BOTH,  FEATURES, EACH, NUM,	    BASE,  ADDR,     CALL,  BOTH, BACKEND } },
	{ "VPP: no base, no call eventfd for transmit",
	  F_V1 | F_MRG,
	  { OWNER, FEATURES, TABLE, EACH, NUM, ADDR, CALL_RX, KICK, BOTH, BACKEND } },
	{ "no eventfd but the kicks",
	  F_V1,
	  { OWNER, FEATURES, TABLE, EACH, NUM, ADDR, KICK, BOTH, BACKEND } },
	{ "kicks after the backend",
	  F_V1,
	  { OWNER, FEATURES, TABLE, EACH, NUM, BASE, ADDR, CALL, BOTH, BACKEND, EACH, KICK } },
	{ "features last",
	  F_V1 | F_MRG,
	  { OWNER, TABLE, EACH, NUM, BASE, ADDR, KICK, CALL, BOTH, FEATURES, BACKEND } },
	{ "features before the owner",
	  F_V1 | F_MRG,
	  { FEATURES, OWNER, TABLE, EACH, NUM, BASE, ADDR, KICK, CALL, BOTH, BACKEND } },
	{ "transmit first",
	  F_V1 | F_MRG,
	  { OWNER, FEATURES, TABLE, EACH, NUM, ADDR, KICK, CALL, BOTH, BACKEND_TX_FIRST } },
	{ "bound, unbound, bound again",
	  F_V1 | F_EVENT,
	  { OWNER, FEATURES, TABLE, EACH, NUM, BASE, ADDR, KICK, CALL, BOTH, BACKEND, UNBIND,
	    BACKEND } },
};

static struct guest g;
static struct tap tap;

static int ring_step(struct ring *q, enum step step)
{
	switch (step) {
	case NUM:
		return ring_state(q, VHOST_SET_VRING_NUM, 256);
	case BASE:
		return ring_state(q, VHOST_SET_VRING_BASE, 0);
	case ADDR:
		return ring_addr(q, g.mem, 0, 0);
	case KICK:
		return ring_fd(q, VHOST_SET_VRING_KICK, q->kick);
	case CALL:
		return ring_fd(q, VHOST_SET_VRING_CALL, q->call);
	case CALL_RX:
		return q->index == RX ? ring_fd(q, VHOST_SET_VRING_CALL, q->call) : 0;
	case ERR:
		return ring_fd(q, VHOST_SET_VRING_ERR, q->err);
	default:
		return -ENOSYS;
	}
}

static int reset(void)
{
	int err = dev_ioctl(g.fd, VHOST_RESET_OWNER, NULL);

	for (int i = 0; i < 2; i++) {
		struct ring *q = &g.q[i];

		memset(g.mem + q->index * RING_AREA, 0, RING_AREA);
		q->avail_idx = q->used_seen = 0;
	}
	return err;
}

static int device_step(enum step step)
{
	int err;

	switch (step) {
	case OWNER:
		return dev_ioctl(g.fd, VHOST_SET_OWNER, NULL);
	case FEATURES:
		return dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features);
	case TABLE:
		return guest_mem_table(&g, g.mem);
	case BACKEND:
		err = ring_backend(&g.q[RX], tap.fd);
		return err ?: ring_backend(&g.q[TX], tap.fd);
	case BACKEND_TX_FIRST:
		err = ring_backend(&g.q[TX], tap.fd);
		return err ?: ring_backend(&g.q[RX], tap.fd);
	case UNBIND:
		err = ring_backend(&g.q[RX], -1);
		return err ?: ring_backend(&g.q[TX], -1);
	case RESET:
		return reset();
	default:
		return -ENOSYS;
	}
}

/* The first failure, and which step it was. */
static int introduce(const struct client *c, unsigned int *at)
{
	int err = 0;

	for (*at = 0; c->steps[*at] != END && !err; ++*at) {
		unsigned int first = *at, last = first;

		if (c->steps[first] == BOTH)
			continue;
		if (c->steps[first] != EACH) {
			err = device_step(c->steps[first]);
			continue;
		}
		for (int q = 0; q < 2; q++)
			for (last = first;
			     c->steps[last + 1] != BOTH && c->steps[last + 1] != END && !err;
			     last++)
				err = ring_step(&g.q[q], c->steps[last + 1]);
		*at = last;
	}
	return err;
}

static void client(const struct client *c)
{
	unsigned int out = 0, in = 0, at;
	int err;

	guest_init(&g);
	g.features = c->features;
	g.hdr_len = c->features & (F_MRG | F_V1) ? 12 : 10;
	tap_new(&tap, "vl0", g.hdr_len);
	err = introduce(c, &at);
	if (!tap_err(err, 0, "%s: every step is taken", c->name))
		tap_note("step %u", at);
	/* crosvm ends with unbinding: that was the test. */
	if (at && c->steps[at - 1] == UNBIND)
		guest_backend(&g, tap.fd);
	for (uint32_t i = 0; i < 20; i++) {
		out += tx_one(&g, tap.far, i, 60 + i * 50);
		in += rx_one(&g, tap.far, 100 + i, 60 + i * 50);
	}
	tap_is(out, 20, "%s: transmit", c->name);
	tap_is(in, 20, "%s: receive", c->name);
	guest_stop(&g);
	tap_del(&tap);
}

/* Frames that are in the rings before the device knows of either. */
static void early(void)
{
	struct ring *tx = &g.q[TX], *rx = &g.q[RX];
	struct vring_used_elem e;
	uint8_t frame[200];

	guest_start(&g, F_V1, 256);
	tap_new(&tap, "vl0", g.hdr_len);
	memset(g.mem + slot(1), 0, 12);
	frame_make(g.mem + slot(1) + 12, sizeof(frame), 3);
	desc_set(tx, 0, gpa_of(slot(1)), 12 + sizeof(frame), 0, 0);
	ring_publish(tx, 0);
	ring_kick(tx);
	rx_post(&g, 0, SLOT_SIZE);
	frame_make(frame, sizeof(frame), 4);
	far_send(tap.far, frame, sizeof(frame));
	guest_backend(&g, tap.fd);
	tap_ok(ring_wait(tx, 5000) && ring_take(tx, &e) &&
		       far_recv(tap.far, frame, sizeof(frame), 5000) == sizeof(frame) &&
		       frame_check(frame, sizeof(frame)) == 3,
	       "kicked before the backend: the frame goes out");
	tap_ok(ring_wait(rx, 5000) && ring_take(rx, &e) &&
		       frame_check(g.mem + slot(0) + 12, sizeof(frame)) == 4,
	       "sent before the backend: the frame comes in");
	guest_stop(&g);
	tap_del(&tap);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		client(&all[i]);
	early();
	return tap_done();
}
