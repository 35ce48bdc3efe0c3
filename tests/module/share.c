// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest beside a hostile one: how long each of its frames takes while the other floods, shows
 * tables of empty descriptors, frames in a thousand pieces or buffers of a byte, never gives
 * buffers, or always fails and starts again. All on one processor, so that what the hostile one's
 * queues take is missing for the other. Would fail if: a frame of the guest did not come back, or
 * waited longer than LIMIT_MS of the instruction clock; on the wall clock that is printed only.
 *
 * --rounds is the number of frames beside each.
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
#define FRAMES	 20u
#define MOST	 10000u
#define PATIENCE 20000
#define LIMIT_MS 10 /* more than twice what the longest takes */
#define PIECES	 1024u
#define EMPTY	 65536u

static struct guest good, bad;
static struct tap taps[2];
static atomic_bool over;
static atomic_ulong restarts; /* of the hostile guest's queues */

static void table_of(unsigned int n, uint32_t len, uint16_t dir)
{
	struct vring_desc *table = (void *)(bad.mem + BIG);

	for (unsigned int i = 0; i < n; i++)
		table[i] = (struct vring_desc){ gpa_of(slot(0)), len, dir | (i + 1 < n ? NEXT : 0),
						(uint16_t)(i + 1) };
}

/* The same buffer in every descriptor of a ring. */
static void show(struct ring *q, uint64_t gpa, uint32_t len, uint16_t flags)
{
	for (uint16_t i = 0; i < q->num; i++)
		desc_set(q, i, gpa, len, flags, 0);
}

static void flood(void)
{
	memset(bad.mem + slot(0), 0, 12);
	frame_make(bad.mem + slot(0) + 12, 60, 1);
	show(&bad.q[TX], gpa_of(slot(0)), 72, 0);
}

static void long_frames(void)
{
	memset(bad.mem + BIG, 0, 12);
	frame_make(bad.mem + BIG + 12, 60000, 1);
	show(&bad.q[TX], gpa_of(BIG), 60012, 0);
}

static void empty(void)
{
	table_of(EMPTY, 0, 0);
	((struct vring_desc *)(void *)(bad.mem + BIG))[EMPTY - 1].len = 112;
	show(&bad.q[TX], gpa_of(BIG), EMPTY * 16, INDIRECT);
}

static void pieces(void)
{
	table_of(PIECES, 1, 0);
	show(&bad.q[TX], gpa_of(BIG), PIECES * 16, INDIRECT);
}

static void fails(void)
{
	show(&bad.q[TX], 16, 72, 0);
}

static void loops(void)
{
	show(&bad.q[TX], gpa_of(slot(0)), 0, NEXT);
}

/* None is shown; the far end's frames wait for them. */
static void no_buffers(void)
{
}

static void bytes(void)
{
	show(&bad.q[RX], gpa_of(slot(0)), 1, WRITE);
}

/* The hostile guest: its rings are full again whenever the device has emptied them. */
static void *vcpu(void *arg)
{
	struct ring *q = &bad.q[TX];
	uint8_t frame[1400];

	(void)arg;
	frame_make(frame, sizeof(frame), 1);
	while (!over) {
		for (unsigned int i = 0; i < 2; i++) {
			struct vring_used_elem e;

			q = &bad.q[i];
			if (!q->desc[0].flags && !q->desc[0].len)
				continue;
			while (ring_take(q, &e))
				;
			while ((uint16_t)(q->avail_idx - q->used_seen) < q->num)
				ring_publish(q, (uint16_t)(q->avail_idx & (q->num - 1)));
			ring_kick(q);
			if (event_wait(q->err, 0)) {
				uint16_t idx = q->avail_idx;

				event_clear(q->err);
				ring_backend(q, -1);
				ring_state(q, VHOST_SET_VRING_BASE, idx);
				q->used->idx = q->used_seen = idx;
				ring_backend(q, taps[1].fd);
				restarts++;
			}
		}
		/* For the receive queue. */
		for (unsigned int i = 0; i < 32; i++)
			far_send(taps[1].far, frame, sizeof(frame));
		usleep(200);
	}
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const char *model, const char *what, unsigned int frames)
{
	static uint64_t took[MOST];
	const char *clock = getenv("VHOSTLAB_CLOCK");
	struct ring *q = &good.q[TX];
	unsigned int n;

	for (n = 0; n < frames; n++) {
		uint64_t begin;

		event_clear(q->call);
		begin = now_ns();
		desc_set(q, 0, gpa_of(slot(0)), 72, 0, 0);
		ring_publish(q, 0);
		ring_kick(q);
		if (used_idx(q) == q->used_seen)
			event_wait(q->call, PATIENCE);
		if (used_idx(q) == q->used_seen)
			break;
		took[n] = now_ns() - begin;
		q->used_seen = used_idx(q);
		usleep(100);
	}
	tap_is(n, frames, "%s, %s: every frame of the other guest is served", model, what);
	qsort(took, n, sizeof(*took), ascending);
	if (clock && !strcmp(clock, "insn") && n)
		tap_ok(took[n - 1] < LIMIT_MS * 1000000ULL, "%s, %s: within %d ms", model, what,
		       LIMIT_MS);
	if (n)
		tap_note("share: server=%s beside=%s frames=%u median_us=%.1f p99_us=%.1f "
			 "longest_us=%.1f restarts=%lu",
			 model, what, n, (double)took[n / 2] / 1000,
			 (double)took[n - 1 - n / 100] / 1000, (double)took[n - 1] / 1000,
			 restarts);
}

static void beside(const char *model, const char *what, void (*shows)(void), unsigned int frames)
{
	pthread_t thread;

	guest_start(&good, F_V1, 256);
	guest_start(&bad, F_V1 | F_MRG | F_INDIRECT, 1024);
	guest_backend(&good, taps[0].fd);
	memset(good.mem + slot(0), 0, 12);
	frame_make(good.mem + slot(0) + 12, 60, 1);
	restarts = 0;
	over = false;
	if (shows) {
		shows();
		guest_backend(&bad, taps[1].fd);
		if (pthread_create(&thread, NULL, vcpu, NULL))
			tap_bail("thread");
	}
	/* The hostile guest first. */
	sleep_ms(20);
	measure(model, what, frames);
	over = true;
	if (shows)
		pthread_join(thread, NULL);
	guest_stop(&good);
	guest_stop(&bad);
}

int main(int argc, char **argv)
{
	static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };
	static const struct {
		const char *what;
		void (*shows)(void);
	} kinds[] = {
		{ "nothing", NULL },
		{ "frames-without-end", flood },
		{ "frames-of-60000-bytes", long_frames },
		{ "frames-in-1024-pieces", pieces },
		{ "tables-of-65536-empty-descriptors", empty },
		{ "chains-that-loop", loops },
		{ "addresses-that-fail", fails },
		{ "receive-buffers-of-a-byte", bytes },
		{ "no-receive-buffers", no_buffers },
	};
	unsigned int frames;

	guest_args(argc, argv);
	net_private();
	frames = rounds ? rounds : FRAMES;
	frames = frames > MOST ? MOST : frames;
	task_pin(0, 0);
	tap_new(&taps[0], "share0", 12);
	tap_new(&taps[1], "share1", 12);
	for (unsigned int m = 0; m < (is_ours() ? 5 : 1); m++) {
		if (is_ours())
			knob("worker", models[m]);
		for (unsigned int k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			beside(is_ours() ? models[m] : "intree", kinds[k].what, kinds[k].shows,
			       frames);
	}
	if (is_ours())
		knob("worker", "device");
	tap_del(&taps[0]);
	tap_del(&taps[1]);
	return tap_done();
}
