// SPDX-License-Identifier: GPL-2.0-only
/*
 * The userspace virtio-net that everything is compared with: a process of its
 * own that serves both queues with the system calls that such a server
 * cannot avoid, and none besides:
 *
 *   transmit  poll, read the kick, one writev per frame straight from guest
 *             memory, one write of the call for all of them when wanted;
 *   receive   poll, one read per frame into a private buffer (as the frame's
 *             length is unknown before) until EAGAIN or 50 frames, one write
 *             of the call.
 *
 * Kicks are switched off while it works, the ring is looked at again after
 * they are switched on.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "device.h"

/* Frames read from the tap before other work gets its turn. */
#define RX_TURN 50

static struct device device;
static char frame[FRAME_ROOM];

static void signal_guest(struct device_queue *q)
{
	uint64_t one = 1;

	if (devring_flush(&q->ring) && write(q->call, &one, sizeof(one)) != sizeof(one))
		device_die(&device, "call");
}

static void take_kick(struct device_queue *q)
{
	uint64_t value;

	if (read(q->kick, &value, sizeof(value)) != sizeof(value))
		device_die(&device, "kick");
}

static void serve_tx(struct device *d)
{
	struct devring *r = &d->tx.ring;
	struct devchain c;

	do {
		devring_mute(r);
		while (device_pop_tx(d, &c)) {
			/* A full tap queue or a frame it refuses is a frame lost, not an error. */
			if (writev(d->tap, c.iov, c.out) < 0 && errno == EBADFD)
				device_die(d, "tap");
			devring_push(r, c.head, 0);
		}
	} while (devring_arm(r));
	signal_guest(&d->tx);
}

/* A frame that was read but found no buffers waits here for the next turn. */
static ssize_t held;

/* Returns whether the tap is worth polling: false when the guest has no buffers. */
static bool serve_rx(struct device *d)
{
	bool room = true;

	for (int i = 0; i < RX_TURN; i++) {
		ssize_t n = held ? held : read(d->tap, frame, sizeof(frame));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			device_die(d, "tap");
		held = n;
		while (!device_deliver(d, frame, n)) {
			/* Kicks on, and another look before sleeping for one. */
			if (!devring_arm(&d->rx.ring)) {
				room = false;
				break;
			}
		}
		if (!room)
			break;
		held = 0;
	}
	if (room)
		devring_mute(&d->rx.ring);
	signal_guest(&d->rx);
	return room;
}

int main(int argc, char **argv)
{
	struct device *d = &device;
	struct pollfd fds[3];
	bool room = true;

	device_open(d, "userspace", argc, argv);
	device_ready(d);

	fds[0] = (struct pollfd){ .fd = d->tx.kick, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = d->rx.kick, .events = POLLIN };
	for (;;) {
		fds[2] = (struct pollfd){ .fd = room ? d->tap : -1, .events = POLLIN };
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			device_die(d, "poll");
		if (fds[0].revents) {
			take_kick(&d->tx);
			serve_tx(d);
		}
		if (fds[1].revents) {
			take_kick(&d->rx);
			room = serve_rx(d);
		} else if (fds[2].revents) {
			room = serve_rx(d);
		}
	}
}
