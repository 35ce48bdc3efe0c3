// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients by chance: processes whose threads share devices, backends and memory, and do to them
 * whatever a client and its guest can do, in any order and at the same time: all ioctls with
 * sensible and senseless arguments, messages, kicks, rings and frames full of noise, memory that is
 * unmapped, protected, punched out or comes late through userfaultfd, fork, exec and close. Each is
 * killed after some ioctls, in the middle of what it does. What has to hold: the kernel lives and says
 * nothing, every process ends when it is killed, no worker and no memory stays, and the device
 * serves the next client.
 *
 * --rounds is the number of such processes, --seed what they begin with.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anything.h"
#include "nic.h"
#include "tap.h"

#define SHORT  40u /* processes of the short run */
#define MOST   500u /* ioctls of a process, when it is killed */
#define QUIET  100u /* ms without one after which it is killed; it may wait for itself */
#define STARTS 3000u /* the same before its first one */

static struct tap taps[2];

/* True when it ended by the signal, within a time that no healthy process needs. */
static bool ends(pid_t pid)
{
	for (int i = 0; i < 6000; i++) {
		int status, got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		sleep_ms(10);
	}
	return false;
}

/* Grandchildren that hold a device may still be on their way to their end. */
static bool no_workers(void)
{
	for (int i = 0; i < 1000; i++) {
		if (worker_tid() < 0)
			return true;
		sleep_ms(10);
	}
	return false;
}

/* Lets a process make so many ioctls, however slow the kernel is. */
static void let_live(const struct totals *t, unsigned long n)
{
	unsigned long begin = t->ioctls, last = begin, now;
	unsigned int quiet = 0;

	while ((now = t->ioctls) - begin < n && quiet < (now == begin ? STARTS : QUIET)) {
		quiet = now == last ? quiet + 1 : 0;
		last = now;
		sleep_ms(1);
	}
}

static void processes(const char *model, unsigned int count, struct dice *d)
{
	long long before = free_kib();
	unsigned int ended = 0;

	for (unsigned int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (!pid)
			anything_process(taps, roll(d));
		roll(d);
		if (pid < 0)
			tap_bail("fork: %s", strerror(errno));
		let_live(anything.totals, 1 + below(d, MOST));
		kill(pid, SIGKILL);
		if (!ends(pid))
			break;
		ended++;
	}
	tap_is(ended, count, "worker=%s: every process ends when it is killed", model);
	tap_ok(!worker_is("device") || no_workers(), "worker=%s: no worker is left", model);
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		tap_skip(1, "KASAN keeps what is freed, kmemleak finds what is not", "given back");
	else
		tap_ok(missing_kib(before, 16384) < 16384, "worker=%s: memory is given back",
		       model);
	tap_ok(next_served(&taps[0]), "worker=%s: the next client is served", model);
}

int main(int argc, char **argv)
{
	static const char *const models[] = { "device", "queue", "workqueue", "shared", "caller" };
	unsigned int count, n = is_ours() ? sizeof(models) / sizeof(*models) : 1;
	struct totals *t;
	struct dice d = { 0 };

	guest_args(argc, argv);
	net_private();
	d.state = seed;
	count = rounds ? rounds : SHORT;
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		tap_bail("no memory");
	anything.totals = t;
	tap_new(&taps[0], "fuzz0", 12);
	tap_new(&taps[1], "fuzz1", 12);
	for (unsigned int i = 0; i < n; i++) {
		if (is_ours() && knob("worker", models[i]))
			tap_bail("worker=%s", models[i]);
		processes(models[i], (count + n - 1) / n, &d);
	}
	if (is_ours())
		knob("worker", "device");
	tap_note("figures: processes=%u ioctls=%lu accepted=%lu messages=%lu kicks=%lu noise=%lu "
		 "mappings=%lu forks=%lu",
		 count, t->ioctls, t->accepted, t->messages, t->kicks, t->noise, t->mappings,
		 t->forks);
	tap_ok(t->accepted > count * 20, "enough of it is accepted to get anywhere");
	tap_del(&taps[0]);
	tap_del(&taps[1]);
	return tap_done();
}
