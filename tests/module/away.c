// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue that leaves the wait queue of its backend (without=once: it does not) and must be
 * back before it sleeps. No kick follows that could make up for a wake-up that is lost: such a
 * frame stays in the tap, and the test waits for it. away.t makes the window wide in which a
 * frame comes while the queue is away. --rounds: how often, 200 otherwise.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define BUFFERS	 256u
#define PATIENCE 10000000000ULL /* ns */

static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };
static const char *const without[] = { "none", "recheck", "once", "all" };

static unsigned int times(void)
{
	return rounds ? rounds : 200;
}

/* Takes what came and gives the buffers back, without a kick, until count have come. */
static bool take(struct ring *q, unsigned int count)
{
	uint64_t end = now_ns() + PATIENCE;
	struct vring_used_elem e;

	while (count) {
		if (ring_take(q, &e)) {
			count--;
			ring_publish(q, (uint16_t)e.id);
			end = now_ns() + PATIENCE;
		} else if (now_ns() > end) {
			return false;
		}
	}
	return true;
}

static void pause_ns(unsigned int ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end)
		;
}

static void send_frames(int far, unsigned int n)
{
	static uint32_t seq;
	uint8_t frame[60];

	while (n--) {
		frame_make(frame, sizeof(frame), seq++);
		while (far_send(far, frame, sizeof(frame)))
			usleep(100);
	}
}

static void open_rx(struct guest *g, struct tap *t)
{
	struct ring *q = &g->q[RX];

	guest_start(g, F_V1 | F_EVENT, BUFFERS);
	stats_find();
	tap_new(t, "vl0", g->hdr_len);
	for (unsigned int i = 0; i < BUFFERS; i++) {
		desc_set(q, i, gpa_of(slot(i)), SLOT_SIZE, VRING_DESC_F_WRITE, 0);
		ring_publish(q, (uint16_t)i);
	}
	ring_no_calls(q);
	guest_backend(g, t->fd);
}

/*
 * One frame, and as soon as it is there, or a little later, some more: the run that delivered
 * the first one is about to end.
 */
static bool late_frames(struct ring *q, int far, unsigned int i)
{
	unsigned int more = 1 + i % 4;

	send_frames(far, 1);
	if (!take(q, 1))
		return false;
	pause_ns(rand() % 20000);
	send_frames(far, more);
	return take(q, more);
}

/*
 * False: a frame is left, and each one that is costs PATIENCE. The queue leaves its tap at the
 * second wake-up of a run: on a busy machine all frames may come before each run begins, and then
 * there are more of them.
 */
static bool received(const char *model, const char *idea)
{
	bool leaves = is_ours() && strcmp(idea, "once") && strcmp(idea, "all");
	unsigned int i, want = times();
	struct guest g;
	struct tap t;

	open_rx(&g, &t);
	for (i = 0; i < want && late_frames(&g.q[RX], t.far, i); i++)
		if (leaves && i + 1 == want && want < 100 * times() && !stat_of("rx", "leaves"))
			want += times();
	tap_is(i, want, "worker=%s without=%s: frames as a run ends, none left", model, idea);
	if (leaves)
		tap_ok(stat_of("rx", "leaves") > 0, "worker=%s without=%s: the queue left (%lld)",
		       model, idea, stat_of("rx", "leaves"));
	else if (is_ours())
		tap_is(stat_of("rx", "leaves"), 0, "worker=%s without=%s: the queue never left",
		       model, idea);
	guest_stop(&g);
	tap_del(&t);
	return i == want;
}

/* At most UNDERWAY frames more than are taken: the queue never waits for buffers, so for a kick. */
#define UNDERWAY 100u

struct sender {
	pthread_t thread;
	pthread_mutex_t mutex; /* held while frames are sent */
	int far;
	bool stop;
	unsigned int sent, taken;
};

static void *keep_sending(void *arg)
{
	struct sender *s = arg;
	unsigned int at = 1;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		unsigned int n = 1 + rand_r(&at) % 3;

		if (s->sent - __atomic_load_n(&s->taken, __ATOMIC_ACQUIRE) < UNDERWAY) {
			pthread_mutex_lock(&s->mutex);
			send_frames(s->far, n);
			pthread_mutex_unlock(&s->mutex);
			__atomic_add_fetch(&s->sent, n, __ATOMIC_RELEASE);
		}
		usleep(rand_r(&at) % 300);
	}
	return NULL;
}

/* What came until all that was sent so far is there; false: something is left. */
static bool take_all(struct ring *q, struct sender *s)
{
	unsigned int sent = __atomic_load_n(&s->sent, __ATOMIC_ACQUIRE);

	if (!take(q, sent - s->taken))
		return false;
	__atomic_store_n(&s->taken, sent, __ATOMIC_RELEASE);
	return true;
}

/*
 * The backend is detached, attached and resized between frames that keep coming; the queue may
 * be away at any of these. All must be delivered.
 */
static void changed(const char *model)
{
	struct sender s = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct guest g;
	struct tap t;
	unsigned int i;
	bool good = true;

	open_rx(&g, &t);
	s.far = t.far;
	if (pthread_create(&s.thread, NULL, keep_sending, &s))
		tap_bail("a thread");
	for (i = 0; good && i < times() / 4; i++) {
		switch (i % 4) {
		case 0:
			good = !ring_backend(&g.q[RX], -1) && !ring_backend(&g.q[RX], t.fd);
			break;
		case 1:
			good = !ring_backend(&g.q[RX], t.fd);
			break;
		case 2:
			/* The queueing discipline drops what comes meanwhile. */
			pthread_mutex_lock(&s.mutex);
			good = !sh("ip link set vl0 txqueuelen %u", 500 + i % 7 * 10);
			pthread_mutex_unlock(&s.mutex);
			break;
		default:
			usleep(1000);
		}
		good = good && take_all(&g.q[RX], &s);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(s.thread, NULL);
	good = good && take_all(&g.q[RX], &s);
	tap_ok(good && i == times() / 4,
	       "worker=%s: detached, attached, resized, and frames come: %u of %u delivered", model,
	       s.taken, s.sent);
	/* Two more, so that it may be away, and then it has no tap to come back to. */
	send_frames(t.far, 2);
	tap_del(&t);
	guest_stop(&g);
}

/* The backend has room for a few frames only, and says when it has again. */
static void filled(const char *model)
{
	unsigned int n = 0, total = times() / 4;
	int sndbuf = 8192;
	struct ring *q;
	struct guest g;
	struct tap t;

	guest_start(&g, F_V1 | F_EVENT, BUFFERS);
	stats_find();
	tap_new(&t, "vl0", g.hdr_len);
	close(t.far);
	t.far = -1;
	if (ioctl(t.fd, TUNSETSNDBUF, &sndbuf))
		tap_bail("TUNSETSNDBUF: %s", strerror(errno));
	tap_forwards("vl0", "vl1");
	q = &g.q[TX];
	ring_no_calls(q);
	guest_backend(&g, t.fd);
	for (unsigned int i = 0; i < 64; i++) {
		memset(g.mem + slot(i), 0, g.hdr_len);
		frame_make(g.mem + slot(i) + g.hdr_len, 60, i);
		desc_set(q, i, gpa_of(slot(i)), g.hdr_len + 60, 0, 0);
		ring_publish(q, (uint16_t)i);
	}
	for (; n < total; n++) {
		ring_kick(q);
		if (!take(q, 64))
			break;
	}
	tap_is(n, total, "worker=%s: a backend that is full again and again (%lld runs)", model,
	       stat_of("tx", "wakeups"));
	guest_stop(&g);
	close(t.fd);
	sh("ip link del vl1");
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	srand(seed ? seed : 1);
	net_private();
	modprobe("sch_netem");
	modprobe("dummy");
	modprobe("act_mirred");
	modprobe("cls_matchall");
	if (!is_ours()) {
		received("the in-tree one", "none");
		filled("the in-tree one");
		return tap_done();
	}
	for (unsigned int i = 0; i < sizeof(models) / sizeof(*models); i++) {
		knob("worker", models[i]);
		for (unsigned int k = 0; k < sizeof(without) / sizeof(*without); k++) {
			knob("without", without[k]);
			if (!received(models[i], without[k])) {
				knob("without", "none");
				knob("worker", "device");
				return tap_done();
			}
		}
		knob("without", "none");
		changed(models[i]);
		filled(models[i]);
	}
	knob("worker", "device");
	return tap_done();
}
