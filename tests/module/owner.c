// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners: which processes may touch a device, what becomes of it when its owner dies,
 * forks, execs or resets it under traffic, and whom its worker belongs to.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"

#define GROUP "/sys/fs/cgroup/vhostlab-test"

/* Exit status of a child: the errno its body found. */
static int child_errno(int (*body)(void *), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(-body(arg));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -255;
}

static int child_num(void *arg)
{
	struct guest *g = arg;

	return ring_state(&g->q[RX], VHOST_SET_VRING_NUM, 128);
}

static int child_reset(void *arg)
{
	return dev_ioctl(((struct guest *)arg)->fd, VHOST_RESET_OWNER, NULL);
}

static int child_unbind(void *arg)
{
	return ring_backend(&((struct guest *)arg)->q[TX], -1);
}

static int child_own(void *arg)
{
	return dev_ioctl(((struct guest *)arg)->fd, VHOST_SET_OWNER, NULL);
}

static int child_exec(void *arg)
{
	struct guest *g = arg;
	char fd[16];

	/* This child owns a device of its own and then becomes another. */
	snprintf(fd, sizeof(fd), "%d", g->fd);
	fcntl(g->fd, F_SETFD, 0);
	if (dev_ioctl(g->fd, VHOST_SET_OWNER, NULL))
		return -254;
	execl("/proc/self/exe", "owner", "--device", device, "--after-exec", fd, NULL);
	return -253;
}

static void strangers(void)
{
	struct guest g, other;
	struct tap t;

	guest_start(&g, F_V1, 256);
	tap_new(&t, "vl0", 12);
	guest_backend(&g, t.fd);
	tap_err(child_errno(child_num, &g), -EPERM, "SET_VRING_NUM by a forked child");
	tap_err(child_errno(child_unbind, &g), -EPERM, "SET_BACKEND -1 by a forked child");
	tap_err(child_errno(child_reset, &g), -EPERM, "RESET_OWNER by a forked child");
	tap_err(child_errno(child_own, &g), -EBUSY, "SET_OWNER by a forked child");
	tap_ok(tx_one(&g, t.far, 1, 100), "the device still serves its owner");
	guest_init(&other);
	tap_err(child_errno(child_exec, &other), -EPERM, "an owner that called exec has lost it");
	guest_stop(&other);
	guest_stop(&g);
	tap_del(&t);
}

/* Traffic both ways as fast as it goes, for ever. */
static void flood(struct guest *g, struct tap *t)
{
	uint8_t frame[1000];

	frame_make(frame, sizeof(frame), 1);
	for (unsigned int i = 0;; i++) {
		unsigned int k = i & 255;

		frame_make(g->mem + slot(k) + g->hdr_len, 500, i);
		desc_set(&g->q[TX], k, gpa_of(slot(k)), g->hdr_len + 500, 0, 0);
		desc_set(&g->q[RX], k, gpa_of(slot(256 + k)), SLOT_SIZE, VRING_DESC_F_WRITE, 0);
		if ((uint16_t)(g->q[TX].avail_idx - used_idx(&g->q[TX])) < 200)
			ring_publish(&g->q[TX], (uint16_t)k);
		if ((uint16_t)(g->q[RX].avail_idx - used_idx(&g->q[RX])) < 200)
			ring_publish(&g->q[RX], (uint16_t)k);
		ring_kick(&g->q[TX]);
		ring_kick(&g->q[RX]);
		if (send(t->far, frame, sizeof(frame), MSG_DONTWAIT) < 0)
			continue;
	}
}

/* Workers of the device under test, whichever process owns them. */
static unsigned int workers(void)
{
	const char *prefix = is_ours() ? "vhostlab-" : "vhost-";
	DIR *d = opendir("/proc");
	struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d))) {
		char path[300], comm[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%31s", comm) == 1 && !strncmp(comm, prefix, strlen(prefix)))
			n++;
		fclose(f);
	}
	if (d)
		closedir(d);
	return n;
}

static void killed(void)
{
	unsigned int left;

	kmsg_mark();
	for (int i = 0; i < 15; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			struct guest g;
			struct tap t;

			guest_start(&g, i & 1 ? F_V1 | F_MRG : 0, 256);
			tap_new(&t, "vl0", g.hdr_len);
			guest_backend(&g, t.fd);
			flood(&g, &t);
		}
		sleep_ms(60 + i * 5);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	for (int i = 0; i < 100 && workers(); i++)
		sleep_ms(20);
	left = workers();
	tap_is(left, 0, "15 owners killed under traffic: no worker is left");
	tap_is(kmsg_lines(), 0, "nothing about it in the kernel log");
	tap_ok(sh("ip link show vl0 >/dev/null 2>&1") != 0, "no tap is left");
}

static volatile bool stop;
static struct guest shared;

static void *pester(void *arg)
{
	struct vhost_vring_state s = { 0, 0 };
	uint64_t f;

	(void)arg;
	while (!stop) {
		dev_ioctl(shared.fd, VHOST_GET_FEATURES, &f);
		dev_ioctl(shared.fd, VHOST_GET_VRING_BASE, &s);
		guest_mem_table(&shared, shared.mem);
		ring_fd(&shared.q[RX], VHOST_SET_VRING_CALL, shared.q[RX].call);
	}
	return NULL;
}

static void *flood_thread(void *arg)
{
	struct tap *t = arg;
	uint8_t frame[200];

	frame_make(frame, sizeof(frame), 1);
	while (!stop) {
		ring_kick(&shared.q[TX]);
		ring_kick(&shared.q[RX]);
		if (send(t->far, frame, sizeof(frame), MSG_DONTWAIT) < 0)
			sleep_ms(1);
	}
	return NULL;
}

/* RESET_OWNER and close while threads are in ioctl and frames flow. */
static void reset_and_close(void)
{
	pthread_t threads[4];
	unsigned int errors = 0;
	struct guest g;
	struct tap t;

	tap_new(&t, "vl0", 12);
	guest_start(&shared, F_V1, 256);
	guest_backend(&shared, t.fd);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, pester, NULL);
	pthread_create(&threads[3], NULL, flood_thread, &t);
	for (int i = 0; i < 20; i++) {
		uint64_t f = F_V1;

		sleep_ms(5);
		errors += dev_ioctl(shared.fd, VHOST_RESET_OWNER, NULL) != 0;
		errors += dev_ioctl(shared.fd, VHOST_SET_OWNER, NULL) != 0;
		errors += dev_ioctl(shared.fd, VHOST_SET_FEATURES, &f) != 0;
		errors += guest_mem_table(&shared, shared.mem) != 0;
		for (unsigned int k = 0; k < 2; k++) {
			struct ring *q = &shared.q[k];

			q->avail->idx = q->used->idx = 0;
			errors += ring_state(q, VHOST_SET_VRING_NUM, 256) != 0;
			errors += ring_addr(q, shared.mem, 0, 0) != 0;
			errors += ring_fd(q, VHOST_SET_VRING_KICK, q->kick) != 0;
			errors += ring_backend(q, t.fd) != 0;
		}
	}
	tap_is(errors, 0, "20 times RESET_OWNER under traffic and set up again");
	close(shared.fd);
	stop = true;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	while (far_recv(t.far, &(uint8_t[2000]){ 0 }, 2000, 0) > 0)
		;
	for (int i = 0; i < 100 && workers(); i++)
		sleep_ms(20);
	tap_is(workers(), 0, "closed under ioctls and traffic: no worker is left");
	/* The tap still holds what was sent to it; a device of its own drains it. */
	tap_del(&t);
	tap_new(&t, "vl0", 12);
	guest_start(&g, F_V1, 256);
	guest_backend(&g, t.fd);
	tap_ok(tx_one(&g, t.far, 7, 100) && rx_one(&g, t.far, 8, 100), "a new device serves");
	guest_stop(&g);
	tap_del(&t);
}

static int delete_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static void unload(void)
{
	const char *ko = getenv("VHOSTLAB_KO");
	int fd = dev_open();

	tap_err(delete_module(is_ours() ? "vhostlab_net" : "vhost_net"), -EAGAIN,
		"the module is not unloaded while a device is open");
	tap_err(dev_ioctl(fd, VHOST_SET_OWNER, NULL), 0, "and the device works");
	close(fd);
	if (!is_ours() || !ko || !*ko) {
		tap_skip(2, "no VHOSTLAB_KO to load it from again", "unload an idle module");
		return;
	}
	tap_err(delete_module("vhostlab_net"), 0, "an idle module is unloaded");
	tap_is(sh("insmod '%s'", ko), 0, "and loaded again");
	for (int i = 0; i < 100 && access(device, F_OK); i++)
		sleep_ms(20);
}

static void in_group(const char *group)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	f = fopen(path, "we");
	if (f) {
		fprintf(f, "%d\n", getpid());
		fclose(f);
	}
}

/* 1 when the thread is in the test's group. */
static bool grouped(int tid)
{
	char path[64], line[300];
	bool yes = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		yes |= strstr(line, "vhostlab-test") != NULL;
	if (f)
		fclose(f);
	return yes;
}

static void control_group(void)
{
	int status, up[2], down[2];
	bool self, worker;
	pid_t pid;
	char c = 0;

	if (mkdir(GROUP, 0755) && errno != EEXIST) {
		tap_skip(2, "no cgroup2 at /sys/fs/cgroup", "control group");
		return;
	}
	if (pipe(up) || pipe(down))
		tap_bail("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd;

		in_group(GROUP);
		/* A thread of the owner is in its groups anyway; a kernel thread if asked. */
		if (is_ours())
			knob("charge", "1");
		fd = dev_open();
		dev_ioctl(fd, VHOST_SET_OWNER, NULL);
		if (is_ours())
			knob("charge", "0");
		/* Bit 0: the child itself is in the group; bit 1: its worker. */
		c = (char)(grouped(getpid()) | grouped(worker_tid()) << 1);
		if (write(up[1], &c, 1) != 1)
			_exit(1);
		_exit(read(down[0], &c, 1) != 1);
	}
	close(up[1]);
	if (read(up[0], &c, 1) != 1)
		c = 0;
	self = c & 1;
	worker = c & 2;
	tap_ok(self, "the owner is in a control group");
	if (worker_is("shared") || worker_is("workqueue"))
		tap_skip(1, "its worker is not its own", "its worker joined the group");
	else
		tap_ok(worker, "its worker joined the group");
	if (write(down[1], &c, 1) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (int i = 0; i < 100 && rmdir(GROUP) && errno == EBUSY; i++)
		sleep_ms(20);
	tap_ok(access(GROUP, F_OK) != 0, "after the owner's end the group can be removed");
}

int main(int argc, char **argv)
{
	/* The second life of child_exec(): only says what the fd answers. */
	if (argc == 5 && !strcmp(argv[3], "--after-exec")) {
		struct vhost_vring_state s = { 0, 128 };

		return -dev_ioctl(atoi(argv[4]), VHOST_SET_VRING_NUM, &s);
	}
	guest_args(argc, argv);
	net_private();
	strangers();
	killed();
	reset_and_close();
	control_group();
	unload();
	return tap_done();
}
