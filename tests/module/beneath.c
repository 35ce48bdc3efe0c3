// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does beneath a guest whose frames go in both directions: processors go offline and
 * come back, all tasks are frozen, as for a suspend, and a client's control group has no memory
 * left. Would fail if: a worker that was bound to a processor that goes stopped there, a frame was
 * lost, doubled or changed, a worker could not be frozen, so that the machine could not be
 * suspended, or devices were opened without end in a group with a limit.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic.h"
#include "tap.h"
#include "traffic.h"

#define CPU	"/sys/devices/system/cpu/cpu1/online"
#define CGROUP	"/tmp/cgroup"
#define GROUP	CGROUP "/limited"
#define LIMIT	(24 << 20) /* bytes, of the group */
#define CLIENTS 5u
#define FRAMES	50u /* between two events */
#define MOST	40u /* times that all is frozen: each takes a second */

static const char *const models[] = { "device", "queue", "shared", "workqueue", "caller" };

static struct guest g;
static struct tap t;
static struct traffic tr;
static unsigned int times = 5;

static void begin(const char *model)
{
	if (is_ours() && knob("worker", model))
		tap_bail("worker=%s", model);
	guest_start(&g, F_V1 | F_EVENT | F_MRG, TRAFFIC_NUM);
	tap_new(&t, "vl0", g.hdr_len);
	guest_backend(&g, t.fd);
	stats_find();
	traffic_start(&tr, &g, &t, &t);
}

static void end(const char *what)
{
	traffic_verdict(&tr, what);
	traffic_stop(&tr);
	guest_stop(&g);
	tap_del(&t);
	if (is_ours())
		knob("worker", "device");
}

/* What happens so many times while frames flow; once() has 0 or a negative errno. */
static void happens(const char *model, const char *event, unsigned int n, int (*once)(void))
{
	unsigned int done = 0;
	char what[64];
	int err = 0;

	snprintf(what, sizeof(what), "worker=%s, %s", model, event);
	begin(model);
	while (done < n && !err && traffic_flows(&tr, FRAMES)) {
		err = once();
		done += !err;
	}
	tap_ok(!err && done == n, "%s: %u times, %s", what, done,
	       err ? strerror(-err) : "frames flow");
	end(what);
}

/* What serves the queues runs on a processor that goes offline and comes back. */
static int processor_goes(void)
{
	int err;

	workers_pin(1);
	err = file_put(CPU, "0");
	if (!err && !traffic_flows(&tr, FRAMES))
		err = -ETIMEDOUT;
	err = file_put(CPU, "1") ?: err;
	workers_pin(-1);
	return err;
}

/* Tasks and kernel threads are frozen for a second and go on; no device is suspended. */
static int all_is_frozen(void)
{
	return file_put("/sys/power/state", "freeze");
}

/* Opens devices with an owner until it is stopped. Does not return. */
static void open_without_end(int out)
{
	struct rlimit files = { 100000, 100000 };
	int n = 0, fd, err;

	setrlimit(RLIMIT_NOFILE, &files);
	if (file_put(GROUP "/cgroup.procs", "0"))
		_exit(3);
	for (;;) {
		fd = dev_open();
		err = fd < 0 ? fd : dev_ioctl(fd, VHOST_SET_OWNER, NULL);
		if (err)
			_exit(err == -ENOMEM ? 1 : 2);
		n++;
		if (write(out, &n, sizeof(n)) != sizeof(n))
			_exit(4);
	}
}

/* A client opens devices until its group has no memory left: how many; its status. */
static int opened(int *status)
{
	int n = 0, next, ways[2];
	pid_t pid;

	if (pipe(ways))
		tap_bail("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ways[0]);
		open_without_end(ways[1]);
	}
	close(ways[1]);
	while (read(ways[0], &next, sizeof(next)) == sizeof(next))
		n = next;
	close(ways[0]);
	waitpid(pid, status, 0);
	return n;
}

/*
 * Such clients, one after the other; another guest is served meanwhile. Free pages that a processor
 * keeps for itself are missing, too, as many as one client has: of several more would be.
 */
static void limited(const char *model)
{
	long long before, missing;
	char limit[32], what[64];
	int status, n = 0;

	snprintf(what, sizeof(what), "worker=%s, a group's limit", model);
	snprintf(limit, sizeof(limit), "%d", LIMIT);
	mkdir(GROUP, 0755);
	if (file_put(GROUP "/memory.max", limit))
		tap_bail("%s/memory.max", GROUP);
	begin(model);
	before = free_kib();
	for (unsigned int i = 0; i < CLIENTS; i++) {
		n = opened(&status);
		if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : WEXITSTATUS(status) != 1)
			break;
	}
	tap_ok(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 1,
	       "%s: after %d devices it is %s (%d)", what, n,
	       WIFSIGNALED(status) ? "killed" : "refused one", status);
	/* A queue has an array of an entry for each of its largest ring's descriptors, and more. */
	tap_ok(n > 0 && n < LIMIT / (32 << 10), "%s: they count against it", what);
	tap_ok(traffic_flows(&tr, FRAMES), "%s: another guest is served", what);
	if (!access("/sys/kernel/debug/kmemleak", F_OK)) {
		tap_skip(1, "KASAN keeps what is freed, kmemleak finds what is not", "given back");
	} else {
		missing = missing_kib(before, 2 * LIMIT >> 10);
		tap_ok(missing < 2 * LIMIT >> 10,
		       "%s: what %u clients had is given back (%lld KiB are missing)", what,
		       CLIENTS, missing);
	}
	end(what);
	rmdir(GROUP);
}

static void as_before(void)
{
	file_put("/sys/power/pm_test", "none");
	file_put(CPU, "1");
}

int main(int argc, char **argv)
{
	unsigned int n = sizeof(models) / sizeof(*models);
	bool group;

	guest_args(argc, argv);
	net_private();
	times = rounds ? rounds : times;
	atexit(as_before);
	/* Frozen for a second, in place of five; a task that cannot be frozen is waited for 3 s. */
	file_put("/sys/module/suspend/parameters/pm_test_delay", "1");
	file_put("/sys/power/pm_freeze_timeout", "3000");
	mkdir(CGROUP, 0755);
	group = !mount("cgroup2", CGROUP, "cgroup2", 0, NULL) &&
		!file_put(CGROUP "/cgroup.subtree_control", "+memory");
	for (unsigned int i = 0; i < (is_ours() ? n : 1); i++) {
		if (access(CPU, W_OK))
			tap_skip(1, "no processor of this machine can go offline", "processors");
		else
			happens(models[i], "a processor goes", times, processor_goes);
		if (file_put("/sys/power/pm_test", "freezer"))
			tap_skip(1, "this kernel has no CONFIG_PM_DEBUG", "frozen tasks");
		else
			happens(models[i], "all is frozen", times < MOST ? times : MOST,
				all_is_frozen);
		if (!group)
			tap_skip(1, "this kernel has no memory control groups", "a group's limit");
		else
			limited(models[i]);
	}
	umount(CGROUP);
	return tap_done();
}
