// SPDX-License-Identifier: GPL-2.0-only
/* The far end of the tap in a verifying pass. */
#define _GNU_SOURCE
#include "farend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/frame.h"

/* Everything the guest can have under way fits: a burst of the largest frames. */
#define SOCKET_BUFFER (256 << 20)

int farend_open(struct farend *f, const struct options *o, const struct tap *t)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = t->ifindex,
	};
	/* The thread looks at `stop` this often. */
	struct timeval tick = { .tv_usec = 100000 };
	int room = SOCKET_BUFFER, one = 1;

	memset(f, 0, sizeof(*f));
	f->o = o;
	f->ifindex = t->ifindex;
	f->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (f->fd < 0)
		return fail(RC_CANNOT, "packet socket: %s: run as root", strerror(errno));
	/* Frames we send ourselves must not come back to us. */
	if (setsockopt(f->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(f->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(f->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) ||
	    bind(f->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail(RC_FAIL, "packet socket: %s: %s", TAP_NAME, strerror(errno));
	return RC_OK;
}

void farend_close(struct farend *f)
{
	if (f->started) {
		__atomic_store_n(&f->stop, true, __ATOMIC_RELEASE);
		pthread_join(f->thread, NULL);
		f->started = false;
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

uint64_t farend_seen(const struct farend *f)
{
	return __atomic_load_n(&f->seen, __ATOMIC_ACQUIRE);
}

/* Judges one frame. Returns whether it was what the guest had sent. */
static bool judge(struct farend *f, const char *frame, unsigned int got, uint64_t *seq)
{
	bool good = false;

	if (!frame_number(frame, got, seq)) {
		f->corrupt++;
	} else if (!frame_intact(frame, got, f->o->size, tap_mac, guest_mac, *seq)) {
		f->corrupt++;
	} else {
		good = true;
		f->intact++;
		if (*seq != f->expected)
			f->misordered++;
		f->expected = *seq + 1;
	}
	return good;
}

static void *reader(struct farend *f, bool echo)
{
	char *frame = malloc(FRAME_MAX + 1), *reply = malloc(FRAME_MAX + 1);
	sigset_t all;
	uint64_t seq;
	ssize_t n;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	while (frame && reply && !__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
		n = recv(f->fd, frame, FRAME_MAX + 1, 0);
		if (n < 0)
			continue; /* the time-out, or the interface going away */
		if (judge(f, frame, n, &seq) && echo) {
			frame_fill(reply, n, guest_mac, tap_mac, seq | FRAME_REPLY);
			if (send(f->fd, reply, n, 0) != n)
				f->corrupt++;
		}
		__atomic_add_fetch(&f->seen, 1, __ATOMIC_RELEASE);
	}
	free(frame);
	free(reply);
	return NULL;
}

static void *verify_thread(void *arg)
{
	return reader(arg, false);
}

static void *echo_thread(void *arg)
{
	return reader(arg, true);
}

/* Without a processor of its own it has that of the thread that started it. */
static int place(const struct farend *f)
{
	const struct cpus *c = &f->o->cpus;
	cpu_set_t *set = c->count ? CPU_ALLOC(CPUS_KNOWN) : NULL;
	size_t size = CPU_ALLOC_SIZE(CPUS_KNOWN);
	int err;

	if (!set)
		return RC_OK;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpus_of(c, CPU_FAR_END), size, set);
	err = pthread_setaffinity_np(f->thread, size, set);
	CPU_FREE(set);
	return err ? fail(RC_FAIL, "CPU %d: far end: %s", cpus_of(c, CPU_FAR_END), strerror(err))
		   : RC_OK;
}

static int start(struct farend *f, void *(*body)(void *))
{
	int err = pthread_create(&f->thread, NULL, body, f);

	if (err)
		return fail(RC_FAIL, "thread: far end: %s", strerror(err));
	f->started = true;
	return place(f);
}

int farend_verify(struct farend *f)
{
	return start(f, verify_thread);
}

int farend_echo(struct farend *f)
{
	return start(f, echo_thread);
}

int farend_send(struct farend *f, uint64_t seq, unsigned int count)
{
	static char frame[FRAME_MAX];

	for (unsigned int i = 0; i < count; i++) {
		frame_fill(frame, f->o->size, guest_mac, tap_mac, seq + i);
		while (send(f->fd, frame, f->o->size, 0) != (ssize_t)f->o->size) {
			if (errno == EINTR && !watch_stop)
				continue;
			/* The tap's queue was full: that frame is offered and lost. */
			if (errno == ENOBUFS)
				break;
			return fail(RC_FAIL, "send: %s: %s", TAP_NAME, strerror(errno));
		}
	}
	return RC_OK;
}

uint64_t farend_dropped(const struct farend *f)
{
	struct tpacket_stats st = {};
	socklen_t len = sizeof(st);

	if (getsockopt(f->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len))
		return 0;
	return st.tp_drops;
}
