// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input by a client, continued from badinput.c: what is behind a descriptor, where the log is,
 * polls without end, and an owner without memory. Would fail if: an answer changed, what a device was
 * given outlived it, a write of the log went elsewhere, or an ioctl waited for a poll.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <net/if.h>

#include "both.h"
#include "nic.h"
#include "tap.h"

#define KERNEL_SPACE 0xffff888000000000ULL
#define PAGE	     4096u
#define PATIENCE     4000

static struct guest g;
static struct tap t;

static atomic_bool over;

/* A tap and a file in turns behind one number. */
static void *exchange(void *arg)
{
	int *fd = arg;

	while (!over) {
		dup2(fd[1], fd[0]);
		dup2(fd[2], fd[0]);
	}
	return NULL;
}

static void backends(void)
{
	int fd[3], good = 0, refused = 0, other = 0;
	struct vring_used_elem e;
	struct tap second;
	pthread_t thread;
	uint64_t until;
	void *page;

	tapped_start(&g, &t, F_V1);
	tap_new(&second, "vl1", 12);
	answer(ring_backend(&g.q[RX], t.fd), 0, 0, NULL, "SET_BACKEND: one tap for receive");
	answer(ring_backend(&g.q[TX], second.fd), 0, 0, NULL, "and another one for transmit");
	tap_ok(tx_one(&g, second.far, 1, 100) && rx_one(&g, t.far, 2, 100),
	       "two taps: a frame goes out by one and comes in by the other");

	/* Over a backend that serves: the old one must serve on. */
	page = g.mem + g.q[TX].off_used;
	munmap(page, PAGE);
	answer(ring_backend(&g.q[TX], t.fd), -EFAULT, -EFAULT, NULL,
	       "SET_BACKEND over another one, used ring unmapped");
	if (mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, g.memfd,
		 (off_t)g.q[TX].off_used) != page)
		tap_bail("used ring: %s", strerror(errno));
	tap_ok(tx_one(&g, second.far, 3, 100), "mapped again: the backend before still sends");

	/* The number is looked up once: what was found is what is used. */
	fd[1] = second.fd;
	fd[2] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	fd[0] = dup(fd[1]);
	over = false;
	if (pthread_create(&thread, NULL, exchange, fd))
		tap_bail("thread");
	for (until = now_ns() + 20000000000ULL;
	     now_ns() < until && !other && (good < 100 || refused < 100);) {
		int err = ring_backend(&g.q[TX], fd[0]);

		good += !err;
		refused += err == -ENOTSOCK;
		other += err && err != -ENOTSOCK;
	}
	over = true;
	pthread_join(thread, NULL);
	close(fd[0]);
	close(fd[2]);
	tap_ok(good && refused && !other,
	       "SET_BACKEND while the number is a tap and a file in turns: taken or ENOTSOCK");
	tap_note("%d times taken, %d refused", good, refused);
	answer(ring_backend(&g.q[TX], -1), 0, 0, NULL, "then SET_BACKEND -1");
	tap_del(&second);
	tap_is(if_nametoindex("vl1"), 0, "and its tap is gone with its last descriptor");
	tapped_stop(&g, &t);

	/* What a packet socket without an interface does with a frame is its own affair. */
	tapped_start(&g, &t, F_HDR);
	fd[0] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	answer(ring_backend(&g.q[TX], fd[0]), 0, 0, NULL,
	       "SET_BACKEND: a packet socket without an interface");
	desc_set(&g.q[TX], 0, gpa_of(slot(0)), g.hdr_len + 100, 0, 0);
	ring_publish(&g.q[TX], 0);
	ring_kick(&g.q[TX]);
	tap_ok(ring_wait(&g.q[TX], PATIENCE) && ring_take(&g.q[TX], &e),
	       "no interface: the buffer comes back");
	close(fd[0]);
	tapped_stop(&g, &t);
}

/* The number of an eventfd, the lowest that is free: one that is kept by mistake shows in it. */
static long event_id(int fd)
{
	char path[64], line[100];
	long id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "eventfd-id: %ld", &id);
	if (f)
		fclose(f);
	return id;
}

static void eventfds(void)
{
	static const struct {
		unsigned long cmd;
		const char *name;
	} set[] = {
		{ VHOST_SET_VRING_KICK, "SET_VRING_KICK" },
		{ VHOST_SET_VRING_CALL, "SET_VRING_CALL" },
		{ VHOST_SET_VRING_ERR, "SET_VRING_ERR" },
		{ VHOST_SET_LOG_FD, "SET_LOG_FD" },
	};

	tapped_start(&g, &t, F_V1);
	for (int i = 0; i < 4; i++) {
		long first = -1, last = 0;
		int err = 0;

		for (int k = 0; k < 2000 && !err; k++) {
			int fd = eventfd(0, EFD_CLOEXEC);

			last = event_id(fd);
			first = k ? first : last;
			err = set[i].cmd == VHOST_SET_LOG_FD ? dev_ioctl(g.fd, set[i].cmd, &fd)
							     : ring_fd(&g.q[TX], set[i].cmd, fd);
			close(fd);
		}
		answer(err, 0, 0, NULL, "%s: 2000 eventfds one after the other", set[i].name);
		if (first < 0)
			tap_skip(1, "this kernel does not number eventfds", set[i].name);
		else
			tap_ok(last - first < 100, "%s: none of these is kept (%ld, then %ld)",
			       set[i].name, first, last);
	}
	tapped_stop(&g, &t);
}

/* Signalled beyond what it counts; and one that is the cause of what it tells. */
static void odd_eventfds(void)
{
	int full = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct ring *q = &g.q[TX];
	uint64_t most = -2ULL, start;

	tapped_start(&g, &t, F_V1);
	guest_backend(&g, t.fd);
	if (write(full, &most, sizeof(most)) != sizeof(most) ||
	    ring_fd(q, VHOST_SET_VRING_CALL, full))
		tap_bail("a full eventfd");
	tap_ok(tx_one(&g, t.far, 1, 100) && tx_one(&g, t.far, 2, 100),
	       "a call eventfd that is full: frames pass");
	answer(ring_fd(q, VHOST_SET_VRING_KICK, full), -EINVAL, -EINVAL, NULL,
	       "SET_VRING_KICK: an eventfd in error");
	answer(tx_one(&g, t.far, 3, 100) ? 0 : -EAGAIN, 0, -EAGAIN,
	       "in-tree has taken it when it finds the error",
	       "an eventfd in error: the kick before it still works");
	ring_repair(q, t.fd);
	while (far_recv(t.far, &(uint8_t[200]){ 0 }, 200, 0) > 0)
		;
	if (ring_fd(q, VHOST_SET_VRING_KICK, q->kick))
		tap_bail("SET_VRING_KICK");
	close(full);
	answer(ring_fd(q, VHOST_SET_VRING_ERR, q->kick), 0, 0, NULL,
	       "SET_VRING_ERR: the kick of the same ring");
	desc_set(q, 0, 0x1000, 200, 0, 0);
	ring_publish(q, 0);
	ring_kick(q);
	sleep_ms(50);
	start = now_ns();
	answer(ring_backend(q, -1), 0, 0, NULL, "an error that kicks: SET_BACKEND -1 ends it");
	tap_ok(now_ns() - start < 3000000000ULL && worker_sleeps(100),
	       "an error that kicks: in time, %llu ms",
	       (unsigned long long)(now_ns() - start) / 1000000);
	tapped_stop(&g, &t);
}

/* The device writes where it can, reports where it cannot, and frames pass all the same. */
static void with_log(uint64_t base, const char *what)
{
	event_clear(g.q[RX].err);
	answer(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), 0, 0, NULL, "log at %s: SET_LOG_BASE",
	       what);
	tap_ok(rx_one(&g, t.far, 1, 100) && tx_one(&g, t.far, 2, 100), "log at %s: frames pass",
	       what);
	if (ours_alone("in-tree reports no write of the log that fails", what))
		tap_ok(event_wait(g.q[RX].err, PATIENCE), "log at %s: error event", what);
}

/* The place of the used ring in the log, which no region need have. */
static void used_ring_far_away(void)
{
	uint64_t base = 0;

	/* A hint behind 2^47 is followed where there is more. */
	if ((uintptr_t)mmap((void *)(uintptr_t)BIT64(50), PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) >= BIT64(47)) {
		tap_skip(1, "5-level paging: all of the log is within the address space",
			 "used ring logged behind it");
		return;
	}
	answer(ring_addr(&g.q[TX], g.mem, 1, 1ULL << 63), -EINVAL, -EINVAL, NULL,
	       "SET_VRING_ADDR: used ring logged behind the address space, running");
	answer(ring_addr(&g.q[TX], g.mem, 1, -8ULL), -EINVAL, -EINVAL, NULL,
	       "SET_VRING_ADDR: used ring logged over the end of all addresses, running");
	/* Bits of 2^58 are at 2^43 of the log: within the address space from 0 on, not from 2^47. */
	dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base);
	answer(ring_addr(&g.q[TX], g.mem, 1, 1ULL << 58), 0, 0, NULL,
	       "SET_VRING_ADDR: used ring logged far away, running");
	base = (1ULL << 47) - (1ULL << 42);
	answer(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), -EFAULT, -EFAULT, NULL,
	       "then SET_LOG_BASE where that is behind the address space");
	guest_backend(&g, -1);
	answer(ring_addr(&g.q[TX], g.mem, 1, 1ULL << 63), 0, 0, NULL,
	       "SET_VRING_ADDR: used ring logged behind the address space, no backend");
	answer(ring_backend(&g.q[TX], t.fd), -EFAULT, -EFAULT, NULL,
	       "SET_BACKEND with that address of the log");
}

static void logs(void)
{
	uint64_t base = KERNEL_SPACE, logged = F_V1 | F_MRG | F_LOG;
	const uint64_t bytes = (GUEST_GPA + GUEST_MEM) / PAGE / 8;
	int fd = memfd_create("log", MFD_CLOEXEC);
	unsigned int named = 0;
	uint8_t *file;

	tapped_start(&g, &t, F_V1 | F_MRG);
	answer(dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base), 0, 0, NULL,
	       "SET_LOG_BASE in the kernel, no backend");
	answer(dev_ioctl(g.fd, VHOST_SET_FEATURES, &logged), 0, 0, NULL, "then LOG_ALL");
	answer(ring_backend(&g.q[TX], t.fd), -EFAULT, -EFAULT, NULL,
	       "SET_BACKEND with a log in the kernel");
	base = 0;
	dev_ioctl(g.fd, VHOST_SET_LOG_BASE, &base);
	guest_backend(&g, t.fd);
	with_log(0, "address 0");
	with_log((uintptr_t)hole() - gpa_of(slot(0)) / PAGE / 8, "a hole");
	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		tap_bail("memfd: %s", strerror(errno));
	file = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	with_log((uintptr_t)file, "a file that is mapped to be read");
	for (uint64_t i = 0; i < bytes; i++)
		named += file[i];
	tap_is(named, 0, "log at a file that is mapped to be read: the file is as it was");
	used_ring_far_away();
	munmap(file, bytes);
	close(fd);
	tapped_stop(&g, &t);
}

/* The longest poll there is ends for whatever else the queue has to do. */
static void longest_poll(void)
{
	uint64_t start, most = 0;
	long long polls;

	if (!ours_alone("in-tree holds the queue's lock while it polls", "the longest poll"))
		return;
	tapped_start(&g, &t, F_V1);
	stats_find();
	if (ring_state(&g.q[TX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 0xffffffff))
		tap_bail("SET_VRING_BUSYLOOP_TIMEOUT");
	/* On a processor of its own it has the fewest other reasons to end. */
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		task_pin(0, 0);
		workers_pin(1);
	}
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 1, 100) && rx_one(&g, t.far, 2, 100),
	       "a poll of 2^32-1 us: frames pass");
	for (int i = 0; i < 10; i++) {
		ring_kick(&g.q[TX]);
		sleep_ms(2);
		start = now_ns();
		if (ring_backend(&g.q[TX], -1) || ring_backend(&g.q[TX], t.fd))
			tap_bail("SET_BACKEND");
		most = now_ns() - start > most ? now_ns() - start : most;
	}
	polls = stat_of("tx", "polls");
	/* Where the machine is starved it is not always polling yet after 2 ms. */
	tap_ok(polls > 0 && most < 3000000000ULL,
	       "a poll of 2^32-1 us: %lld ended, SET_BACKEND -1 took %llu ms", polls,
	       (unsigned long long)most / 1000000);
	ring_kick(&g.q[TX]);
	sleep_ms(20);
	start = now_ns();
	tapped_stop(&g, &t);
	most = now_ns() - start;
	tap_ok(most < 3000000000ULL, "a poll of 2^32-1 us: the device closes within %llu ms",
	       (unsigned long long)most / 1000000);
	task_pin(0, -1);
}

#define GROUP "/sys/fs/cgroup/vhostlab-bad"

/* An owner whose memory ends while it becomes one: whole, refused, or killed, and nothing stays. */
static void no_memory(void)
{
	char now[32] = "", most[32];
	int up[2], down[2], status, file, whole;
	unsigned int *owned =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool limited;
	pid_t pid;
	char c;

	if (!ours_alone("in-tree does not charge its memory to the owner",
			"an owner without memory"))
		return;
	file_put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (sh("mkdir -p %s", GROUP) || access(GROUP "/memory.max", F_OK)) {
		tap_skip(2, "no memory controller at /sys/fs/cgroup", "an owner without memory");
		return;
	}
	if (pipe(up) || pipe(down) || owned == MAP_FAILED)
		tap_bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		*owned = 0;
		file_put(GROUP "/cgroup.procs", "0");
		if (write(up[1], "", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(1);
		/* A little is charged in advance. */
		for (; *owned < 500; ++*owned) {
			int fd = open(device, O_RDWR | O_CLOEXEC), err, again;

			if (fd < 0)
				_exit(errno);
			err = dev_ioctl(fd, VHOST_SET_OWNER, NULL);
			again = dev_ioctl(fd, VHOST_SET_OWNER, NULL);
			if (err)
				_exit(again == err ? -err : 254);
		}
		_exit(0);
	}
	if (read(up[0], &c, 1) != 1)
		tap_bail("the child is not in its group");
	file = open(GROUP "/memory.current", O_RDONLY | O_CLOEXEC);
	limited = file >= 0 && read(file, now, sizeof(now) - 1) > 0;
	snprintf(most, sizeof(most), "%lld", atoll(now) + (1 << 20));
	limited = limited && !file_put(GROUP "/memory.max", most);
	if (!limited || write(down[1], "", 1) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	whole = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	/* A device is 150 KiB. */
	tap_ok(limited && (WIFSIGNALED(status) || whole == ENOMEM) && *owned < 30,
	       "SET_OWNER beyond a control group's memory: %s at device %u",
	       WIFSIGNALED(status) ? "killed" : strerror(whole), *owned);
	close(file);
	for (int i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
	for (int i = 0; i < 250 && sh("rmdir %s 2>/dev/null", GROUP); i++)
		sleep_ms(20);
	tapped_start(&g, &t, F_V1);
	guest_backend(&g, t.fd);
	tap_ok(access(GROUP, F_OK) && tx_one(&g, t.far, 1, 100),
	       "its group is empty, and the next owner is served");
	tapped_stop(&g, &t);
}

static void cases(void)
{
	backends();
	eventfds();
	odd_eventfds();
	logs();
	longest_poll();
	no_memory();
}

int main(int argc, char **argv)
{
	guest_args(argc, argv);
	net_private();
	both(cases);
	return tap_done();
}
