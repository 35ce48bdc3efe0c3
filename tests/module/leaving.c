// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stays of an owner that has ended, or is frozen, while others hold its device:
 * no memory and no worker; and whom an owner that is busy keeps waiting.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kmod/vhostlab_uapi.h"
#include "nic.h"
#include "tap.h"

#define BIG_MIB 256
#define GROUP	"/sys/fs/cgroup/vhostlab-leaving"

/* Memory that is really used. */
static void fill(void)
{
	char *p = mmap(NULL, (size_t)BIG_MIB << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	memset(p, 1, (size_t)BIG_MIB << 20);
}

/* Whether free memory comes back to what it was, within seconds. */
static bool freed(long long before)
{
	for (int i = 0; i < 100; i++) {
		if (before - free_kib() < (BIG_MIB << 10) / 4)
			return true;
		sleep_ms(100);
	}
	tap_note("memory less by %lld MiB", (before - free_kib()) >> 10);
	return false;
}

/* The owner's memory maps an io_uring that holds the device's file. */
static void cycle(void)
{
	long long before = free_kib();
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct io_uring_params p = { 0 };
		int fd = dev_open(), ring = (int)syscall(SYS_io_uring_setup, 4, &p);

		if (ring < 0)
			_exit(77);
		fill();
		if (dev_ioctl(fd, VHOST_SET_OWNER, NULL) ||
		    mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE,
			 MAP_SHARED, ring, IORING_OFF_SQ_RING) == MAP_FAILED ||
		    syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1))
			_exit(2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		tap_skip(1, "io_uring is not to be had", "a memory cycle");
		return;
	}
	tap_is(status, 0, "an owner maps an io_uring that holds its device, and ends");
	tap_ok(freed(before), "its %d MiB are given back", BIG_MIB);
}

/* Another process holds the file of an owner that was killed. */
static void held(const char *model)
{
	long long before;
	int fd, up[2];
	pid_t pid;
	char c;

	knob("worker", model);
	fd = dev_open();
	before = free_kib();
	if (pipe(up))
		tap_bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fill();
		if (dev_ioctl(fd, VHOST_SET_OWNER, NULL) || write(up[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	if (read(up[0], &c, 1) != 1)
		tap_bail("the child has no device");
	close(up[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tap_ok(freed(before), "worker=%s: a killed owner's memory is given back, its file held",
	       model);
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), -EBUSY, "worker=%s: it stays the owner",
		model);
	close(fd);
}

static int frozen(void)
{
	char line[200];
	FILE *f = fopen(GROUP "/cgroup.events", "re");
	int v = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "frozen %d", &v);
	if (f)
		fclose(f);
	return v;
}

static void freezer(const char *model)
{
	int up[2], ms;
	pid_t pid;
	char c;

	if (mkdir(GROUP, 0755) && errno != EEXIST) {
		tap_skip(1, "no cgroup2 at /sys/fs/cgroup", "freezer");
		return;
	}
	knob("worker", model);
	if (pipe(up))
		tap_bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct guest g;
		struct tap t;

		file_put(GROUP "/cgroup.procs", "0");
		guest_start(&g, F_V1 | F_MRG, 256);
		tap_new(&t, "vl0", g.hdr_len);
		guest_backend(&g, t.fd);
		if (!rx_one(&g, t.far, 1, 100) || write(up[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	if (read(up[0], &c, 1) != 1)
		tap_bail("the child has no device");
	close(up[0]);
	file_put(GROUP "/cgroup.freeze", "1");
	for (ms = 0; ms < 3000 && frozen() != 1; ms += 10)
		sleep_ms(10);
	tap_ok(frozen() == 1, "worker=%s: the owner's control group is frozen after %d ms", model,
	       ms);
	file_put(GROUP "/cgroup.freeze", "0");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 100 && rmdir(GROUP) && errno == EBUSY; i++)
		sleep_ms(20);
}

/* The owner sleeps in an ioctl: others are answered without waiting. */
static void busy_owner(void)
{
	struct vhostlab_floor f = { .take = 1, .turns = 1 };
	uint64_t features, begin;
	struct tap t;
	pid_t pid;
	int fd;

	tap_new(&t, "vl0", 12);
	f.backend = t.fd;
	fd = dev_open();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dev_ioctl(fd, VHOST_SET_OWNER, NULL);
		dev_ioctl(fd, VHOSTLAB_FLOOR, &f);
		_exit(0);
	}
	sleep_ms(1000);
	alarm(20); /* one that waits for ever ends the program, and with it the plan */
	begin = now_ns();
	tap_err(dev_ioctl(fd, VHOST_GET_FEATURES, &features), 0,
		"features, while the owner sleeps");
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), -EBUSY, "another owner");
	tap_err(dev_ioctl(fd, VHOST_SET_FEATURES, &features), -EPERM, "a stranger's features");
	tap_ok(now_ns() - begin < 1000000000ULL, "answered at once");
	alarm(0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	tap_del(&t);
}

/* A queue that is polled for long: an ioctl does not wait for the end of that. */
static void polled(void)
{
	struct guest g;
	struct tap t;
	uint64_t begin;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", g.hdr_len);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		task_pin(0, 0);
		workers_pin(1);
	}
	ring_state(&g.q[TX], VHOST_SET_VRING_BUSYLOOP_TIMEOUT, 10000000);
	guest_backend(&g, t.fd);
	ring_kick(&g.q[TX]);
	sleep_ms(100);
	begin = now_ns();
	tap_err(ring_backend(&g.q[TX], -1), 0, "detach during a busy poll of 10 s");
	tap_ok(now_ns() - begin < 2000000000ULL, "it took %llu ms",
	       (unsigned long long)(now_ns() - begin) / 1000000);
	task_pin(0, -1);
	workers_pin(-1);
	guest_stop(&g);
	tap_del(&t);
}

int main(int argc, char **argv)
{
	static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };

	guest_args(argc, argv);
	net_private();
	if (!is_ours()) {
		tap_skip(1, "in-tree holds the memory of an owner that has ended", "leaving");
		return tap_done();
	}
	cycle();
	for (unsigned int i = 0; i < 4; i++) {
		held(models[i]);
		freezer(models[i]);
	}
	knob("worker", "device");
	busy_owner();
	polled();
	return tap_done();
}
