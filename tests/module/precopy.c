// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log as migration uses it, under traffic both ways: the place of
 * the log moves and the old one is unused when the ioctl returns, and yet no
 * page is forgotten; and a copy of memory that is made page by page from what
 * the log names is the memory in the end.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dirty.h"
#include "nic.h"
#include "places.h"
#include "tap.h"
#include "traffic.h"

#define BETWEEN 20u /* frames that must pass between two looks */

static struct guest g;
static struct places places;
static struct traffic tr;
static struct tap tap;

/* A device that logs from before its first frame on, and its traffic. */
static void start(const uint8_t *log, uint64_t features)
{
	uint64_t logged = features | F_LOG;

	guest_start(&g, features, TRAFFIC_NUM);
	tap_new(&tap, "vl0", g.hdr_len);
	places_init(&places, &g, GUEST_MEM, 7);
	if (places_set_table(&places, 0) || places_set_rings(&places, 0) || log_base(&g, log) ||
	    dev_ioctl(g.fd, VHOST_SET_FEATURES, &logged))
		tap_bail("log");
	dirty_clear();
	guest_backend(&g, tap.fd);
	traffic_start(&tr, &g, &tap, &tap);
	/* The device alone writes to receive buffers. */
	tr.scribble = false;
}

static void stop(void)
{
	traffic_stop(&tr);
	guest_stop(&g);
	places_free(&places);
	tap_del(&tap);
}

static void log_moves(uint64_t features, const char *what, unsigned int times)
{
	uint8_t *all = log_new(), *log = log_new(), *next;
	bool flows = true;
	unsigned int i;
	int err = 0;

	start(log, features);
	for (i = 0; i < times && flows && !err; i++) {
		flows = traffic_flows(&tr, BETWEEN);
		next = log_new();
		err = log_base(&g, next);
		for (size_t k = 0; k < LOG_BYTES; k++)
			all[k] |= log[k];
		log_free(log);
		log = next;
	}
	tap_err(err, 0, "%s: the log is moved %u times", what, times);
	tap_ok(flows, "%s: traffic flows between them", what);
	traffic_verdict(&tr, what);
	guest_backend(&g, -1);
	for (size_t k = 0; k < LOG_BYTES; k++)
		all[k] |= log[k];
	dirty_compare(&places, all, 0, 0, what);
	stop();
	log_free(log);
	log_free(all);
}

/* Takes what the log names, clears it there, copies these pages. */
static unsigned int copy_named(uint8_t *copy, uint8_t *log)
{
	uint64_t *words = (uint64_t *)(void *)log;
	unsigned int n = 0;

	for (uint64_t w = GUEST_GPA / LOG_PAGE / 64; w < (GUEST_GPA + GUEST_MEM) / LOG_PAGE / 64;
	     w++) {
		uint64_t bits = __atomic_exchange_n(&words[w], 0, __ATOMIC_SEQ_CST);

		for (; bits; bits &= bits - 1, n++) {
			uint64_t page = w * 64 + (uint64_t)__builtin_ctzll(bits);
			size_t off = page * LOG_PAGE - GUEST_GPA;

			memcpy(copy + off, g.mem + off, LOG_PAGE);
		}
	}
	return n;
}

/* The driver's own writes: a hypervisor learns of these from elsewhere. */
static bool drivers_page(size_t off)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct ring *q = &g.q[i];

		if (off >= q->off_desc && off < q->off_used)
			return true;
	}
	return off >= traffic_buffer(TX, 0) / LOG_PAGE * LOG_PAGE;
}

static uint8_t copy[GUEST_MEM];
static atomic_uint looks, pages; /* how often the log was looked at, what it named */
static atomic_bool over;

static void *copier(void *log)
{
	while (!over) {
		pages += copy_named(copy, log);
		looks++;
	}
	return NULL;
}

/* Waits until all that is written now has been copied. */
static void copied(void)
{
	unsigned int before;

	/* The worker holds a queue while it writes to it and to the log. */
	ring_base(&g.q[RX]);
	ring_base(&g.q[TX]);
	before = looks;
	while (looks < before + 2)
		sched_yield();
}

/*
 * The log is looked at without a pause, so that a bit that is set before the
 * write it stands for is seen too early, and with it the page.
 */
static void copies(uint64_t features, const char *what, unsigned int times)
{
	uint8_t *log = log_new();
	unsigned int i, differ = 0, compared = 0;
	bool flows = true;
	pthread_t thread;

	start(log, features);
	memcpy(copy, g.mem, GUEST_MEM);
	over = false;
	looks = pages = 0;
	if (pthread_create(&thread, NULL, copier, log))
		tap_bail("threads");
	for (i = 0; i < times && flows && !differ; i++) {
		flows = traffic_flows(&tr, BETWEEN) && traffic_settle(&tr);
		copied();
		for (size_t off = 0; off < GUEST_MEM; off += LOG_PAGE) {
			if (drivers_page(off))
				continue;
			compared++;
			differ += memcmp(copy + off, g.mem + off, LOG_PAGE) != 0;
		}
	}
	tap_ok(flows, "%s: traffic flows, and rests %u times", what, times);
	tap_is(differ, 0, "%s: the copy is the memory (%u looks, %u pages copied, %u compared)",
	       what, looks, pages, compared);
	traffic_verdict(&tr, what);
	over = true;
	pthread_join(thread, NULL);
	stop();
	log_free(log);
}

int main(int argc, char **argv)
{
	unsigned int times;

	guest_args(argc, argv);
	times = rounds ?: 200;
	net_private();
	if (!dirty_works()) {
		tap_skip(1, "this kernel does not mark written pages (MEM_SOFT_DIRTY)", "precopy");
		return tap_done();
	}
	log_moves(F_V1 | F_MRG | F_EVENT, "log moves, event index", times);
	log_moves(F_V1 | F_MRG, "log moves, flags", times);
	copies(F_V1 | F_MRG | F_EVENT, "copy, event index", times / 4);
	copies(F_V1 | F_MRG, "copy, flags", times / 4);
	return tap_done();
}
