// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: guests whose frames are checked, sent by processes and from softirqs, while
 * their rings, memory, eventfds and backends move and they migrate to a device of their own again;
 * beside them clients that do anything and are killed in the middle of it, and guests that change
 * what a device reads; the threading model and other knobs change all the time. In epochs, after
 * each of which nothing may be left. Would fail if: a frame was lost, doubled or changed, a call
 * did not come, a byte outside was written, a process did not end, or memory was used up.
 *
 * --rounds is the number of epochs, --seed what they begin with.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anything.h"
#include "mutate.h"
#include "places.h"
#include "tap.h"
#include "traffic.h"

#define EPOCH_MS 10000
#define GUESTS	 3u /* of the last one the frames come from a softirq */
#define BETWEEN	 20u /* frames that must pass between two moves */
#define LOG_LEN	 0x40000u

/* Of all processes together. */
struct figures {
	atomic_bool over;
	atomic_ulong frames, soft_frames, moves, migrations;
	atomic_ulong lost, doubled, corrupt, missing, stalls, errors; /* what must not be */
	atomic_ulong killed, stuck; /* processes that ended when they were killed, and did not */
	atomic_ulong outside; /* devices that wrote where they must not, or were dead then */
	struct mutations mutations;
	struct totals anything;
};

static struct figures *f;
static struct guest g;
static struct tap tap;
static struct places places;
static struct traffic tr;
static uint8_t *dirty;

static int move_rings(void)
{
	int err;

	places_move(&places, 0);
	err = places_set_table(&places, 0) ?: places_set_rings(&places, PLACES_NO_LOG);
	places_leave(&places, 0);
	return err;
}

static int move_memory(void)
{
	unsigned int i = 1 + (unsigned int)rand() % (places.n - 1);
	int err;

	places_move(&places, i);
	err = places_set_table(&places, 0);
	places_leave(&places, i);
	return err;
}

static int backend_again(void)
{
	int err = 0;

	for (unsigned int i = 0; i < 2; i++)
		err = err ?: ring_backend(&g.q[i], -1);
	for (unsigned int i = 0; i < 2; i++)
		err = err ?: ring_backend(&g.q[i], tap.fd);
	return err;
}

static int logging(bool on)
{
	uint64_t features = g.features | (on ? F_LOG : 0), base = (uintptr_t)dirty;

	return dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base) ?:
	       dev_ioctl(g.fd, VHOST_SET_FEATURES, &features) ?:
	       places_set_rings(&places, on ? 0 : PLACES_NO_LOG);
}

static int log_on_and_off(void)
{
	int err = logging(true);

	return err || traffic_flows(&tr, BETWEEN) ? err ?: logging(false) : -ETIMEDOUT;
}

static int introduce(struct vhost_vring_state *at)
{
	int err = dev_ioctl(g.fd, VHOST_SET_OWNER, NULL) ?:
		  dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features) ?:
		  places_set_table(&places, 0);

	for (unsigned int i = 0; i < 2; i++) {
		struct ring *q = &g.q[i];

		err = err ?: ring_state(q, VHOST_SET_VRING_NUM, q->num) ?:
		      ring_state(q, VHOST_SET_VRING_BASE, at[i].num) ?:
		      ring_fd(q, VHOST_SET_VRING_KICK, q->kick) ?:
		      ring_fd(q, VHOST_SET_VRING_CALL, q->call) ?:
		      ring_fd(q, VHOST_SET_VRING_ERR, q->err);
	}
	return err ?: places_set_rings(&places, PLACES_NO_LOG);
}

/* As a hypervisor does at both ends of it: with the log, and a device that begins where one ended. */
static int migrate(void)
{
	struct vhost_vring_state at[2] = { { 0, 0 }, { 1, 0 } };
	int err = logging(true);

	if (!err && !traffic_flows(&tr, BETWEEN))
		return -ETIMEDOUT;
	for (unsigned int i = 0; i < 2; i++)
		err = err ?: ring_backend(&g.q[i], -1) ?:
		      dev_ioctl(g.fd, VHOST_GET_VRING_BASE, &at[i]);
	close(g.fd);
	g.fd = dev_open();
	err = err ?: introduce(at);
	for (unsigned int i = 0; i < 2; i++)
		err = err ?: ring_backend(&g.q[i], tap.fd);
	f->migrations++;
	return err;
}

static int move(unsigned int which)
{
	struct ring *q = &g.q[rand() % 2];

	f->moves++;
	switch (which) {
	case 0:
		return move_rings();
	case 1:
		return ring_event_move(q, VHOST_SET_VRING_KICK, q->kick);
	case 2:
		return ring_event_move(q, VHOST_SET_VRING_CALL, q->call);
	case 3:
		return backend_again();
	case 4:
		return log_on_and_off();
	case 5:
		return migrate();
	default:
		return move_memory();
	}
}

static void guest_sums(bool soft)
{
	unsigned int arrived = traffic_arrived(&tr), sent = tr.tx_sent + tr.rx_sent;

	f->frames += arrived;
	f->soft_frames += soft ? tr.rx_arrived : 0;
	f->lost += sent > arrived ? sent - arrived : 0;
	f->doubled += tr.doubled;
	f->corrupt += tr.corrupt;
	f->missing += tr.call_missing;
}

/* A guest whose frames are checked, and its client, which moves everything. */
static void good(unsigned int number, unsigned int begin)
{
	static const uint64_t more[] = { 0, F_EVENT, F_PACKED, F_PACKED | F_EVENT };
	bool soft = number == GUESTS - 1;
	unsigned int which;
	char name[16];
	int err = 0;

	srand(begin);
	dirty = mmap(NULL, LOG_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(name, sizeof(name), "mix%u", number);
	guest_start(&g, F_V1 | F_MRG | more[rand() % 4], TRAFFIC_NUM);
	tap_new(&tap, name, g.hdr_len);
	if (soft && sh("tc qdisc add dev %s root netem delay 60us 50us limit 10000 1>&2", name))
		tap_bail("netem");
	places_init(&places, &g, GUEST_MEM, 7);
	if (places_set_table(&places, 0) || places_set_rings(&places, PLACES_NO_LOG))
		tap_bail("a mapping of the device's own");
	guest_backend(&g, tap.fd);
	traffic_start(&tr, &g, &tap, &tap);
	while (!f->over && !err) {
		which = (unsigned int)rand() % 8;
		err = move(which);
		if (err) {
			tap_note("guest %u: move %u is refused: %s", number, which, strerror(-err));
			f->errors++;
		} else if (!traffic_flows(&tr, BETWEEN)) {
			tap_note("guest %u: stalled after %u frames", number, traffic_arrived(&tr));
			f->stalls++;
			err = -1;
		}
		for (unsigned int i = 0; i < 2; i++)
			if (event_wait(g.q[i].err, 0)) {
				tap_note("guest %u: queue %u: an error event after move %u", number,
					 i, which);
				event_clear(g.q[i].err);
				f->errors++;
			}
	}
	traffic_settle(&tr);
	guest_sums(soft);
	traffic_stop(&tr);
	guest_stop(&g);
	tap_del(&tap);
}

/* Processes that do anything, each killed after a moment. */
static void clients(unsigned int begin)
{
	struct dice d = { .state = begin };
	struct tap taps[2];

	anything.totals = &f->anything;
	tap_new(&taps[0], "any0", 12);
	tap_new(&taps[1], "any1", 12);
	while (!f->over) {
		pid_t pid = fork();
		int status = 0;

		if (!pid)
			anything_process(taps, roll(&d));
		roll(&d);
		sleep_ms((int)(20 + below(&d, 400)));
		kill(pid, SIGKILL);
		for (int i = 0; i < 3000 && waitpid(pid, &status, WNOHANG) != pid; i++)
			sleep_ms(10);
		if (WIFSIGNALED(status))
			f->killed++;
		else
			f->stuck++;
	}
	tap_del(&taps[0]);
	tap_del(&taps[1]);
}

static void mutators(unsigned int begin)
{
	struct dice d = { .state = begin };

	tap_new(&tap, "mut0", 12);
	while (!f->over) {
		if (mutate_device(&f->mutations, &tap, false, &d))
			continue;
		f->outside++;
		tap_note("%s", f->mutations.what);
	}
	tap_del(&tap);
}

static pid_t start(unsigned int what, unsigned int begin)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (what < GUESTS)
		good(what, begin);
	else if (what == GUESTS)
		clients(begin);
	else
		mutators(begin);
	exit(0);
}

/* True when all have ended by themselves, as they should. */
static bool epoch(unsigned int begin)
{
	pid_t pid[GUESTS + 2];
	bool right = true;
	int status;

	f->over = false;
	for (unsigned int i = 0; i < GUESTS + 2; i++)
		pid[i] = start(i, begin + i);
	sleep_ms(EPOCH_MS);
	f->over = true;
	for (unsigned int i = 0; i < GUESTS + 2; i++)
		if (waitpid(pid[i], &status, 0) != pid[i] || status) {
			tap_note("process %u: status 0x%x", i, status);
			right = false;
		}
	return right;
}

int main(int argc, char **argv)
{
	uint64_t begin = now_ns();
	unsigned int epochs, i;
	long long before = 0, used;
	struct dice d = { 0 };
	bool right;

	guest_args(argc, argv);
	net_private();
	modprobe("sch_netem");
	if (!is_ours()) {
		tap_skip(1, "the in-tree module has no knobs", "everything at once");
		return tap_done();
	}
	epochs = rounds ? rounds : 1;
	d.state = seed;
	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f == MAP_FAILED)
		tap_bail("no memory");
	for (i = 0, right = true; i < epochs && right; i++) {
		right = epoch((unsigned int)roll(&d));
		mutate_knobs_back();
		/* Caches are filled in the first one. */
		if (!i)
			before = free_kib();
		if (i % 20 == 0)
			tap_note("%llu s: %lu frames, %lu moves, %lld KiB free",
				 (unsigned long long)(now_ns() - begin) / 1000000000,
				 (unsigned long)f->frames, (unsigned long)f->moves, free_kib());
	}
	used = missing_kib(before, 16384);
	tap_is(i, epochs, "every process of every epoch ends");
	tap_is((long long)f->lost, 0, "no frame is lost");
	tap_is((long long)f->corrupt, 0, "none is changed");
	tap_is((long long)f->doubled, 0, "none is doubled");
	tap_is((long long)f->missing, 0, "no call is missing");
	tap_is((long long)(f->stalls + f->errors), 0, "no queue stalls, no move is refused");
	tap_is((long long)f->stuck, 0, "every process that is killed ends");
	tap_is((long long)f->outside, 0, "no byte is written outside, every queue serves again");
	tap_ok(used < 16384, "memory is given back: %lld KiB are missing", used);
	/* A machine that is starved does little of it. */
	tap_ok(f->frames > epochs * 100ul && f->moves > epochs && f->mutations.devices >= epochs,
	       "enough of it to get anywhere");
	tap_note("figures: seconds=%llu epochs=%u frames=%lu softirq_frames=%lu moves=%lu "
		 "migrations=%lu lost=%lu corrupt=%lu doubled=%lu ioctls=%lu mutations=%lu "
		 "killed=%lu missing_kib=%lld",
		 (unsigned long long)(now_ns() - begin) / 1000000000, epochs, f->frames,
		 f->soft_frames, f->moves, f->migrations, f->lost, f->corrupt, f->doubled,
		 f->anything.ioctls, f->mutations.mutations, f->killed, used);
	return tap_done();
}
