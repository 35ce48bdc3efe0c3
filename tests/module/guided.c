// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients and guests that coverage guides: an input is a string of bytes that lib/script.c plays.
 * An input that makes the module execute code that none before it did is kept, and others are made
 * of it: bytes changed, inserted, taken out, doubled, joined with those of another one. So a case
 * that takes several steps is found one step at a time, where dice (fuzz.c) would have to roll all
 * of them at once. What has to hold: the kernel lives and says nothing, and the next client is
 * served.
 *
 * --rounds is the number of inputs, --seed what they begin with.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "oddguest.h"
#include "script.h"
#include "tap.h"

#define SHORT 400u /* inputs of the short run */
#define FIRST 40u /* inputs before the first that is made of others */
#define KEPT  4096u
#define WORDS (1u << 17)

static struct input {
	size_t n;
	uint8_t bytes[SCRIPT_MOST];
} kept[KEPT];
static unsigned int n_kept;

/*
 * What to begin with. Behind knobs, features and ring size: a frame that is sent from two
 * descriptors, itself or a table of which is changed; one that is received; an avail index.
 */
#define BEGIN(features) 0, 0, 0, 0, 0, 0, 0, (features)&0xff, (features) >> 8, 6
#define SEND(changes)	1, 0, 0, 1, 0, 1, 2, 0, 1, 1, changes
#define TABLE(changes)	1, 0, 0, 0, 0, 1, 2, 0, 1, 1, changes, 0, 1
#define RECEIVE		0, 5, 1, 2, 1, 3, 0, 0, 0, 2, 1
#define JUMP		1, 6, 1, 1, 5, 1, 8
static const uint8_t known[][64] = {
	{ BEGIN(0x01), SEND(0), RECEIVE, SEND(0), RECEIVE },
	{ BEGIN(0x0f), SEND(0), TABLE(0), RECEIVE, SEND(0) },
	{ BEGIN(0x1f), SEND(0), TABLE(0), RECEIVE, SEND(0) },
	{ BEGIN(0x01), SEND(2), 0, 3, 0, 0 }, /* its own successor */
	{ BEGIN(0x01), SEND(2), 1, 1, 1, 14 }, /* a length of 16 MiB */
	{ BEGIN(0x01), SEND(0), JUMP },
	{ BEGIN(0x101), 0, 1, 1, SEND(0), RECEIVE }, /* behind an IOTLB */
};
#define KNOWN (sizeof(known) / sizeof(*known))

static struct coverage_area own, workers;
static struct coverage_set all;

/* Adds what an input executed: how much of it is new. Its runs have ended. */
static unsigned int play(const struct input *in)
{
	script_run(in->bytes, in->n);
	return coverage_take(&own, &all) + coverage_take(&workers, &all);
}

static void random_bytes(struct dice *d, uint8_t *to, size_t n)
{
	while (n--)
		*to++ = (uint8_t)roll(d);
}

/* Makes room for n bytes at a place, as far as an input may have more. */
static size_t widen(struct input *in, size_t where, size_t n)
{
	n = in->n + n > SCRIPT_MOST ? SCRIPT_MOST - in->n : n;
	memmove(in->bytes + where + n, in->bytes + where, in->n - where);
	in->n += n;
	return n;
}

static void mutate(struct dice *d, struct input *in)
{
	const struct input *other = &kept[below(d, n_kept)];
	size_t where = below(d, in->n), n = 1 + below(d, 16), from;

	switch (below(d, 7)) {
	case 0:
		in->bytes[where] ^= (uint8_t)(1u << below(d, 8));
		break;
	case 1:
		in->bytes[where] = (uint8_t)roll(d);
		break;
	case 2:
		in->bytes[where] = (uint8_t)(in->bytes[where] + below(d, 9) - 4);
		break;
	case 3:
		n = widen(in, where, n);
		random_bytes(d, in->bytes + where, n);
		break;
	case 4:
		n = n > in->n - where ? in->n - where : n;
		if (n == in->n)
			break;
		memmove(in->bytes + where, in->bytes + where + n, in->n - where - n);
		in->n -= n;
		break;
	case 5:
		/* What is there once more. */
		n = n > in->n - where ? in->n - where : n;
		n = widen(in, where, n);
		memmove(in->bytes + where, in->bytes + where + n, n);
		break;
	default:
		/* The end of another one in place of this one's. */
		from = below(d, other->n);
		n = other->n - from;
		n = n > SCRIPT_MOST - where ? SCRIPT_MOST - where : n;
		memcpy(in->bytes + where, other->bytes + from, n);
		in->n = where + n;
		break;
	}
}

static void next(struct dice *d, struct input *in)
{
	/* Those that were kept last have been changed least. */
	unsigned int newest = n_kept < 32 ? n_kept : 32;

	*in = kept[one_in(d, 2) ? n_kept - 1 - below(d, newest) : below(d, n_kept)];
	for (unsigned int n = 1 + (unsigned int)below(d, 6); n; n--)
		mutate(d, in);
}

/* Whether a queue of that model reports what it executes, in a thread that is not this one. */
static void reported(const char *model)
{
	static struct coverage_set found;
	struct guest g;
	struct tap t;

	if (knob("worker", model))
		tap_bail("worker=%s", model);
	guest_start(&g, F_V1, 64);
	tap_new(&t, "guided", 12);
	guest_backend(&g, t.fd);
	coverage_take(&workers, &found);
	memset(&found, 0, sizeof(found));
	if (!tx_one(&g, t.far, 1, 200))
		tap_note("worker=%s: no frame", model);
	ring_backend(&g.q[TX], -1);
	coverage_take(&workers, &found);
	guest_stop(&g);
	tap_del(&t);
	tap_ok(found.n > 50, "worker=%s: its runs are covered", model);
	tap_note("%u addresses", found.n);
}

static void search(unsigned int count)
{
	static struct input in;
	unsigned int first = 0;
	struct dice d = { .state = seed };

	for (unsigned int i = 0; i < count; i++) {
		if (i < KNOWN) {
			in.n = sizeof(known[i]);
			memcpy(in.bytes, known[i], in.n);
			/* Zeros are what is read behind the end. */
			while (!in.bytes[in.n - 1])
				in.n--;
		} else if (i < FIRST) {
			in.n = 24 + below(&d, 64);
			random_bytes(&d, in.bytes, in.n);
		} else {
			next(&d, &in);
		}
		if (play(&in) && n_kept < KEPT)
			kept[n_kept++] = in;
		if (i + 1 == FIRST)
			first = all.n;
		if (!((i + 1) % 200))
			tap_note("%u inputs, %u kept, %u addresses", i + 1, n_kept, all.n);
	}
	if (count <= FIRST) {
		tap_skip(1, "all inputs are first ones: --rounds", "inputs made of others");
		return;
	}
	tap_ok(all.n > first + first / 100,
	       "inputs made of others reach more than the first ones: %u, then %u", first, all.n);
}

/* Its own area takes what this thread executes, and the other one what workers do for it. */
static void *client(void *arg)
{
	static const char *const models[] = { "device", "queue", "workqueue", "shared" };
	int err = coverage_own(&own);

	(void)arg;
	if (err)
		tap_bail("KCOV_ENABLE: %s", strerror(-err));
	script_begin();
	for (unsigned int i = 0; i < sizeof(models) / sizeof(*models); i++)
		reported(models[i]);
	search(rounds ? rounds : SHORT);
	script_end();
	return NULL;
}

int main(int argc, char **argv)
{
	const char *missing, *file = getenv("VHOSTLAB_COVERAGE");
	pthread_t thread;
	struct tap t;
	int err;

	guest_args(argc, argv);
	net_private();
	missing = is_ours() ? coverage_missing() : "the in-tree module is not covered";
	if (missing) {
		tap_skip(1, missing, "inputs by coverage");
		return tap_done();
	}
	if (!coverage_open(&own, WORDS) || !coverage_open(&workers, WORDS))
		tap_bail("KCOV: %s", strerror(errno));
	err = coverage_workers(&workers);
	if (err)
		tap_bail("KCOV_REMOTE_ENABLE: %s", strerror(-err));
	/* A thread is either traced itself or the one that workers report to. */
	if (pthread_create(&thread, NULL, client, NULL) || pthread_join(thread, NULL))
		tap_bail("no thread");
	tap_note("figures: inputs=%lu ioctls=%lu accepted=%lu messages=%lu chains=%lu "
		 "mutations=%lu kicks=%lu frames_sent=%lu kept=%u addresses=%u",
		 script_totals.inputs, anything.totals->ioctls, anything.totals->accepted,
		 anything.totals->messages, odd_totals.chains, odd_totals.mutations,
		 script_totals.kicks, script_totals.frames, n_kept, all.n);
	tap_new(&t, "guided", 12);
	tap_ok(next_served(&t), "the next client is served");
	tap_del(&t);
	if (file && !coverage_write(&all, file))
		tap_bail("%s: %s", file, strerror(errno));
	return tap_done();
}
