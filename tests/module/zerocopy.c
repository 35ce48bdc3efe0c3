// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit by reference. Frames go through the tap to a device that keeps them
 * until it is asked to release them. Would fail if: a frame changed on its way, a
 * head came back twice, out of order or while its frame was still kept, the
 * backend, the position or the device were given up before that, a process could
 * not end before it, a page or a buffer was not given back, or frames that are
 * copied anyway were tried on.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep.h"
#include "nic.h"
#include "tap.h"

#define NEXT	 VRING_DESC_F_NEXT
#define PATIENCE 5000
#define KEPT	 16u /* frames of most tests: fewer than the module judges by */

static uint8_t got[70000];
static struct guest g;
static struct tap t;
static int away = -1;

static void begin(uint64_t features, unsigned int num, const char *threshold, bool look)
{
	if (knob("zerocopy", threshold))
		tap_bail("parameter zerocopy");
	guest_start(&g, features, num);
	forwarding_tap(&t, g.hdr_len);
	away = look ? leaving() : -1;
	guest_backend(&g, t.fd);
	stats_find();
}

static void end(void)
{
	guest_stop(&g);
	if (away >= 0)
		close(away);
	tap_del(&t);
	sh("ip link del zc1");
	knob("zerocopy", "0");
}

/* Puts frame seq of len bytes into slots from i on, in one descriptor. */
static void put(unsigned int i, size_t len, uint32_t seq)
{
	memset(g.mem + slot(i), 0, g.hdr_len);
	frame_make(g.mem + slot(i) + g.hdr_len, len, seq);
	desc_set(&g.q[TX], i, gpa_of(slot(i)), (uint32_t)(g.hdr_len + len), 0, 0);
	ring_publish(&g.q[TX], (uint16_t)i);
}

/* The length of frame i of many: every third is too short to go by reference. */
static size_t length(uint32_t i)
{
	return i % 3 == 1 ? 60 + i % 190 : 256 + i * 397 % 3800;
}

static void put_many(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		put(i, length(i), i);
	ring_kick(&g.q[TX]);
}

/* The device takes so many frames, and has taken no more. */
static bool taken(long long n)
{
	for (int i = 0; i < PATIENCE && stat_of("tx", "packets") < n; i += 10)
		sleep_ms(10);
	return stat_of("tx", "packets") == n;
}

/* Heads that come back in order, from first on, until `until` are back or none comes. */
static unsigned int returned(unsigned int first, unsigned int until, unsigned int num)
{
	struct vring_used_elem e;
	unsigned int n = first;

	while (n < until && ring_wait(&g.q[TX], PATIENCE) && ring_take(&g.q[TX], &e) &&
	       e.id == n % num && !e.len)
		n++;
	return n;
}

/* Frames that arrive whole and in order, from first on. */
static unsigned int arrived(unsigned int first, unsigned int until)
{
	unsigned int n = first;
	long len;

	while (n < until && (len = far_recv(away, got, sizeof(got), PATIENCE)) > 0 &&
	       frame_check(got, (size_t)len) == n)
		n++;
	return n;
}

static bool nothing_leaves(void)
{
	return far_recv(away, got, sizeof(got), 0) < 0;
}

/* All lengths and pieces, by reference as far as they can go. */
static void unchanged(uint64_t features, const char *what)
{
	static const unsigned int sizes[] = { 60,   255,  256,	257,   300,   1500,
					      4000, 4096, 9000, 33000, 60000, 64900 };
	unsigned int good = 0, n = 0;
	struct vring_used_elem e;
	struct ring *q = &g.q[TX];

	begin(features, 256, "1", true);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (unsigned int pieces = 1; pieces <= 64; pieces *= 4, n++) {
			size_t total = g.hdr_len + sizes[i], part = total / pieces, at = 0;
			size_t base = BIG + i * 100;
			long len;

			memset(g.mem + base, 0, g.hdr_len);
			frame_make(g.mem + base + g.hdr_len, sizes[i], n);
			for (unsigned int d = 0; d < pieces; d++, at += part)
				desc_set(q, d, gpa_of(base + at),
					 d + 1 < pieces ? part : total - at,
					 d + 1 < pieces ? NEXT : 0, (uint16_t)(d + 1));
			ring_publish(q, 0);
			ring_kick(q);
			if (!ring_wait(q, PATIENCE) || !ring_take(q, &e) || e.id)
				break;
			/* It is the guest's again: what it does now must not show. */
			memset(g.mem + base, 0xee, total);
			len = far_recv(away, got, sizeof(got), PATIENCE);
			good += len == (long)sizes[i] && frame_check(got, (size_t)len) == n;
		}
	}
	tap_is(good, n, "%s: frames of all lengths arrive unchanged", what);
	tap_ok(stat_of("tx", "zc_copied") > 0, "%s: some went by reference", what);
	tap_ok(stat_of("tx", "zc_skipped") > 0, "%s: some had too many pieces for that", what);
	tap_is(stat_of("tx", "dropped"), 0, "%s: none was dropped", what);
	end();
}

/* What is kept does not come back, nor what was sent after it. */
static void kept(uint64_t features, const char *what)
{
	begin(features, 256, "1", true);
	keep();
	put_many(KEPT);
	sleep_ms(200);
	tap_is(ring_wait(&g.q[TX], 0), 0, "%s: no head comes back while frames are kept", what);
	tap_ok(nothing_leaves(), "%s: and none has left", what);
	let_go();
	tap_is(returned(0, KEPT, 256), KEPT, "%s: all come back when they are let go, in order",
	       what);
	memset(g.mem + slot(0), 0xee, KEPT * SLOT_SIZE);
	tap_is(arrived(0, KEPT), KEPT, "%s: unchanged by what the guest did then", what);
	tap_is(ring_wait(&g.q[TX], 50), 0, "%s: none comes back twice", what);
	put_many(3);
	tap_is(returned(0, 3, 256), 3, "%s: the queue goes on", what);
	tap_is(arrived(0, 3), 3, "%s: so do its frames", what);
	end();
}

/* The frame kept is the guest's memory, not a copy. */
static void referred(void)
{
	begin(F_V1, 256, "1000", true);
	keep();
	put(0, 1000, 1);
	put(1, 999, 2);
	ring_kick(&g.q[TX]);
	sleep_ms(100);
	memset(g.mem + slot(0) + g.hdr_len + 900, 0xaa, 100);
	memset(g.mem + slot(1) + g.hdr_len + 900, 0xaa, 99);
	let_go();
	tap_is(returned(0, 2, 256), 2, "a frame of the threshold's length and a shorter one");
	tap_ok(far_recv(away, got, sizeof(got), PATIENCE) == 1000 && got[999] == 0xaa,
	       "the first one was not copied when it was sent");
	tap_ok(far_recv(away, got, sizeof(got), PATIENCE) == 999 && frame_check(got, 999) == 2,
	       "the other one was");
	end();
}

/* What must wait for frames that are kept. */
enum detach { UNBIND, ANOTHER, POSITION, ADDRESSES, PLATFORM, RESET, CLOSE, DETACHES };

static const char *const detach_names[] = { "no backend",     "another backend", "GET_VRING_BASE",
					    "SET_VRING_ADDR", "ACCESS_PLATFORM", "RESET_OWNER",
					    "close" };
static atomic_int detached;
static int other = -1, answer;

static void *detach(void *how)
{
	uint64_t platform = g.features | F_PLATFORM;
	struct ring *q = &g.q[TX];

	switch (*(enum detach *)how) {
	case UNBIND:
		answer = ring_backend(q, -1);
		break;
	case ANOTHER:
		answer = ring_backend(q, other);
		break;
	case POSITION:
		answer = ring_base(q) == (int)KEPT ? 0 : -ERANGE;
		break;
	case ADDRESSES:
		answer = ring_addr(q, g.mem, 0, 0);
		break;
	case PLATFORM:
		answer = dev_ioctl(g.fd, VHOST_SET_FEATURES, &platform);
		break;
	case RESET:
		answer = dev_ioctl(g.fd, VHOST_RESET_OWNER, NULL);
		break;
	default:
		answer = close(g.fd);
		g.fd = -1;
		break;
	}
	detached = true;
	return NULL;
}

static void detaching(enum detach how, uint64_t features, const char *what)
{
	const char *name = detach_names[how];
	pthread_t thread;

	begin(features, 256, "1", true);
	other = tap_fd("zc2", IFF_TAP | IFF_VNET_HDR, g.hdr_len);
	keep();
	put_many(KEPT);
	sleep_ms(100);
	detached = false;
	if (pthread_create(&thread, NULL, detach, &how))
		tap_bail("thread");
	sleep_ms(200);
	tap_ok(!detached && !ring_wait(&g.q[TX], 0), "%s, %s: waits for what is kept", what, name);
	let_go();
	pthread_join(thread, NULL);
	tap_is(answer, 0, "%s, %s: and is done then", what, name);
	tap_is((uint16_t)(used_idx(&g.q[TX]) - g.q[TX].used_seen), KEPT,
	       "%s, %s: not before all heads are back", what, name);
	tap_is(arrived(0, KEPT), KEPT, "%s, %s: all frames arrive", what, name);
	if (how == UNBIND)
		tap_is(ring_base(&g.q[TX]), KEPT, "%s, %s: the position is right", what, name);
	if (how < RESET) {
		if (how == PLATFORM)
			tap_ok(!dev_ioctl(g.fd, VHOST_SET_FEATURES, &g.features) &&
				       !ring_addr(&g.q[TX], g.mem, 0, 0) &&
				       !ring_addr(&g.q[RX], g.mem, 0, 0),
			       "%s, %s: and the addresses again", what, name);
		if (how == UNBIND || how == ANOTHER)
			tap_is(ring_backend(&g.q[TX], t.fd), 0, "%s, %s: the tap again", what,
			       name);
		returned(0, KEPT, 256);
		put_many(3);
		tap_is(returned(0, 3, 256), 3, "%s, %s: the queue goes on", what, name);
		tap_is(arrived(0, 3), 3, "%s, %s: so do its frames", what, name);
	}
	end();
	close(other);
}

/* Whether the child ends within PATIENCE, and its status. */
static bool ends(pid_t child, int *status)
{
	for (int i = 0; i < PATIENCE; i += 10) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		sleep_ms(10);
	}
	return false;
}

/* Of put_many(KEPT): those that are long enough. */
static int references(void)
{
	int n = 0;

	for (uint32_t i = 0; i < KEPT; i++)
		n += length(i) >= 256;
	return n;
}

/* A client that is killed ends; what is kept of its frames stays, and so does the module. */
static void killed(void)
{
	int ready[2], status, before = module_references();
	pid_t child;
	char c;

	forwarding_tap(&t, 12);
	away = leaving();
	keep();
	if (pipe(ready) || knob("zerocopy", "1"))
		tap_bail("pipe");
	child = fork();
	if (!child) {
		guest_start(&g, F_V1, 256);
		stats_find();
		guest_backend(&g, t.fd);
		put_many(KEPT);
		if (!taken(KEPT) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		tap_bail("the child has sent nothing");
	kill(child, SIGKILL);
	tap_ok(ends(child, &status), "a client that is killed ends while its frames are kept");
	tap_is(module_references() - before, references(), "each of them holds the module");
	tap_ok(nothing_leaves(), "and none has left");
	let_go();
	tap_is(arrived(0, KEPT), KEPT, "they arrive unchanged");
	tap_ok(module_references_are(before), "and nothing holds the module any more");
	close(ready[0]);
	close(away);
	tap_del(&t);
	sh("ip link del zc1");
	knob("zerocopy", "0");
}

/*
 * A client that is not killed, and whose frames wait in a socket of its own. What was opened first is
 * closed last, so that the device would wait for the socket. Where the stack copies, heads come back
 * before.
 */
static void ends_itself(void)
{
	int status = -1, before = module_references();
	pid_t child;

	knob("zerocopy", "1");
	child = fork();
	if (!child) {
		tap_new(&t, "zc0", 12);
		guest_start(&g, F_V1, 256);
		stats_find();
		guest_backend(&g, t.fd);
		put_many(KEPT);
		_exit(!taken(KEPT) ? 1 : used_idx(&g.q[TX]) == KEPT ? 3 : 0);
	}
	tap_ok(ends(child, &status) && WIFEXITED(status) && WEXITSTATUS(status) != 1,
	       "a client ends that has not read its own frames (%s)",
	       WEXITSTATUS(status) ? "which the stack has copied" : "by reference");
	tap_ok(module_references_are(before), "and they hold nothing");
	knob("zerocopy", "0");
}

/* More frames under way than the module keeps account of. */
static void full(uint64_t features, const char *what)
{
	const unsigned int n = 600;

	begin(features, 1024, "1", false);
	keep();
	for (unsigned int i = 0; i < n; i++)
		put(i, 400, i);
	ring_kick(&g.q[TX]);
	taken(256);
	sleep_ms(200);
	tap_is(ring_wait(&g.q[TX], 0), 0, "%s: no head comes back of 600 that are kept", what);
	tap_is(stat_of("tx", "packets"), 256, "%s: as many as there is room for were taken", what);
	tap_ok(stat_of("tx", "zc_waits") > 0, "%s: the others wait", what);
	let_go();
	tap_is(returned(0, n, 1024), n, "%s: every one comes back, in order", what);
	tap_is(stat_of("tx", "zc_sent"), n, "%s: all went by reference", what);
	tap_is(ring_wait(&g.q[TX], 50), 0, "%s: none comes back twice", what);
	end();
}

/*
 * The host's own stack copies up to Linux 6.12: tried once in a while only. Under 7.3 the socket that
 * receives has the guest's pages, and the head comes back when it is read.
 */
static void in_vain(void)
{
	long long copied, skipped, sent;

	begin(F_V1, 256, "1", false);
	sh("tc filter del dev zc0 ingress");
	for (unsigned int i = 0; i < 200; i++)
		put(i, 1000, i);
	ring_kick(&g.q[TX]);
	for (unsigned int i = 0; i < 200; i++) {
		long len = far_recv(t.far, got, sizeof(got), PATIENCE);

		if (len != 1000 || frame_check(got, (size_t)len) != i) {
			tap_ok(false, "frame %u arrives unchanged", i);
			break;
		}
	}
	tap_is(returned(0, 200, 256), 200, "200 frames to the host's own stack");
	copied = stat_of("tx", "zc_copied");
	skipped = stat_of("tx", "zc_skipped");
	sent = stat_of("tx", "zc_sent");
	tap_ok((copied == 64 && skipped == 136 && !sent) || (!copied && !skipped && sent == 200),
	       "%s (%lld copied by it, then %lld at once; %lld by reference)",
	       sent ? "it takes references" : "it copies: after 64 they are copied at once", copied,
	       skipped, sent);
	end();
}

/* Each page that stays pinned, and each buffer that is not freed, is missed in the end. */
static void given_back(void)
{
	unsigned int stuck = 0, rounds = 14, bursts = 4;
	long long before = 0, sent = 0, missing;

	/* The first one warms up what the kernel keeps for itself. */
	for (unsigned int round = 0; round <= rounds; round++) {
		begin(F_V1 | F_EVENT, 256, "1", false);
		for (unsigned int burst = 0; burst < bursts; burst++) {
			for (unsigned int i = 0; i < 256; i++)
				put(i, 4000, i);
			ring_call_at(&g.q[TX], g.q[TX].avail_idx);
			ring_kick(&g.q[TX]);
			stuck += returned(0, 256, 256) != 256;
		}
		sent += stat_of("tx", "zc_sent");
		end();
		if (!round)
			before = free_kib();
	}
	tap_is(stuck, 0, "full rings of long frames: all heads come back");
	tap_is(sent, (rounds + 1) * bursts * 256, "all went by reference");
	/* A page each of a round's 256 slots would be 14 MiB, a buffer of each frame more. */
	missing = missing_kib(before, 6000);
	tap_ok(missing < 6000, "their memory is given back (%lld KiB less)", missing);
}

/* Frames that are refused, at once or later: their heads are published, and none stays held. */
static void refused(void)
{
	const struct virtio_net_hdr impossible = { .gso_type = 1, .hdr_len = 60000 };

	begin(F_V1, 256, "1", false);
	sh("ip link set dev zc0 down");
	for (unsigned int i = 0; i < 30; i++)
		put(i, 400, i);
	ring_kick(&g.q[TX]);
	tap_is(returned(0, 30, 256), 30, "frames to a tap that is down come back");
	tap_is(stat_of("tx", "dropped"), 30, "they are counted as dropped");
	sh("ip link set dev zc0 up");
	put_many(30);
	tap_is(returned(0, 30, 256), 30, "and go when it is up");
	tap_is(stat_of("tx", "packets"), 30, "all of them");
	put(0, 400, 0);
	memcpy(g.mem + slot(0), &impossible, sizeof(impossible));
	put(1, 400, 1);
	ring_kick(&g.q[TX]);
	tap_is(returned(0, 2, 256), 2, "a frame with an impossible header and a good one");
	tap_is(stat_of("tx", "dropped"), 31, "one is dropped");
	tap_is(stat_of("tx", "zc_sent"), 21, "the other goes by reference, as all of that length");
	end();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	if (!is_ours()) {
		tap_skip(1, "only our module has parameter zerocopy", "by reference");
		return tap_done();
	}
	net_private();
	for (int packed = 0; packed < 2; packed++) {
		uint64_t features = F_V1 | (packed ? F_PACKED | F_EVENT : 0);
		const char *what = packed ? "packed" : "split";

		unchanged(features, what);
		kept(features, what);
		full(features, what);
		for (enum detach how = 0; how < DETACHES; how++)
			detaching(how, features, what);
	}
	kept(F_V1 | F_PACKED | F_ORDER, "packed, in order");
	referred();
	killed();
	ends_itself();
	in_vain();
	refused();
	given_back();
	return tap_done();
}
