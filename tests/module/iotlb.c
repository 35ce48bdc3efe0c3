// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device IOTLB (VIRTIO_F_ACCESS_PLATFORM), message by message: the device
 * asks the client for each address it meets, takes its answers, and uses no
 * address it was not given, nor in a way it was not given for.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommu.h"
#include "nic.h"
#include "tap.h"

#define PATIENCE 5000

static struct iommu mmu;
static struct tap tap;

static void messages(void)
{
	const uint64_t kernel = 0xffff888000000000ULL;
	uint64_t bits = 0, bad = BIT64(0), features = F_V1;
	struct vhost_msg v1 = { .type = VHOST_IOTLB_MSG };
	struct vhost_msg_v2 m = { .type = 99 };

	iommu_init(&mmu, F_V1, 256, 1);
	tap_err(dev_ioctl(mmu.g.fd, VHOST_GET_BACKEND_FEATURES, &bits), 0, "GET_BACKEND_FEATURES");
	tap_ok(bits & BACKEND_V2, "offers the second message layout");
	tap_err(dev_ioctl(mmu.g.fd, VHOST_SET_BACKEND_FEATURES, &bad), -EOPNOTSUPP,
		"SET_BACKEND_FEATURES: what is not offered");
	tap_ok(!event_wait(mmu.g.fd, 0), "nothing asked: not readable");
	tap_is(read(mmu.g.fd, &m, sizeof(m)) < 0 ? -errno : 0, -EAGAIN, "nothing asked: EAGAIN");
	tap_is(read(mmu.g.fd, &m, 16), 0, "a read of 16 bytes gives 0");
	m.type = 99;
	tap_is(write(mmu.g.fd, &m, sizeof(m)) < 0 ? -errno : 0, -EINVAL, "a message of type 99");
	m.type = VHOST_IOTLB_MSG_V2;
	tap_is(write(mmu.g.fd, &m, 1) < 0 ? -errno : 0, -EINVAL, "a message of 1 byte");
	tap_is(write(mmu.g.fd, &m, sizeof(m) - 1) < 0 ? -errno : 0, is_ours() ? -EINVAL : -EFAULT,
	       "a message of 71 bytes");
	for (uint8_t t = 0; t < 100; t += 33)
		tap_is(iommu_message(&mmu, t, gpa_of(0), IOMMU_PAGE, 0, VHOST_ACCESS_RW),
		       is_ours() ? -EINVAL : -EFAULT, "an IOTLB message of type %u", t);
	tap_is(iommu_message(&mmu, VHOST_IOTLB_MISS, gpa_of(0), IOMMU_PAGE, 0, VHOST_ACCESS_RW),
	       is_ours() ? -EINVAL : -EFAULT, "a MISS by the client");
	tap_is(iommu_update(&mmu, gpa_of(0), 0, mmu.g.mem), -EINVAL, "UPDATE of size 0");
	tap_is(iommu_message(&mmu, VHOST_IOTLB_UPDATE, gpa_of(0), IOMMU_PAGE, kernel,
			     VHOST_ACCESS_RW),
	       -EFAULT, "UPDATE to a kernel address");
	tap_is(iommu_update(&mmu, gpa_of(0), -4096ULL, (void *)8192), -EFAULT,
	       "UPDATE that wraps in memory");
	tap_is(iommu_update(&mmu, -4096ULL, 3 * IOMMU_PAGE, mmu.g.mem), -EFAULT,
	       "UPDATE that wraps");
	tap_is(iommu_update(&mmu, gpa_of(0), IOMMU_PAGE, mmu.g.mem), sizeof(m), "UPDATE");
	tap_is(iommu_update(&mmu, gpa_of(0), IOMMU_PAGE, mmu.g.mem), sizeof(m), "UPDATE again");
	tap_is(iommu_invalidate(&mmu, gpa_of(0), IOMMU_PAGE), sizeof(m), "INVALIDATE");
	tap_is(iommu_invalidate(&mmu, gpa_of(0), IOMMU_PAGE), sizeof(m), "INVALIDATE of nothing");
	v1.iotlb = (struct vhost_iotlb_msg){ gpa_of(0), IOMMU_PAGE, (uintptr_t)mmu.g.mem,
					     VHOST_ACCESS_RW, VHOST_IOTLB_UPDATE };
	tap_is(write(mmu.g.fd, &v1, sizeof(v1)), sizeof(v1), "UPDATE in the first layout");
	if (is_ours()) {
		tap_is(iommu_message(&mmu, VHOST_IOTLB_UPDATE, gpa_of(0), IOMMU_PAGE, 0, 0),
		       -EINVAL, "UPDATE without a permission");
		tap_is(iommu_invalidate(&mmu, 0, 0), sizeof(m), "INVALIDATE of size 0: everything");
	}
	tap_err(dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &features), 0, "ACCESS_PLATFORM off");
	if (is_ours())
		tap_is(read(mmu.g.fd, &m, sizeof(m)) < 0 ? -errno : 0, -EBADFD, "off: read");
	tap_is(iommu_update(&mmu, gpa_of(0), IOMMU_PAGE, mmu.g.mem),
	       is_ours() ? -EFAULT : (long)sizeof(m), "off: UPDATE");
	iommu_free(&mmu);
}

/* Only the owner reads and writes: a child has the descriptor, no more. */
static void stranger(void)
{
	int status;
	pid_t pid;

	if (!is_ours()) {
		tap_skip(2, "the in-tree module asks no other process",
			 "messages by a forked child");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct vhost_msg_v2 m;

		_exit((read(mmu.g.fd, &m, sizeof(m)) < 0 && errno == EPERM) |
		      (iommu_update(&mmu, gpa_of(0), IOMMU_PAGE, mmu.g.mem) == -EPERM) << 1);
	}
	waitpid(pid, &status, 0);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	tap_ok(status & 1, "read by a forked child: EPERM");
	tap_ok(status & 2, "UPDATE by a forked child: EPERM");
	iommu_free(&mmu);
}

/* A frame to send needs the rings and its buffer: each is asked for. */
static void misses(bool v2)
{
	const char *name = v2 ? "second layout" : "first layout";
	uint64_t features = v2 ? BACKEND_V2 : 0;
	unsigned int n = 0, strange = 0;
	struct vring_used_elem e;
	bool buffer = false;
	uint8_t frame[200];

	iommu_init(&mmu, F_V1, 256, IOMMU_MANY);
	dev_ioctl(mmu.g.fd, VHOST_SET_BACKEND_FEATURES, &features);
	if (!is_ours())
		iommu_used_rings(&mmu);
	tap_err(ring_backend(&mmu.g.q[TX], tap.fd), 0, "%s: a backend, rings not known yet", name);
	memset(mmu.g.mem + slot(0), 0, 12);
	frame_make(mmu.g.mem + slot(0) + 12, sizeof(frame), 5);
	desc_set(&mmu.g.q[TX], 0, gpa_of(slot(0)), 12 + sizeof(frame), 0, 0);
	ring_publish(&mmu.g.q[TX], 0);
	ring_kick(&mmu.g.q[TX]);
	while (n < 20 && event_wait(mmu.g.fd, 300)) {
		union {
			struct vhost_msg v1;
			struct vhost_msg_v2 v2;
		} msg = { 0 };
		const struct vhost_iotlb_msg *m = v2 ? &msg.v2.iotlb : &msg.v1.iotlb;
		ssize_t size = v2 ? sizeof(msg.v2) : sizeof(msg.v1);

		strange += read(mmu.g.fd, &msg, sizeof(msg)) != size ||
			   msg.v2.type != (v2 ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG) ||
			   m->type != VHOST_IOTLB_MISS;
		buffer |= m->iova == gpa_of(slot(0)) && m->perm == VHOST_ACCESS_RO;
		n++;
		iommu_answer(&mmu, m->iova);
	}
	tap_is(strange, 0, "%s: every message is a MISS", name);
	tap_ok(buffer, "%s: the buffer is asked for, to be read", name);
	tap_ok(n >= (is_ours() ? 3 : 2) && n < 20,
	       "%s: asked for what is needed (%u), then no more", name, n);
	tap_ok(ring_wait(&mmu.g.q[TX], PATIENCE) && ring_take(&mmu.g.q[TX], &e) && e.id == 0 &&
		       far_recv(tap.far, frame, sizeof(frame), PATIENCE) == sizeof(frame) &&
		       frame_check(frame, sizeof(frame)) == 5,
	       "%s: the frame goes out, without another kick", name);
	tap_ok(!event_wait(mmu.g.q[TX].err, 0), "%s: no error event", name);
	iommu_free(&mmu);
}

static long blocking_result;

static void *blocking_read(void *arg)
{
	struct vhost_msg_v2 m;

	(void)arg;
	blocking_result = read(mmu.g.fd, &m, sizeof(m)) < 0 ? -errno : (long)sizeof(m);
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

static void blocking(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t reader;

	iommu_init(&mmu, F_V1, 256, 1);
	fcntl(mmu.g.fd, F_SETFL, 0);
	sigaction(SIGUSR1, &sa, NULL);
	iommu_used_rings(&mmu);
	if (ring_backend(&mmu.g.q[TX], tap.fd))
		tap_bail("SET_BACKEND");
	/* What the new backend made the queue ask is out of the way. */
	while (event_wait(mmu.g.fd, 100))
		blocking_read(NULL);
	pthread_create(&reader, NULL, blocking_read, NULL);
	sleep_ms(50);
	pthread_kill(reader, SIGUSR1);
	pthread_join(reader, NULL);
	tap_is(blocking_result, -EINTR, "a blocking read is ended by a signal");
	pthread_create(&reader, NULL, blocking_read, NULL);
	sleep_ms(50);
	iommu_update(&mmu, gpa_of(0), 2 * RING_AREA, places_at(&mmu.places, 0));
	desc_set(&mmu.g.q[TX], 0, gpa_of(slot(0)), 100, 0, 0);
	ring_publish(&mmu.g.q[TX], 0);
	ring_kick(&mmu.g.q[TX]);
	pthread_join(reader, NULL);
	tap_is(blocking_result, sizeof(struct vhost_msg_v2), "a blocking read ends with a MISS");
	iommu_free(&mmu);
}

/* Keeps a processor from all others until asked to stop. */
static atomic_int spin_over;

static void *spin(void *arg)
{
	struct sched_param p = { .sched_priority = 10 };

	(void)arg;
	task_pin(0, 1);
	sched_setscheduler(0, SCHED_FIFO, &p);
	while (!spin_over)
		;
	return NULL;
}

static void *reader_on_1(void *arg)
{
	task_pin(0, 1);
	return blocking_read(arg);
}

/*
 * The owner gives the device up, and a process that has the descriptor becomes its
 * owner and has an IOTLB, all before the old owner's reader runs again. It may not
 * sleep on, and then read what the new owner is asked.
 */
static void reader_of_old(void)
{
	pthread_t reader, spinner;
	uint64_t features = F_V1 | F_PLATFORM;
	int go[2], done[2];
	char c = 1;
	pid_t child;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || pipe(go) || pipe(done)) {
		tap_skip(2, "one processor", "a reader of the old owner");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	fcntl(mmu.g.fd, F_SETFL, 0);
	child = fork();
	if (!child) {
		if (read(go[0], &c, 1) != 1)
			_exit(1);
		c = !dev_ioctl(mmu.g.fd, VHOST_SET_OWNER, NULL) &&
		    !dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &features);
		if (write(done[1], &c, 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1) != 1);
	}
	blocking_result = 1;
	pthread_create(&reader, NULL, reader_on_1, NULL);
	sleep_ms(200);
	task_pin(0, 0);
	task_pin(child, 0);
	/* RESET_OWNER waits for it. */
	workers_pin(0);
	spin_over = 0;
	pthread_create(&spinner, NULL, spin, NULL);
	sleep_ms(100);
	if (dev_ioctl(mmu.g.fd, VHOST_RESET_OWNER, NULL))
		tap_bail("RESET_OWNER");
	if (write(go[1], &c, 1) != 1 || read(done[0], &c, 1) != 1)
		tap_bail("pipe");
	tap_is(c, 1, "another process becomes the owner while the old one's reader waits");
	spin_over = 1;
	pthread_join(spinner, NULL);
	sleep_ms(500);
	/* One that still sleeps then ends with EINTR. */
	pthread_kill(reader, SIGUSR1);
	pthread_join(reader, NULL);
	tap_is(blocking_result, -EPERM, "the old owner's reader gets an error");
	c = 1;
	if (write(go[1], &c, 1) != 1)
		tap_bail("pipe");
	waitpid(child, NULL, 0);
	task_pin(0, -1);
	workers_pin(-1);
	iommu_free(&mmu);
}

/* No reader: a queue asks one thing at a time, however often it is kicked. */
static void unread(void)
{
	struct vhost_iotlb_msg m;
	unsigned int n = 0;

	if (!is_ours()) {
		tap_skip(1, "the in-tree module of these kernels keeps every question",
			 "questions without a reader");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	iommu_update(&mmu, gpa_of(0), 2 * RING_AREA, places_at(&mmu.places, 0));
	guest_backend(&mmu.g, tap.fd);
	for (unsigned int i = 0; i < 1000; i++) {
		desc_set(&mmu.g.q[TX], 0, gpa_of(slot(i % 256)), 100, 0, 0);
		if (!i)
			ring_publish(&mmu.g.q[TX], 0);
		ring_kick(&mmu.g.q[TX]);
		if (i % 100 == 0)
			sleep_ms(1);
	}
	while (iommu_question(&mmu, &m, 50))
		n++;
	/* When the first is read a run may be under way, and another to follow it. */
	tap_ok(n >= 1 && n <= 3, "1,000 kicks, no reader: one question waits (%u read)", n);
	iommu_free(&mmu);
}

/* More entries than it keeps: the oldest go, the youngest stay. */
static void flood(void)
{
	struct vhost_iotlb_msg m = { 0 };
	unsigned int taken = 0;
	bool asks;

	iommu_init(&mmu, F_V1, 256, 1);
	iommu_update(&mmu, gpa_of(slot(0)), IOMMU_PAGE, places_at(&mmu.places, slot(0)));
	for (unsigned int i = 0; i < 5000; i++)
		taken += iommu_update(&mmu, BIT64(40) + i * 2 * IOMMU_PAGE, IOMMU_PAGE,
				      mmu.g.mem) == sizeof(struct vhost_msg_v2);
	tap_is(taken, 5000, "5,000 entries are taken");
	iommu_update(&mmu, gpa_of(0), 2 * RING_AREA, places_at(&mmu.places, 0));
	guest_backend(&mmu.g, tap.fd);
	desc_set(&mmu.g.q[TX], 0, gpa_of(slot(0)), 100, 0, 0);
	ring_publish(&mmu.g.q[TX], 0);
	ring_kick(&mmu.g.q[TX]);
	do
		asks = iommu_question(&mmu, &m, 500);
	while (asks && m.iova < gpa_of(2 * RING_AREA));
	tap_ok(asks && m.iova == gpa_of(slot(0)), "the oldest is not among them any more");
	ring_backend(&mmu.g.q[TX], -1);
	desc_set(&mmu.g.q[TX], 0, BIT64(40) + 4990 * 2 * IOMMU_PAGE, 100, 0, 0);
	ring_backend(&mmu.g.q[TX], tap.fd);
	ring_kick(&mmu.g.q[TX]);
	tap_ok(ring_wait(&mmu.g.q[TX], PATIENCE), "one of the youngest is");
	iommu_free(&mmu);
	far_recv(tap.far, (uint8_t[200]){ 0 }, 200, 100);
}

static void permissions(void)
{
	struct vring_used_elem e;
	uint8_t frame[100];

	iommu_init(&mmu, F_V1 | F_MRG, 256, 1);
	iommu_update(&mmu, gpa_of(0), 2 * RING_AREA, places_at(&mmu.places, 0));
	guest_backend(&mmu.g, tap.fd);
	stats_find();
	iommu_message(&mmu, VHOST_IOTLB_UPDATE, gpa_of(slot(0)), IOMMU_PAGE,
		      (uintptr_t)places_at(&mmu.places, slot(0)), VHOST_ACCESS_RO);
	memset(mmu.g.mem + slot(0), 0xee, IOMMU_PAGE);
	rx_post(&mmu.g, 0, IOMMU_PAGE);
	frame_make(frame, sizeof(frame), 7);
	far_send(tap.far, frame, sizeof(frame));
	tap_ok(event_wait(mmu.g.q[RX].err, PATIENCE),
	       "a read-only buffer for receive: error event");
	tap_ok(!ring_wait(&mmu.g.q[RX], 20) && mmu.g.mem[slot(0)] == 0xee,
	       "a read-only buffer for receive: not written");
	if (is_ours())
		tap_ok(stat_of("rx", "error_permission") > 0, "a read-only buffer: counted");
	iommu_update(&mmu, gpa_of(slot(0)), IOMMU_PAGE, places_at(&mmu.places, slot(0)));
	ring_kick(&mmu.g.q[RX]);
	if (is_ours())
		tap_ok(ring_wait(&mmu.g.q[RX], PATIENCE) && ring_take(&mmu.g.q[RX], &e) &&
			       frame_check(mmu.g.mem + slot(0) + 12, sizeof(frame)) == 7,
		       "writable now, and a kick: the frame comes");
	else
		tap_skip(1, "the in-tree module has dropped the frame", "writable now");
	iommu_message(&mmu, VHOST_IOTLB_UPDATE, gpa_of(slot(1)), IOMMU_PAGE,
		      (uintptr_t)places_at(&mmu.places, slot(1)), VHOST_ACCESS_WO);
	desc_set(&mmu.g.q[TX], 0, gpa_of(slot(1)), 200, 0, 0);
	ring_publish(&mmu.g.q[TX], 0);
	ring_kick(&mmu.g.q[TX]);
	tap_ok(event_wait(mmu.g.q[TX].err, PATIENCE),
	       "a write-only buffer for transmit: error event");
	tap_ok(far_recv(tap.far, frame, sizeof(frame), 20) < 0,
	       "a write-only buffer for transmit: not sent");
	iommu_free(&mmu);
	while (read(tap.fd, frame, sizeof(frame)) > 0)
		;
}

/* The bit changes: what the rings' addresses meant, they mean no longer. */
static void switched(void)
{
	uint64_t off = F_V1, on = F_V1 | F_PLATFORM;

	if (!is_ours()) {
		tap_skip(2, "the in-tree module of these kernels keeps the addresses", "switched");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &off);
	tap_err(ring_backend(&mmu.g.q[TX], tap.fd), -EFAULT,
		"ACCESS_PLATFORM off: addresses are dropped");
	ring_addr(&mmu.g.q[TX], mmu.g.mem, 0, 0);
	tap_err(ring_backend(&mmu.g.q[TX], tap.fd), 0, "off: with new addresses it goes");
	dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &on);
	ring_kick(&mmu.g.q[TX]);
	tap_ok(!event_wait(mmu.g.fd, 100), "on while running: nothing is asked without addresses");
	ring_backend(&mmu.g.q[TX], -1);
	tap_err(ring_backend(&mmu.g.q[TX], tap.fd), -EFAULT, "nor is a backend taken");
	iommu_free(&mmu);
}

/*
 * The same features again: QEMU does so when it starts a stopped device,
 * and tells nothing of what became invalid meanwhile.
 */
static void features_again(void)
{
	uint64_t on = F_V1 | F_PLATFORM;
	struct vhost_iotlb_msg m = { 0 };

	if (!is_ours()) {
		tap_skip(1, "the in-tree module wants the used ring known before a backend",
			 "features again");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	iommu_update(&mmu, gpa_of(0), 2 * RING_AREA, places_at(&mmu.places, 0));
	dev_ioctl(mmu.g.fd, VHOST_SET_FEATURES, &on);
	guest_backend(&mmu.g, tap.fd);
	ring_kick(&mmu.g.q[TX]);
	tap_ok(iommu_question(&mmu, &m, 500) && m.iova < gpa_of(2 * RING_AREA),
	       "the same features again: nothing is known any more");
	iommu_free(&mmu);
}

/*
 * The rings are not known at the start, and the used index cannot be read when they are: the queue
 * must not run before it has read it, or its entries come where the driver does not look.
 */
static void unreadable_at_first(void)
{
	struct ring *q = &mmu.g.q[TX];
	const uint16_t begin = 100;
	uint8_t *rings;

	if (!is_ours()) {
		tap_skip(2, "the in-tree module wants the used ring known before a backend",
			 "unreadable at first");
		return;
	}
	iommu_init(&mmu, F_V1, 256, 1);
	rings = places_at(&mmu.places, 0);
	q->used->idx = q->used_seen = q->avail_idx = q->avail->idx = begin;
	if (ring_state(q, VHOST_SET_VRING_BASE, begin) || ring_backend(q, tap.fd))
		tap_bail("SET_BACKEND");
	stats_find();
	if (mprotect(rings, 2 * RING_AREA, PROT_NONE))
		tap_bail("mprotect");
	iommu_update(&mmu, gpa_of(0), GUEST_MEM, rings);
	for (int i = 0; i < PATIENCE && stat_of("tx", "error_ring_access") == 0; i += 10)
		sleep_ms(10);
	tap_ok(stat_of("tx", "error_ring_access") > 0, "a used index that cannot be read");
	if (mprotect(rings, 2 * RING_AREA, PROT_READ | PROT_WRITE))
		tap_bail("mprotect");
	desc_set(q, 0, gpa_of(slot(0)), 100, 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	for (int i = 0; i < PATIENCE && used_idx(q) == begin; i += 10)
		sleep_ms(10);
	tap_is(used_idx(q), begin + 1, "when it can, the queue goes on from there");
	iommu_free(&mmu);
	far_recv(tap.far, (uint8_t[200]){ 0 }, 200, 100);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	tap_new(&tap, "vl0", 12);
	messages();
	stranger();
	misses(true);
	misses(false);
	blocking();
	if (is_ours())
		reader_of_old();
	unread();
	flood();
	permissions();
	switched();
	features_again();
	unreadable_at_first();
	tap_del(&tap);
	return tap_done();
}
