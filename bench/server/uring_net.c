// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio-net in a process of its own over io_uring: the same device as
 * userspace-net, with requests in place of system calls:
 *
 *   kick      one multishot poll of each eventfd for good; the eventfd is never
 *             read, as every write to it is an event;
 *   transmit  one write request per frame, all of a batch submitted together;
 *   receive   rounds of read requests into private buffers, see rounds.h; the
 *             last one waits for the next burst;
 *   call      a message to a second ring whose completion eventfd is the call
 *             (a write request would be handed to a kernel thread, as the
 *             guest sleeps in a blocking read of that eventfd).
 *
 * Requests run within the submission, in its order, unless the file is not
 * ready. A tap always takes a frame at once, so frames keep their order; a
 * completion out of order would end the program.
 *
 * A batch to transmit takes two io_uring_enter: the frames must be out before
 * they are published as used, and that before the call, which goes with the
 * wait for the next kick. A burst to receive takes one, and one more for each
 * round after the frame that wakes us.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>

#include "device.h"
#include "rounds.h"

/* Frames of one batch to transmit: the default ring. */
#define TX_BATCH     256
#define RING_ENTRIES 512

/* What a completion is of; the number of its buffer or frame stands above. */
enum request { KICK_TX, KICK_RX, WRITE, READ, MARK, CANCEL, CALL, REQUEST_BITS = 8 };

/* The ring's own table of files. */
enum file { FILE_TAP, FILE_TX_KICK, FILE_RX_KICK, FILES };

/* A frame in the buffer of that number. */
struct arrival {
	unsigned int buffer;
	int len;
};

struct server {
	struct device d;
	struct io_uring ring;
	struct io_uring tx_call, rx_call; /* hold only the eventfd */

	struct devchain chain[TX_BATCH];
	unsigned int written; /* of the batch under way */

	struct rounds rounds;
	bool mark_posted; /* and not come */
	bool marked; /* the mark behind the round has come: later frames were waited for */
	struct arrival arrived[ROUND_MAX]; /* in order */
	unsigned int arrivals, delivered;

	bool tx_kicked, rx_kicked;
	bool room; /* the guest has buffers, as far as we know */
};

static struct server server;
static char buffers[ROUND_MAX][FRAME_ROOM];

/* Ends the program when a call of liburing, which returns -errno, has failed. */
static int check(struct server *s, int rc, const char *what)
{
	if (rc < 0) {
		errno = -rc;
		device_die(&s->d, what);
	}
	return rc;
}

static struct io_uring_sqe *next_sqe(struct server *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	/* Batch, round and calls together fit. */
	if (!sqe)
		check(s, -ENOBUFS, "submission queue");
	return sqe;
}

static void name_sqe(struct io_uring_sqe *sqe, enum request request, unsigned int number)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)number << REQUEST_BITS | request);
}

static void watch_kick(struct server *s, enum request request)
{
	struct io_uring_sqe *sqe = next_sqe(s);

	io_uring_prep_poll_multishot(sqe, request == KICK_TX ? FILE_TX_KICK : FILE_RX_KICK, POLLIN);
	sqe->flags |= IOSQE_FIXED_FILE;
	name_sqe(sqe, request, 0);
}

static void kicked(struct server *s, const struct io_uring_cqe *cqe, enum request request)
{
	check(s, cqe->res, "kick");
	*(request == KICK_TX ? &s->tx_kicked : &s->rx_kicked) = true;
	/* The kernel may end a multishot request at any time. */
	if (!(cqe->flags & IORING_CQE_F_MORE))
		watch_kick(s, request);
}

static void wrote(struct server *s, const struct io_uring_cqe *cqe, unsigned int number)
{
	/* A full tap queue or a frame it refuses is a frame lost, not an error. */
	if (cqe->res == -EBADFD)
		check(s, cqe->res, "tap");
	if (number != s->written++)
		check(s, -EPROTO, "frames were written out of order");
}

static void have_read(struct server *s, const struct io_uring_cqe *cqe, unsigned int number)
{
	if (cqe->res == -ECANCELED) {
		rounds_cancelled(&s->rounds);
		return;
	}
	check(s, cqe->res, "tap");
	s->arrived[s->arrivals++] = (struct arrival){ number, cqe->res };
	rounds_frame(&s->rounds, s->marked);
}

static void reap(struct server *s)
{
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;

	io_uring_for_each_cqe(&s->ring, head, cqe) {
		uint64_t data = io_uring_cqe_get_data64(cqe);
		enum request request = data & ((1U << REQUEST_BITS) - 1);
		unsigned int number = data >> REQUEST_BITS;

		seen++;
		switch (request) {
		case KICK_TX:
		case KICK_RX:
			kicked(s, cqe, request);
			break;
		case WRITE:
			wrote(s, cqe, number);
			break;
		case READ:
			have_read(s, cqe, number);
			break;
		case MARK:
			s->marked = true;
			s->mark_posted = false;
			break;
		case CALL: /* only when it failed */
			check(s, cqe->res, "call");
			break;
		default: /* a cancellation that found nothing left is no error */
			break;
		}
	}
	io_uring_cq_advance(&s->ring, seen);
}

/* Submits, lets the kernel finish what it can at once, and takes the completions. */
static void submit(struct server *s)
{
	check(s, io_uring_submit_and_get_events(&s->ring), "submit");
	reap(s);
}

/* Publishes what was done; the call goes out with the next submission. */
static void signal_guest(struct server *s, struct device_queue *q, struct io_uring *call)
{
	struct io_uring_sqe *sqe;

	if (!devring_flush(&q->ring))
		return;
	/* The messages of former calls have done their work when they arrived. */
	io_uring_cq_advance(call, io_uring_cq_ready(call));
	sqe = next_sqe(s);
	io_uring_prep_msg_ring(sqe, call->ring_fd, 0, 0, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	name_sqe(sqe, CALL, 0);
}

static unsigned int queue_writes(struct server *s)
{
	unsigned int n;

	for (n = 0; n < TX_BATCH && device_pop_tx(&s->d, &s->chain[n]); n++) {
		const struct devchain *c = &s->chain[n];
		struct io_uring_sqe *sqe = next_sqe(s);

		if (c->out == 1) /* the shorter way */
			io_uring_prep_write(sqe, FILE_TAP, c->iov->iov_base, c->iov->iov_len, 0);
		else
			io_uring_prep_writev(sqe, FILE_TAP, c->iov, c->out, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		name_sqe(sqe, WRITE, n);
	}
	return n;
}

static void serve_tx(struct server *s)
{
	struct devring *r = &s->d.tx.ring;
	unsigned int n;

	s->tx_kicked = false;
	do {
		devring_mute(r);
		n = queue_writes(s);
		for (s->written = 0; s->written < n;)
			submit(s);
		for (unsigned int i = 0; i < n; i++)
			devring_push(r, s->chain[i].head, 0);
	} while (n == TX_BATCH || devring_arm(r));
	signal_guest(s, &s->d.tx, &s->tx_call);
}

static void post_reads(struct server *s, unsigned int n)
{
	struct io_uring_sqe *sqe;

	for (unsigned int i = 0; i < n; i++) {
		sqe = next_sqe(s);
		io_uring_prep_read(sqe, FILE_TAP, buffers[i], FRAME_ROOM, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		name_sqe(sqe, READ, i);
	}
	rounds_posted(&s->rounds, n);
	sqe = next_sqe(s);
	io_uring_prep_nop(sqe);
	name_sqe(sqe, MARK, 0);
	s->marked = false;
	s->mark_posted = true;
}

/* All reads that found nothing wait; every frame would wake each of them. */
static void cancel_reads(struct server *s)
{
	struct io_uring_sqe *sqe = next_sqe(s);

	io_uring_prep_cancel_fd(sqe, FILE_TAP,
				IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_ALL);
	name_sqe(sqe, CANCEL, 0);
	do
		submit(s);
	while (s->rounds.pending);
}

/* Gives the guest the frames that have come. Returns whether all found room. */
static bool deliver_all(struct server *s)
{
	while (s->delivered < s->arrivals) {
		const struct arrival *a = &s->arrived[s->delivered];

		if (device_deliver(&s->d, buffers[a->buffer], a->len))
			s->delivered++;
		else if (!devring_arm(&s->d.rx.ring)) /* kicks on, and another look */
			return false;
	}
	s->arrivals = s->delivered = 0;
	return true;
}

static void serve_rx(struct server *s)
{
	unsigned int n;

	s->rx_kicked = false;
	for (;;) {
		s->room = deliver_all(s);
		n = s->room ? rounds_next(&s->rounds) : 0;
		if (!n)
			break;
		post_reads(s, n);
		if (n == 1)
			break; /* goes with the wait */
		submit(s);
		if (s->rounds.pending > 1)
			cancel_reads(s);
	}
	if (s->room)
		devring_mute(&s->d.rx.ring);
	signal_guest(s, &s->d.rx, &s->rx_call);
}

static void open_call(struct server *s, struct io_uring *ring, const struct device_queue *q)
{
	check(s, io_uring_queue_init(4, ring, 0), "ring of calls");
	check(s, io_uring_register_eventfd(ring, q->call), "call");
}

static void open_rings(struct server *s)
{
	/* No interrupt is needed for a completion: the next system call comes soon. */
	struct io_uring_params params = { .flags = IORING_SETUP_COOP_TASKRUN };
	const int files[FILES] = {
		[FILE_TAP] = s->d.tap,
		[FILE_TX_KICK] = s->d.tx.kick,
		[FILE_RX_KICK] = s->d.rx.kick,
	};
	int rc = io_uring_queue_init_params(RING_ENTRIES, &s->ring, &params);

	/* Older than Linux 6.1, or switched off. */
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EPERM)
		exit(fail(RC_CANNOT, "no io_uring: this kernel: use Linux 6.1 or later, and "
				     "sysctl kernel.io_uring_disabled=0"));
	check(s, rc, "io_uring");
	check(s, io_uring_register_ring_fd(&s->ring), "ring file");
	check(s, io_uring_register_files(&s->ring, files, FILES), "files");
	open_call(s, &s->tx_call, &s->d.tx);
	open_call(s, &s->rx_call, &s->d.rx);
}

int main(int argc, char **argv)
{
	struct server *s = &server;

	device_open(&s->d, "uring", argc, argv);
	open_rings(s);
	watch_kick(s, KICK_TX);
	watch_kick(s, KICK_RX);
	/* The first look at the tap posts the first read. */
	serve_rx(s);
	device_ready(&s->d);

	for (;;) {
		/* For one event, besides the mark that comes at once. */
		check(s, io_uring_submit_and_wait(&s->ring, s->mark_posted ? 2 : 1), "wait");
		reap(s);
		while (s->tx_kicked || s->rx_kicked || (s->room && s->arrivals)) {
			if (s->tx_kicked)
				serve_tx(s);
			if (s->rx_kicked || s->arrivals)
				serve_rx(s);
		}
	}
}
