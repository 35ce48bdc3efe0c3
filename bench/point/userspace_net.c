// SPDX-License-Identifier: GPL-2.0-only
/*
 * The userspace virtio-net that everything is compared with: a process of its
 * own that serves both queues with the system calls that such a server
 * cannot avoid, and none besides:
 *
 *   transmit  poll, read the kick, one writev a frame straight from guest
 *             memory, one write of the call for all of them when wanted;
 *   receive   poll, one read a frame into a private buffer (as the frame's
 *             length is unknown before) until EAGAIN or 50 frames, one write
 *             of the call.
 *
 * Kicks are switched off while it works, the ring is looked at again after
 * they are switched on. Started by the point program only; the arguments are
 * file descriptors and numbers in the order of enum arg.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"
#include "devring.h"

/* Frames read from the tap before other work gets its turn. */
#define RX_TURN	   50
#define FRAME_ROOM (65536 + 64)

enum arg {
	READY_FD,
	MEM_FD,
	MEM_BYTES,
	MEM_GPA,
	TAP_FD,
	RING_NUM,
	EVENT_IDX,
	HLEN,
	MERGEABLE,
	RX_OFFSET,
	RX_KICK,
	RX_CALL,
	TX_OFFSET,
	TX_KICK,
	TX_CALL,
	ARGS
};

struct queue {
	struct devring ring;
	int kick, call;
};

static unsigned long args[ARGS];
static struct queue rx, tx;
static char frame[FRAME_ROOM];
static int tap;

static void die(const char *what)
{
	fail(RC_FAIL, "userspace server: %s: %s", what, errno ? strerror(errno) : "broken ring");
	exit(RC_FAIL);
}

static void signal_guest(struct queue *q)
{
	uint64_t one = 1;

	if (devring_flush(&q->ring) && write(q->call, &one, sizeof(one)) != sizeof(one))
		die("call");
}

static void take_kick(struct queue *q)
{
	uint64_t value;

	if (read(q->kick, &value, sizeof(value)) != sizeof(value))
		die("kick");
}

static void serve_tx(void)
{
	struct devchain c;
	int got;

	do {
		devring_mute(&tx.ring);
		while ((got = devring_pop(&tx.ring, &c)) > 0) {
			if (c.in)
				got = -1;
			/* A full tap queue or a frame it refuses is a frame lost, not an error. */
			else if (writev(tap, c.iov, c.out) < 0 && errno == EBADFD)
				die("tap");
			devring_push(&tx.ring, c.head, 0);
			if (got < 0)
				break;
		}
		if (got < 0) {
			errno = 0;
			die("transmit queue");
		}
	} while (devring_arm(&tx.ring));
	signal_guest(&tx);
}

/* Scatters len bytes of frame[] over one or (mergeable) more chains. false: no room. */
static bool deliver(size_t len)
{
	struct devchain c;
	unsigned int used = 0;
	char *head = NULL;
	size_t done = 0;

	do {
		size_t before = done;
		int got = devring_pop(&rx.ring, &c);

		if (got < 0 || (got && c.out)) {
			errno = 0;
			die("receive queue");
		}
		if (!got) {
			devring_unpop(&rx.ring, used);
			rx.ring.next_used -= used;
			return false;
		}
		if (!head)
			head = c.iov[0].iov_base;
		for (unsigned int i = 0; i < c.in && done < len; i++) {
			size_t n = len - done < c.iov[i].iov_len ? len - done : c.iov[i].iov_len;

			memcpy(c.iov[i].iov_base, frame + done, n);
			done += n;
		}
		devring_push(&rx.ring, c.head, done - before);
		used++;
		/* Without mergeable buffers what does not fit is cut off, as the rules say. */
	} while (done < len && args[MERGEABLE]);
	if (args[MERGEABLE]) {
		uint16_t num = used;

		memcpy(head + 10, &num, sizeof(num));
	}
	return true;
}

/* A frame that was read but found no buffers waits here for the next turn. */
static ssize_t held;

/* Returns whether the tap is worth polling: false when the guest has no buffers. */
static bool serve_rx(void)
{
	bool room = true;

	for (int i = 0; i < RX_TURN; i++) {
		ssize_t n = held ? held : read(tap, frame, sizeof(frame));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			die("tap");
		held = n;
		while (!deliver(n)) {
			/* Kicks on, and another look before sleeping for one. */
			if (!devring_arm(&rx.ring)) {
				room = false;
				break;
			}
		}
		if (!room)
			break;
		held = 0;
	}
	if (room)
		devring_mute(&rx.ring);
	signal_guest(&rx);
	return room;
}

static void open_queue(struct queue *q, char *mem, unsigned long offset, int kick, int call)
{
	devring_open(&q->ring, mem, args[MEM_BYTES], args[MEM_GPA], offset, args[RING_NUM],
		     args[EVENT_IDX]);
	q->kick = kick;
	q->call = call;
}

int main(int argc, char **argv)
{
	struct pollfd fds[3];
	bool room = true;
	char *mem;

	if (argc != ARGS + 1)
		return fail(RC_USAGE,
			    "userspace-net: started by hand: build/bench/point starts it");
	for (int i = 0; i < ARGS; i++)
		args[i] = strtoul(argv[i + 1], NULL, 10);
	tap = args[TAP_FD];
	mem = mmap(NULL, args[MEM_BYTES], PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		   args[MEM_FD], 0);
	if (mem == MAP_FAILED)
		die("guest memory");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	open_queue(&rx, mem, args[RX_OFFSET], args[RX_KICK], args[RX_CALL]);
	open_queue(&tx, mem, args[TX_OFFSET], args[TX_KICK], args[TX_CALL]);
	devring_mute(&rx.ring);
	devring_arm(&tx.ring);
	if (write(args[READY_FD], "r", 1) != 1)
		die("ready");
	close(args[READY_FD]);

	fds[0] = (struct pollfd){ .fd = tx.kick, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = rx.kick, .events = POLLIN };
	for (;;) {
		fds[2] = (struct pollfd){ .fd = room ? tap : -1, .events = POLLIN };
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			die("poll");
		if (fds[0].revents) {
			take_kick(&tx);
			serve_tx();
		}
		if (fds[1].revents) {
			take_kick(&rx);
			room = serve_rx();
		} else if (fds[2].revents) {
			room = serve_rx();
		}
	}
}
