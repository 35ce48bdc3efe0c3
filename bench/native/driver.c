// SPDX-License-Identifier: GPL-2.0-only
/* The driver's half of the native rig: see driver.h. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "lib/frame.h"

/* Buffers that are taken in one go, as NAPI's weight has it. */
#define TAKE 64
/* What Linux copies of a received frame into the head of its skb, in bytes. */
#define HEAD_COPY 128

int driver_open(struct driver *d, const struct options *o)
{
	int rc;

	memset(d, 0, sizeof(*d));
	d->o = o;
	d->own = *o;
	d->room = o->ring / tx_descs(o);
	d->own.burst = d->room;
	rc = guest_open(&d->guest, &d->own);
	if (rc)
		return rc;
	d->slots = calloc(d->room, sizeof(*d->slots));
	d->frame = aligned_alloc(64, (FRAME_MAX + 64) & ~63UL);
	if (!d->slots || !d->frame)
		return fail(RC_FAIL, "out of memory: driver: give the machine more");
	for (unsigned int i = 0; i < d->room; i++)
		d->slots[d->unused++] = d->room - 1 - i;
	frame_fill(d->frame, o->size, tap_mac, guest_mac, 0);
	for (int q = 0; q < QUEUES; q++) {
		vring_mute(&d->guest.ring[q]);
		d->muted[q] = true;
	}
	return RC_OK;
}

void driver_close(struct driver *d)
{
	guest_close(&d->guest);
	free(d->slots);
	free(d->frame);
}

void driver_describe(struct driver *d, struct rig_setup *s)
{
	s->mem = d->guest.mem;
	s->bytes = d->guest.bytes;
	s->gpa = GUEST_GPA;
	for (int q = 0; q < QUEUES; q++) {
		memcpy(s->area[q], d->guest.ring[q].area, sizeof(s->area[q]));
		s->call[q] = &d->call[q];
	}
}

static void mute(struct driver *d, unsigned int q)
{
	if (d->muted[q])
		return;
	vring_mute(&d->guest.ring[q]);
	d->muted[q] = true;
}

/* True: what was asked for is there already, and no call may come. */
static bool arm(struct driver *d, unsigned int q, unsigned int count)
{
	d->muted[q] = false;
	return vring_arm(&d->guest.ring[q], count);
}

static void kick(struct driver *d, unsigned int q)
{
	if (!vring_need_kick(&d->guest.ring[q]))
		return;
	d->kicks++;
	doorbell_ring(&d->kick[q]);
}

/* Waits for a call of queue @q, which was asked for. */
static int await(struct driver *d, unsigned int q)
{
	uint64_t from = d->timed ? __rdtsc() : 0;

	while (!doorbell_heard(&d->call[q], &d->heard[q])) {
		if (watch_stop)
			return RC_FAIL;
		d->wait();
	}
	if (d->timed)
		d->waited += __rdtsc() - from;
	return RC_OK;
}

/* Frees what was sent and is used. */
static int reap(struct driver *d)
{
	uint32_t cookie, len;
	int got;

	while ((got = vring_get_used(&d->guest.ring[QUEUE_TX], &cookie, &len)) > 0) {
		if (cookie >= d->room || d->unused == d->room)
			return fail(RC_FAIL, "used ring: transmit: a buffer that was not given");
		d->slots[d->unused++] = cookie;
	}
	return got < 0 ? fail(RC_FAIL, "used ring: transmit: nonsense") : RC_OK;
}

/* Waits until @count of what is under way are used. */
static int await_used(struct driver *d, unsigned int count)
{
	int rc = RC_OK;

	while (!rc && !arm(d, QUEUE_TX, count)) {
		rc = await(d, QUEUE_TX);
		/* The count may have been asked for when less was under way. */
		if (vring_used_pending(&d->guest.ring[QUEUE_TX]) >= count)
			break;
	}
	mute(d, QUEUE_TX);
	return rc ? rc : reap(d);
}

static unsigned int most_of(unsigned int n)
{
	return (n * 3 + 3) / 4;
}

static inline void write_frame(struct driver *d, unsigned int slot)
{
	char *frame = guest_tx_frame(&d->guest, slot);

	memset(frame - d->guest.hlen, 0, d->guest.hlen);
	if (d->o->sink == SINK_CHECK)
		frame_fill(frame, d->o->size, tap_mac, guest_mac, d->sent);
	else if (d->o->copy)
		memcpy(frame, d->frame, d->o->size);
}

int driver_send(struct driver *d, unsigned int frames)
{
	struct vring_driver *v = &d->guest.ring[QUEUE_TX];
	bool each = d->o->publish == PUBLISH_EACH;
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < frames; i++) {
		if (each || !i) {
			mute(d, QUEUE_TX);
			rc = reap(d);
		}
		if (!rc && !d->unused) {
			vring_publish(v);
			kick(d, QUEUE_TX);
			rc = await_used(d, most_of(d->room));
		}
		if (rc)
			return rc;
		if (each && i + 1 == frames && d->unused < d->room)
			arm(d, QUEUE_TX, most_of(d->room - d->unused));
		write_frame(d, d->slots[--d->unused]);
		if (!guest_tx_add(&d->guest, d->slots[d->unused]))
			return fail(RC_FAIL, "ring full: transmit: buffers are missing in it");
		d->sent++;
		if (each)
			vring_publish(v);
	}
	vring_publish(v);
	kick(d, QUEUE_TX);
	return RC_OK;
}

int driver_settle(struct driver *d)
{
	int rc = reap(d);

	while (!rc && d->unused < d->room)
		rc = await_used(d, d->room - d->unused);
	return rc;
}

/* What a driver does with a frame: it reads its head; or all of it is compared. */
static void read_frame(struct driver *d, const struct rx_frame *f)
{
	uint64_t seq;

	if (d->o->sink == SINK_CHECK) {
		guest_rx_copy(&d->guest, f, d->frame);
		if (!frame_number(d->frame, f->bytes, &seq) ||
		    !frame_intact(d->frame, f->bytes, d->o->size,
				  d->o->workload == WORK_RR ? tap_mac : guest_mac,
				  d->o->workload == WORK_RR ? guest_mac : tap_mac, seq))
			d->corrupt++;
		else
			d->misordered += seq != d->received;
	} else if (d->o->copy) {
		uint32_t head = f->bytes < HEAD_COPY ? f->bytes : HEAD_COPY;

		memcpy(d->frame, guest_rx_head(&d->guest, f), head);
		/* So that the copy is made. */
		__asm__ __volatile__("" ::"r"(d->frame) : "memory");
	}
	d->received++;
}

static int give_back(struct driver *d)
{
	struct vring_driver *v = &d->guest.ring[QUEUE_RX];

	for (unsigned int i = 0; i < d->n_held; i++) {
		if (!guest_rx_add(&d->guest, d->held[i]))
			return fail(RC_FAIL, "ring full: receive: buffers are missing in it");
		if (d->o->publish == PUBLISH_EACH)
			vring_publish(v);
	}
	vring_publish(v);
	kick(d, QUEUE_RX);
	d->n_held = 0;
	return RC_OK;
}

int driver_receive(struct driver *d, uint64_t frames)
{
	uint64_t until = d->received + frames;
	int rc = RC_OK, got = 0;
	struct rx_frame f;

	while (!rc && d->received < until) {
		unsigned int n = 0;

		while (n < TAKE && d->received < until &&
		       (got = guest_rx_take(&d->guest, &f)) > 0) {
			read_frame(d, &f);
			for (unsigned int i = 0; i < f.pieces; i++)
				d->held[d->n_held++] = f.cookie[i];
			n++;
		}
		if (got < 0)
			return fail(RC_FAIL, "used ring: receive: nonsense");
		if (d->n_held > d->o->ring / 2 || (d->n_held && d->o->publish == PUBLISH_BURST))
			rc = give_back(d);
		if (rc || n || d->received == until)
			continue;
		if (!arm(d, QUEUE_RX, 1))
			rc = await(d, QUEUE_RX);
		mute(d, QUEUE_RX);
	}
	return rc;
}
