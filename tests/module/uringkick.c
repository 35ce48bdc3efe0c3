// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker=caller and io_uring: a ring whose eventfd is a queue's kick, and which waits for
 * that queue's error eventfd. Each run of the broken queue is an event, each event a kick.
 * The ring's own task work must not begin a turn: the next one would follow there, and the
 * task would not return from its system call.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define NUM	 256u
#define PATIENCE 10000 /* ms */

static struct guest g;
static struct tap t;
static atomic_bool over;

/* What this test needs of an io_uring. */
struct uring {
	int fd;
	unsigned int *cq_head, *cq_tail;
};

/* A ring that waits, again and again, for @event, and writes @kick for each completion. */
static bool uring_start(struct uring *u, int event, int kick)
{
	struct io_uring_params p = { 0 };
	struct io_uring_sqe *sqe;
	unsigned int *array, *tail;
	size_t size;
	char *rings;

	u->fd = (int)syscall(SYS_io_uring_setup, 4096, &p);
	if (u->fd < 0)
		return false;
	size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd,
		     IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQES);
	if (!(p.features & IORING_FEAT_SINGLE_MMAP) || rings == MAP_FAILED || sqe == MAP_FAILED)
		tap_bail("io_uring: %s", strerror(errno));
	u->cq_head = (void *)(rings + p.cq_off.head);
	u->cq_tail = (void *)(rings + p.cq_off.tail);
	array = (void *)(rings + p.sq_off.array);
	tail = (void *)(rings + p.sq_off.tail);
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_POLL_ADD,
				      .fd = event,
				      .len = IORING_POLL_ADD_MULTI,
				      .poll32_events = POLLIN };
	array[0] = 0;
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_EVENTFD, &kick, 1) ||
	    syscall(SYS_io_uring_enter, u->fd, 1, 0, 0, NULL, 0) != 1)
		tap_bail("io_uring: %s", strerror(errno));
	return true;
}

/* Keeps the completion queue empty, so that its being full ends nothing. */
static void *reaper(void *arg)
{
	struct uring *u = arg;

	while (!over)
		__atomic_store_n(u->cq_head, __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
	return NULL;
}

static struct uring u;
static atomic_bool ready, none, go;

/* The ring's task is the one that kicks: its task work is run there. */
static void *kicker(void *arg)
{
	(void)arg;
	none = !uring_start(&u, g.q[TX].err, g.q[TX].kick);
	ready = true;
	if (none)
		return NULL;
	while (!go)
		sleep_ms(1);
	ring_kick(&g.q[TX]);
	/* The ring's task work interrupts the sleep. */
	while (!over)
		sleep_ms(1000);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	long long turns, kicks;

	guest_args(argc, argv);
	net_private();
	if (!is_ours() || knob("worker", "caller")) {
		tap_skip(1, "there is no worker=caller here", "kicks of an io_uring");
		return tap_done();
	}
	guest_start(&g, F_V1 | F_MRG, NUM);
	knob("worker", "device");
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	stats_find();
	sleep_ms(100);
	ring_publish(&g.q[TX], NUM);
	if (pthread_create(&threads[0], NULL, kicker, NULL))
		tap_bail("thread");
	while (!ready)
		sleep_ms(1);
	if (none) {
		over = true;
		pthread_join(threads[0], NULL);
		tap_skip(1, "io_uring is not to be had", "kicks of an io_uring");
		return tap_done();
	}
	if (pthread_create(&threads[1], NULL, reaper, &u))
		tap_bail("thread");
	go = true;
	for (int i = 0; i < PATIENCE && stat_of("tx", "kicks") < 10000; i += 10)
		sleep_ms(10);
	turns = stat_of("tx", "turns");
	kicks = stat_of("tx", "kicks");
	tap_note("%lld kicks, %lld turns", kicks, turns);
	tap_ok(kicks >= 10000, "an io_uring kicks for each event of the kick, without end");
	tap_ok(turns <= 1, "but makes no turn of them: %lld, that of the task's own kick", turns);
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	close(u.fd);
	guest_stop(&g);
	tap_del(&t);
	return tap_done();
}
