// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tap's queue may be exchanged at any time: txqueuelen and TUNSETIFF free the
 * array that it was. Would fail if: a poll looked at the queue without the lock
 * under which that is done. The lock is held here (held/ring_held.c) while the
 * worker polls, and the worker has to wait for it.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define HOLD	"/sys/module/ring_held/parameters/hold"
#define HOLD_MS 50
#define POLL_US 200000
#define TRIES	20

/* It stands beside this program, in a folder of the kernel's release. */
static void helper_load(void)
{
	char self[PATH_MAX] = "";
	struct utsname u;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || uname(&u))
		tap_bail("/proc/self/exe: %s", strerror(errno));
	if (sh("insmod %s/%s/ring_held.ko", dirname(self), u.release))
		tap_bail("ring_held.ko: built by held/build, before the lab boots");
}

/*
 * A frame to be sent is published and kicked for while the lock is held. Whether
 * it stays there as long: the poll of the other queue waits for the lock. One that
 * takes no lock sees the kick and ends.
 */
static bool waited(struct guest *g, int tap)
{
	struct ring *q = &g->q[TX];
	struct vring_used_elem e;
	FILE *f = fopen(HOLD, "we");
	int err;

	if (!f)
		tap_bail(HOLD ": %s", strerror(errno));
	desc_set(q, 0, gpa_of(slot(100)), g->hdr_len + 60, 0, 0);
	ring_publish(q, 0);
	fprintf(f, "%d %d %lx %d", tap, q->kick, (unsigned long)&q->used->idx, HOLD_MS);
	err = fclose(f) ? errno : 0;
	if (err && err != EALREADY)
		tap_bail(HOLD ": %s", strerror(err));
	if (!ring_wait(q, 5000) || !ring_take(q, &e))
		tap_bail("the frame is not sent afterwards either");
	return !err;
}

/* Sends one frame to the guest and takes it, whichever buffer it is in. */
static bool frame_in(struct guest *g, struct tap *t, uint32_t seq)
{
	struct vring_used_elem e;
	uint8_t frame[100];

	frame_make(frame, sizeof(frame), seq);
	return !far_send(t->far, frame, sizeof(frame)) && ring_wait(&g->q[RX], 5000) &&
	       ring_take(&g->q[RX], &e);
}

/*
 * After each frame the worker polls for POLL_US, and nothing arrives. A host
 * that is busy may let that pass before the lock is held, so several tries; a
 * poll that takes no lock waits in none.
 */
static void looked_at(void)
{
	unsigned int tries = 0;
	bool locked = false;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	workers_pin(1);
	task_pin(0, 0);
	tap_err(ring_state(&g.q[RX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, POLL_US), 0,
		"receive is polled for %d ms", POLL_US / 1000);
	memset(g.mem + slot(100), 0, g.hdr_len);
	frame_make(g.mem + slot(100) + g.hdr_len, 60, 100);
	for (unsigned int i = 0; i < TRIES + 2; i++)
		rx_post(&g, i, SLOT_SIZE);
	while (!locked && tries++ < TRIES && frame_in(&g, &t, tries)) {
		sleep_ms(2);
		locked = waited(&g, t.fd);
	}
	tap_ok(locked, "the poll waits for the lock of the tap's queue: seen in try %u", tries);
	tap_ok(frame_in(&g, &t, TRIES + 1), "and goes on when it has it");
	task_pin(0, -1);
	workers_pin(-1);
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours() || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		tap_skip(1, "only for our module, on two processors",
			 "a tap's queue under its lock");
		return tap_done();
	}
	net_private();
	helper_load();
	looked_at();
	if (sh("rmmod ring_held"))
		tap_bail("rmmod ring_held");
	return tap_done();
}
