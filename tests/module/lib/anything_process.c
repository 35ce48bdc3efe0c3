// SPDX-License-Identifier: GPL-2.0-only
/* A process whose threads do anything to devices until it is killed: see anything.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "anything.h"
#include "nic.h"

#define THREADS 4u
#define PAGE	4096u

static struct tap *taps; /* two of them */

static void *client(void *arg)
{
	struct dice d = { .state = (uintptr_t)arg };

	for (;;)
		anything_by_client(&d);
	return NULL;
}

/* The guest: it may meet a hole in its memory at any moment, and goes on. */
static void segv(int sig)
{
	struct dice d = { .state = now_ns() };

	(void)sig;
	mmap(anything.mem, ANYTHING_MEM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
	     anything.memfd, 0);
	anything_to_mappings(&d);
}

static void *guest(void *arg)
{
	struct dice d = { .state = (uintptr_t)arg };
	uint8_t frame[1514] = { 0 };

	for (;;) {
		anything_in_memory(&d);
		frame_make(frame, 60 + below(&d, 1400), (uint32_t)below(&d, 1000));
		if (send(taps[below(&d, 2)].far, frame, sizeof(frame), MSG_DONTWAIT) < 0)
			sched_yield();
	}
	return NULL;
}

/* Pages that were asked for come after a while; some never do. */
static void *late(void *arg)
{
	struct dice d = { .state = (uintptr_t)arg };
	struct uffd_msg m;

	while (read(anything.uffd, &m, sizeof(m)) == sizeof(m)) {
		struct uffdio_zeropage z = { .range = { m.arg.pagefault.address & -(uint64_t)PAGE,
							PAGE } };

		if (m.event != UFFD_EVENT_PAGEFAULT || one_in(&d, 64))
			continue;
		sleep_ms((int)below(&d, 3));
		ioctl(anything.uffd, UFFDIO_ZEROPAGE, &z);
	}
	return NULL;
}

static void start(void *(*body)(void *), struct dice *d)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, (void *)(uintptr_t)roll(d)))
		_exit(2);
}

void anything_process(struct tap *two, uint64_t begin)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct dice d = { .state = begin };

	taps = two;
	signal(SIGSEGV, segv);
	signal(SIGBUS, segv);
	signal(SIGCHLD, SIG_IGN);
	anything.memfd = memfd_create("fuzz", MFD_CLOEXEC);
	if (anything.memfd < 0 || ftruncate(anything.memfd, ANYTHING_MEM))
		_exit(2);
	anything.mem =
		mmap(NULL, ANYTHING_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, anything.memfd, 0);
	if (anything.mem == MAP_FAILED)
		_exit(2);
	for (unsigned int i = 0; i < DEVICES; i++)
		anything.devices[i] = dev_open();
	for (unsigned int i = 0; i < EVENTS; i++)
		anything.events[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	anything.files[0] = taps[0].fd;
	anything.files[1] = taps[1].fd;
	anything.files[2] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	anything.files[3] = packet_socket(taps[0].name, ETH_TEST, one_in(&d, 2));
	anything.uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (anything.uffd >= 0 && ioctl(anything.uffd, UFFDIO_API, &api)) {
		close(anything.uffd);
		anything.uffd = -1;
	}
	if (anything.uffd >= 0)
		start(late, &d);
	start(guest, &d);
	for (unsigned int i = 0; i < THREADS; i++)
		start(client, &d);
	for (;;)
		pause();
}
