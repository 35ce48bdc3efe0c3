// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is not there yet, as in post-copy migration: userfaultfd answers
 * late, or never. A run waits for its page, and that stops its own device only:
 * other owners are served and can end, and the owner itself can be killed, in
 * every threading model.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define OTHERS 4u /* devices: more than threads of the pool */
#define LATE   10u /* slot whose page is missing */
#define MANY   16 /* threads of the pool at most */

static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };
static uint8_t page[4096] __attribute__((aligned(4096))), buf[4096];

/* The page of a slot is missing from now on: the descriptor that hears of accesses. */
static int take_away(struct guest *g, unsigned int i)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .range = { (uintptr_t)g->mem + slot(i), SLOT_SIZE },
				     .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fallocate(g->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)slot(i),
		      SLOT_SIZE))
		tap_bail("punch a hole: %s", strerror(errno));
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &r))
		tap_bail("userfaultfd: %s", strerror(errno));
	return fd;
}

/*
 * Whether that page is asked for within so many ms. A wake-up of the thread that waits
 * for the page, by a kick for example, ends its wait: it is not in the descriptor's
 * queue until it has accessed the page again, and a read then finds nothing.
 */
static bool asked(int uffd, const struct guest *g, unsigned int i, int ms)
{
	uint64_t end = now_ns() + (uint64_t)ms * 1000000;
	struct pollfd p = { uffd, POLLIN, 0 };
	struct uffd_msg m;

	while (now_ns() < end && poll(&p, 1, ms) == 1) {
		if (read(uffd, &m, sizeof(m)) == sizeof(m))
			return m.event == UFFD_EVENT_PAGEFAULT &&
			       (m.arg.pagefault.address & ~4095ULL) == (uintptr_t)g->mem + slot(i);
		if (errno != EAGAIN)
			return false;
	}
	return false;
}

static int give(int uffd, const struct guest *g, unsigned int i)
{
	struct uffdio_copy c = { .dst = (uintptr_t)g->mem + slot(i),
				 .src = (uintptr_t)page,
				 .len = sizeof(page) };

	return ioctl(uffd, UFFDIO_COPY, &c) ? -errno : 0;
}

static void post(struct ring *q, unsigned int i, size_t len)
{
	desc_set(q, i, gpa_of(slot(i)), (uint32_t)len, 0, 0);
	ring_publish(q, (uint16_t)i);
	ring_kick(q);
}

static void *kick(void *arg)
{
	ring_kick(arg);
	return NULL;
}

/* post() by a thread of its own: with worker=caller that is the one that waits. */
static void post_apart(struct ring *q, unsigned int i, size_t len)
{
	pthread_t thread;

	desc_set(q, i, gpa_of(slot(i)), (uint32_t)len, 0, 0);
	ring_publish(q, (uint16_t)i);
	if (pthread_create(&thread, NULL, kick, q) || pthread_detach(thread))
		tap_bail("thread");
}

/* A device whose worker waits for the page of slot LATE. */
static int wait_for_page(struct guest *g, struct tap *t, const char *name)
{
	int uffd;

	guest_start(g, F_V1 | F_MRG, 256);
	tap_new(t, name, g->hdr_len);
	uffd = take_away(g, LATE);
	guest_backend(g, t->fd);
	post_apart(&g->q[TX], LATE, g->hdr_len + 900);
	if (!asked(uffd, g, LATE, 10000))
		tap_bail("the worker did not ask for the page");
	return uffd;
}

static bool sends(struct guest *g, struct tap *t, uint32_t seq)
{
	struct ring *q = &g->q[TX];
	struct vring_used_elem e;

	memset(g->mem + slot(0), 0, g->hdr_len);
	frame_make(g->mem + slot(0) + g->hdr_len, 100, seq);
	post(q, 0, g->hdr_len + 100);
	return ring_wait(q, 3000) && ring_take(q, &e) &&
	       far_recv(t->far, buf, sizeof(buf), 3000) == 100 && frame_check(buf, 100) == seq;
}

static void others(const char *model)
{
	struct guest g, other[OTHERS];
	struct tap t, taps[OTHERS];
	struct vring_used_elem e;
	unsigned int served = 0, ended = 0;
	int uffd;

	uffd = wait_for_page(&g, &t, "vl0");
	for (unsigned int i = 0; i < OTHERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vl%u", i + 1);
		guest_start(&other[i], F_V1 | F_MRG, 256);
		tap_new(&taps[i], name, other[i].hdr_len);
		guest_backend(&other[i], taps[i].fd);
	}
	if (!strcmp(model, "caller")) {
		/* The turn has the queue: the thread must not wait for it, not to be killed. */
		ring_kick(&g.q[TX]);
		sleep_ms(100);
		tap_is(thread_state(worker_tid()), 'S', "worker=%s: the thread does not wait",
		       model);
	}
	for (unsigned int i = 0; i < OTHERS; i++)
		served += sends(&other[i], &taps[i], i);
	tap_is(served, OTHERS, "worker=%s: while one page is missing, other devices are served",
	       model);
	for (unsigned int i = 0; i < OTHERS; i++) {
		uint64_t begin = now_ns();

		guest_stop(&other[i]);
		tap_del(&taps[i]);
		ended += now_ns() - begin < 5000000000ULL;
	}
	tap_is(ended, OTHERS, "worker=%s: and can be closed", model);
	tap_ok(!ring_wait(&g.q[TX], 0), "worker=%s: nothing is used before the page is there",
	       model);
	memset(page, 0, sizeof(page));
	frame_make(page + g.hdr_len, 900, 7);
	tap_err(give(uffd, &g, LATE), 0, "worker=%s: the page comes", model);
	tap_ok(ring_wait(&g.q[TX], 5000) && ring_take(&g.q[TX], &e) &&
		       far_recv(t.far, buf, sizeof(buf), 3000) == 900 && frame_check(buf, 900) == 7,
	       "worker=%s: the frame goes out as it came", model);
	tap_ok(sends(&g, &t, 3), "worker=%s: and the next one", model);
	guest_stop(&g);
	close(uffd);
	tap_del(&t);
}

/* A child whose worker waits; it tells of that, and does nothing more, or what is asked. */
static pid_t waiting_owner(int *told, bool ring_ioctl)
{
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		tap_bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* The lower number is closed first: exit must not depend on that. */
		int low = open("/dev/null", O_RDONLY | O_CLOEXEC), uffd;
		struct guest g;
		struct tap t;

		uffd = wait_for_page(&g, &t, "vl9");
		if (told) {
			dup2(uffd, low);
			close(uffd);
		}
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		if (ring_ioctl)
			ring_base(&g.q[TX]);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], buf, 1) != 1)
		tap_bail("the child's worker did not wait");
	close(ready[0]);
	return pid;
}

/* Milliseconds from its kill to its end, -1: it stays for 10 s. */
static int dies(pid_t pid)
{
	uint64_t begin = now_ns();

	kill(pid, SIGKILL);
	while (now_ns() - begin < 10000000000ULL) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return (int)((now_ns() - begin) / 1000000);
		sleep_ms(10);
	}
	return -1;
}

static void killed(const char *model)
{
	int low = 1, ms;

	ms = dies(waiting_owner(NULL, false));
	tap_ok(ms >= 0, "worker=%s: the owner, killed meanwhile, has ended after %d ms", model, ms);
	ms = dies(waiting_owner(&low, false));
	tap_ok(ms >= 0, "worker=%s: the same with the lower number for userfaultfd: %d ms", model,
	       ms);
	ms = dies(waiting_owner(NULL, true));
	tap_ok(ms >= 0, "worker=%s: the same in an ioctl that waits for the queue: %d ms", model,
	       ms);
}

static bool receives(struct guest *g, struct tap *t, uint32_t seq, unsigned int n)
{
	struct vring_used_elem e;

	frame_make(buf, 100, seq);
	if (far_send(t->far, buf, 100))
		tap_bail("send: %s", strerror(errno));
	for (; n; n--)
		if (!ring_wait(&g->q[RX], 3000) || !ring_take(&g->q[RX], &e))
			return false;
	return true;
}

/*
 * Two devices on one thread of the pool. Work of the first comes while its run waits for a page on
 * a thread that another one has replaced; then that one waits for a page of the second device. The
 * first page comes, and the first device must be served, whether the second one comes or not.
 */
static void replaced(void)
{
	struct guest g[2], between[MANY];
	int tid[MANY], uffd[2];
	struct tap t[2];
	unsigned int n;

	guest_start(&g[0], F_V1 | F_MRG, 256);
	n = (unsigned int)serving_threads(tid, MANY);
	for (unsigned int i = 1; i < n; i++)
		guest_start(&between[i], F_V1 | F_MRG, 256);
	guest_start(&g[1], F_V1 | F_MRG, 256);
	for (unsigned int i = 0; i < 2; i++) {
		tap_new(&t[i], i ? "vl1" : "vl0", g[i].hdr_len);
		uffd[i] = take_away(&g[i], LATE);
		if (!i)
			for (unsigned int k = 0; k < 8; k++)
				rx_post(&g[i], LATE + 2 * k, SLOT_SIZE);
		guest_backend(&g[i], t[i].fd);
	}
	receives(&g[0], &t[0], 1, 0);
	if (!asked(uffd[0], &g[0], LATE, 10000))
		tap_bail("the worker did not ask for the page");
	tap_ok(sends(&g[1], &t[1], 1), "worker=shared: another thread takes the place of one");
	sleep_ms(100);
	receives(&g[0], &t[0], 2, 0);
	ring_kick(&g[0].q[RX]);
	sleep_ms(100);
	post_apart(&g[1].q[TX], LATE, g[1].hdr_len + 900);
	if (!asked(uffd[1], &g[1], LATE, 10000))
		tap_bail("the other thread did not ask for its page");
	memset(page, 0, sizeof(page));
	tap_err(give(uffd[0], &g[0], LATE), 0, "worker=shared: the first page comes");
	tap_ok(receives(&g[0], &t[0], 3, 3),
	       "worker=shared: and what came meanwhile is served, without the second");
	tap_err(give(uffd[1], &g[1], LATE), 0, "worker=shared: that one comes");
	for (unsigned int i = 0; i < 2; i++) {
		guest_stop(&g[i]);
		close(uffd[i]);
		tap_del(&t[i]);
	}
	for (unsigned int i = 1; i < n; i++)
		guest_stop(&between[i]);
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	file_put("/proc/sys/vm/unprivileged_userfaultfd", "1");
	if (!is_ours()) {
		others("the in-tree one");
		return tap_done();
	}
	for (unsigned int i = 0; i < sizeof(models) / sizeof(*models); i++) {
		knob("worker", models[i]);
		others(models[i]);
		killed(models[i]);
		if (!strcmp(models[i], "shared"))
			replaced();
	}
	knob("worker", "device");
	return tap_done();
}
