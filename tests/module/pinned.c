// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_access=pinned: rings mapped into the kernel while their owner does with
 * the memory behind them what it likes, without telling the device. Would fail
 * if: the device went on with pages that are no longer there, a run in the
 * middle of such a change wrote to them, or pages stayed pinned.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

static struct guest g;
static struct tap t;
static uint64_t layout; /* F_PACKED or 0 */

/* Pages the kernel says are pinned in our address space, in KiB. */
static long pinned(void)
{
	char line[200];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmPin: %ld kB", &kib);
	if (f)
		fclose(f);
	return kib;
}

static unsigned int both_ways(unsigned int n)
{
	unsigned int good = 0;

	for (uint32_t i = 0; i < n; i++) {
		good += tx_one(&g, t.far, i, 60 + i * 7);
		good += rx_one(&g, t.far, 1000 + i, 60 + i * 7);
	}
	return good;
}

static void begin(uint64_t features)
{
	knob("ring_access", "pinned");
	guest_start(&g, features | layout, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	stats_find();
}

static void end(void)
{
	guest_stop(&g);
	tap_del(&t);
	knob("ring_access", "uaccess");
}

/* The value of avail_event when the device asks for a kick for the frame after @frames. */
static uint16_t next_kick(uint16_t frames)
{
	uint16_t first_turn = 1u << VRING_PACKED_EVENT_F_WRAP_CTR;

	return layout ? (frames | first_turn) ^ VRING_PACKED_EVENT_FLAG_DESC : frames;
}

static void mapped(void)
{
	begin(F_V1 | F_MRG | F_EVENT);
	tap_is(both_ways(30), 60, "30 frames each way");
	sleep_ms(20);
	tap_is(avail_event(&g.q[TX]), next_kick(30), "the next kick is asked for in the ring");
	tap_is(stat_of("tx", "pins"), 1, "the transmit ring was mapped once");
	tap_is(stat_of("rx", "pins"), 1, "the receive ring too");
	tap_ok(pinned() > 0, "the kernel shows pinned pages: %ld KiB", pinned());
	ring_backend(&g.q[TX], -1);
	ring_backend(&g.q[RX], -1);
	tap_is(pinned(), 0, "none without a backend");
	guest_backend(&g, t.fd);
	tap_is(both_ways(5), 10, "5 more each way with one");
	end();
	tap_is(pinned(), 0, "none when the device is closed");
}

/* Other pages, with the same content, appear where the rings are. */
static void *replace(size_t len)
{
	void *old = malloc(len), *now;

	memcpy(old, g.mem, len);
	now = mmap(g.mem, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0);
	if (now == MAP_FAILED)
		tap_bail("mmap");
	memcpy(g.mem, old, len);
	free(old);
	return now;
}

static void replaced(void)
{
	size_t len = 2 * RING_AREA;
	uint8_t *was, *copy = malloc(len);

	begin(F_V1 | F_MRG | F_EVENT);
	tap_is(both_ways(10), 20, "before the rings' pages are replaced");
	/* The old pages, as the memory's file still has them. */
	was = mmap(NULL, len, PROT_READ, MAP_SHARED, g.memfd, 0);
	for (unsigned int i = 0; i < 5; i++) {
		replace(len);
		if (!i)
			memcpy(copy, was, len);
		tap_is(both_ways(10), 20, "after replacement %u", i + 1);
	}
	tap_ok(!memcmp(copy, was, len), "nothing was written to the pages of before");
	sleep_ms(50);
	both_ways(1);
	tap_ok(stat_of("tx", "unpins") > 0 && stat_of("tx", "pins") > 1,
	       "it was noticed, and the new pages were mapped");
	munmap(was, len);
	free(copy);
	end();
}

static void unmapped(void)
{
	long long errors;

	begin(F_V1 | F_MRG | F_EVENT);
	tap_is(both_ways(10), 20, "before the rings are taken away");
	errors = stat_errors();
	if (mprotect(g.mem, 2 * RING_AREA, PROT_NONE))
		tap_bail("mprotect");
	ring_kick(&g.q[TX]);
	sleep_ms(100);
	tap_ok(stat_errors() > errors, "a ring that is not accessible is reported");
	if (mprotect(g.mem, 2 * RING_AREA, PROT_READ | PROT_WRITE))
		tap_bail("mprotect");
	ring_repair(&g.q[TX], t.fd);
	ring_repair(&g.q[RX], t.fd);
	tap_is(both_ways(10), 20, "and serves again when it is");
	end();
}

/* A child has what its parent had; what the device does next is the parent's. */
static void forked(void)
{
	int status = -1;
	pid_t pid;

	begin(F_V1 | F_MRG);
	tap_is(both_ways(10), 20, "before a fork");
	pid = fork();
	if (!pid) {
		sleep_ms(100);
		_exit(0);
	}
	tap_is(both_ways(10), 20, "with a child");
	waitpid(pid, &status, 0);
	tap_is(both_ways(10), 20, "when it has ended");
	end();
}

static atomic_bool stop;

/* Gives the rings' memory other protections all the time: each is a change. */
static void *unrest(void *arg)
{
	unsigned long *n = arg;

	for (*n = 0; !stop; (*n)++) {
		/* Readable and writable before and after: only the kernel's entries change. */
		madvise(g.mem, 2 * RING_AREA, MADV_COLD);
		mprotect(g.mem, 2 * RING_AREA, PROT_READ | PROT_WRITE | PROT_EXEC);
		mprotect(g.mem, 2 * RING_AREA, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

static void restless(void)
{
	unsigned long changes = 0;
	unsigned int good;
	pthread_t thread;

	begin(F_V1 | F_MRG | F_EVENT);
	stop = false;
	if (pthread_create(&thread, NULL, unrest, &changes))
		tap_bail("pthread_create");
	good = both_ways(200);
	stop = true;
	pthread_join(thread, NULL);
	tap_is(good, 400, "200 frames each way while the memory changes %lu times", changes);
	end();
}

static void each(uint64_t which)
{
	layout = which;
	tap_note("%s rings", layout ? "packed" : "split");
	mapped();
	replaced();
	unmapped();
	forked();
	restless();
	tap_is(pinned(), 0, "nothing is pinned at the end");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "only our module has ring_access", "pinned rings");
		return tap_done();
	}
	net_private();
	each(0);
	each(F_PACKED);
	return tap_done();
}
