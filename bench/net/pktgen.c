// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's packet generator as the sender of received frames.
 *
 * It sends "from" the dummy device in the mode netif_receive: a whole burst is
 * passed up the dummy's receive path with bottom halves off, where the mirror
 * puts every frame into the tap's queue. Nothing can run in between, so bursts
 * stay whole. (Sending on the tap itself one frame at a time lets the woken
 * worker in after every few frames; sending bursts on the tap is refused, as
 * tun does not allow a buffer to be sent twice.)
 */
#define _GNU_SOURCE
#include "pktgen.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/frame.h"
#include "tap.h"
#include "lib/tasks.h"

#define DIRECTORY "/proc/thread-self/net/pktgen"

/* One command to one of its files. */
static int command(const char *file, const char *text)
{
	char path[128];
	char line[128];
	int fd, saved;
	ssize_t n;

	snprintf(path, sizeof(path), DIRECTORY "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(RC_CANNOT, "%s: %s: load the pktgen module", path, strerror(errno));
	/* It drops the last character, whatever that is. */
	snprintf(line, sizeof(line), "%s\n", text);
	n = write(fd, line, strlen(line));
	saved = errno;
	close(fd);
	if (n < 0)
		return fail(RC_FAIL, "pktgen refuses: %s: %s", text, strerror(saved));
	return RC_OK;
}

int pktgen_prepare(struct pktgen *p, const struct options *o)
{
	static const char *const argv[] = { "modprobe",	   "-a",	   "pktgen",	 "dummy",
					    "sch_ingress", "cls_matchall", "act_mirred", NULL };
	int rc;

	memset(p, 0, sizeof(*p));
	p->o = o;
	rc = run_batch("modprobe", argv, "");
	if (rc)
		return fail(RC_CANNOT,
			    "no sender: modprobe: pktgen, dummy and traffic control are needed");
	/* Every namespace has threads of these names; ours are those that come next. */
	p->before_count = tasks_named("kpktgend_", p->before, PKTGEN_THREADS_MAX);
	return RC_OK;
}

static bool was_before(const struct pktgen *p, pid_t tid)
{
	for (unsigned int i = 0; i < p->before_count; i++)
		if (p->before[i] == tid)
			return true;
	return false;
}

/* Lets the generator's thread run only when no other task needs the CPU. */
static int make_idle(struct pktgen *p)
{
	pid_t tid[PKTGEN_THREADS_MAX];
	struct sched_param param = {};
	char name[32];
	int n, changed = 0;

	snprintf(name, sizeof(name), "kpktgend_%d", p->cpu);
	n = tasks_named(name, tid, PKTGEN_THREADS_MAX);
	for (int i = 0; i < n; i++) {
		if (was_before(p, tid[i]))
			continue;
		if (sched_setscheduler(tid[i], SCHED_IDLE, &param))
			return fail(RC_FAIL, "SCHED_IDLE: %s: %s", name, strerror(errno));
		changed++;
	}
	if (!changed)
		return fail(RC_FAIL, "no thread: %s: the generator did not start one here", name);
	return RC_OK;
}

int pktgen_open(struct pktgen *p, int cpu)
{
	char thread[32], text[64];
	int rc;

	p->cpu = cpu;
	snprintf(thread, sizeof(thread), "kpktgend_%d", cpu);
	rc = make_idle(p);
	rc = rc ? rc : command(thread, "add_device " SENDER_NAME);
	rc = rc ? rc : command(SENDER_NAME, "xmit_mode netif_receive");
	snprintf(text, sizeof(text), "pkt_size %u", p->o->size);
	rc = rc ? rc : command(SENDER_NAME, text);
	snprintf(text, sizeof(text), "burst %u", p->o->burst);
	rc = rc ? rc : command(SENDER_NAME, text);
	rc = rc ? rc : command(SENDER_NAME, "delay 0");
	rc = rc ? rc : command(SENDER_NAME, "dst " GUEST_ADDRESS);
	snprintf(text, sizeof(text), "dst_mac %02x:%02x:%02x:%02x:%02x:%02x", guest_mac[0],
		 guest_mac[1], guest_mac[2], guest_mac[3], guest_mac[4], guest_mac[5]);
	rc = rc ? rc : command(SENDER_NAME, text);
	/* Reading the time for every frame would be work of the bench. */
	return rc ? rc : command(SENDER_NAME, "flag NO_TIMESTAMP");
}

/* "start" blocks its writer until the run is over, so a thread of its own writes it. */
static void *run(void *arg)
{
	struct pktgen *p = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	p->runner_rc = command("pgctrl", "start");
	__atomic_store_n(&p->running, false, __ATOMIC_RELEASE);
	return NULL;
}

int pktgen_start(struct pktgen *p, unsigned long count)
{
	char text[64];
	int rc;

	snprintf(text, sizeof(text), "count %lu", count);
	rc = command(SENDER_NAME, text);
	if (rc)
		return rc;
	p->running = true;
	if (pthread_create(&p->runner, NULL, run, p)) {
		p->running = false;
		p->runner = 0;
		return fail(RC_FAIL, "thread: pktgen: %s", strerror(errno));
	}
	return RC_OK;
}

bool pktgen_done(const struct pktgen *p)
{
	return !__atomic_load_n(&p->running, __ATOMIC_ACQUIRE);
}

static int read_counts(uint64_t *sent, uint64_t *errors)
{
	int fd = open(DIRECTORY "/" SENDER_NAME, O_RDONLY | O_CLOEXEC);
	char text[8192], *at;
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	at = n > 0 ? strstr(text, "pkts-sofar:") : NULL;
	if (!at || sscanf(at, "pkts-sofar: %lu errors: %lu", sent, errors) != 2)
		return fail(RC_FAIL, "pktgen: its counters: cannot be read");
	return RC_OK;
}

int pktgen_finish(struct pktgen *p, uint64_t *sent, uint64_t *errors)
{
	int rc = RC_OK;

	*sent = *errors = 0;
	if (!p->runner)
		return RC_OK;
	/* A run that was cut short (Ctrl-C, a stuck server) must be stopped. */
	if (!pktgen_done(p) && watch_stop)
		rc = command("pgctrl", "stop");
	pthread_join(p->runner, NULL);
	p->runner = 0;
	if (!rc)
		rc = p->runner_rc;
	return rc ? rc : read_counts(sent, errors);
}

void pktgen_close(struct pktgen *p)
{
	uint64_t sent, errors;
	char thread[32];

	if (p->runner) {
		if (!watch_stop)
			watch_stop = WATCH_STUCK;
		pktgen_finish(p, &sent, &errors);
	}
	if (p->o && access(DIRECTORY "/" SENDER_NAME, F_OK) == 0) {
		snprintf(thread, sizeof(thread), "kpktgend_%d", p->cpu);
		command(thread, "rem_device_all");
	}
}
