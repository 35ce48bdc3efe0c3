// SPDX-License-Identifier: GPL-2.0-only
/* Several guests at once: the conductor, and each guest's obedience. */
#define _GNU_SOURCE
#include "crowd.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "point.h"
#include "lib/own.h"
#include "lib/tasks.h"

enum command {
	CROWD_ALONE, /* the whole workload, as with one guest: sink check */
	CROWD_COUNT, /* counters on the serving side from now on */
	CROWD_COUNTED,
	CROWD_SOME,
	CROWD_BEGIN,
	CROWD_SHARE,
	CROWD_END,
	CROWD_QUIT,
};

struct member {
	sem_t go;
	pid_t pid; /* 0: not started or ended */
	int rc; /* of the last command */
	struct result result;
	uint64_t kicks, calls; /* of the measured phase */
	unsigned int tasks; /* that serve this guest and are counted here */
	bool pooled; /* they serve other guests, too */
	pid_t task[SERVER_TASKS_MAX]; /* of its server */
	unsigned int server_tasks;
};

/* In memory that all processes share. */
struct crowd {
	unsigned int n;
	enum command command;
	uint64_t frames; /* of CROWD_SOME for each guest; of CROWD_SHARE for all */
	uint64_t taken; /* out of the pot, beyond frames when it is empty */
	unsigned int portion;
	uint64_t *trips;
	unsigned int busy; /* guests that have not done the command yet */
	sem_t done;
	struct member member[GUESTS_MAX];
};

bool crowd_take(struct crowd *c, uint64_t *at)
{
	*at = __atomic_fetch_add(&c->taken, c->portion, __ATOMIC_RELAXED);
	return *at < c->frames;
}

uint64_t *crowd_trips(struct crowd *c)
{
	return c->trips;
}

static const struct crowd_work *work_of(enum workload w)
{
	return w == WORK_RR ? &rr_crowd : &tx_crowd;
}

/* Counts the tasks that serve this guest; those that serve all once, by the first one. */
static int count_begin(struct point *p, struct member *me)
{
	if (me->pooled && me != p->crowd->member)
		return RC_OK;
	me->tasks = p->server.tasks;
	return counters_open(&p->result.counters, &p->server);
}

/* A guest runs the phase it is asked for. */
static int obey(struct point *p, struct member *me, enum command command)
{
	const struct crowd_work *work = work_of(p->o.workload);
	int rc = RC_OK;

	watch_reset();
	switch (command) {
	case CROWD_ALONE:
		rc = point_workload(p);
		me->kicks = p->guest.kicks;
		me->calls = p->guest.calls;
		break;
	case CROWD_COUNT:
		rc = count_begin(p, me);
		break;
	case CROWD_COUNTED:
		rc = counters_close(&p->result.counters);
		break;
	case CROWD_SOME:
		rc = work->some(p, p->crowd->frames);
		break;
	case CROWD_BEGIN:
		rc = work->begin(p);
		guest_zero(&p->guest);
		break;
	case CROWD_SHARE:
		rc = work->share(p);
		me->kicks = p->guest.kicks;
		me->calls = p->guest.calls;
		break;
	case CROWD_END:
		rc = work->end(p);
		p->result.wakeups = p->guest.wakeups;
		break;
	case CROWD_QUIT:
		break;
	}
	if (rc && watch_stop)
		rc = watch_complain(workload_name(p->o.workload));
	return rc;
}

static void report_back(struct crowd *c, struct member *me, int rc)
{
	me->rc = rc;
	if (!__atomic_sub_fetch(&c->busy, 1, __ATOMIC_ACQ_REL))
		sem_post(&c->done);
}

/* The life of one guest. */
static int live(struct point *p, struct member *me)
{
	struct crowd *c = p->crowd;
	enum command command;
	int rc, finished;

	rc = point_prepare(p);
	me->pooled = p->server.pooled || p->server.shared_tasks;
	me->server_tasks = p->server.tasks;
	memcpy(me->task, p->server.task, p->server.tasks * sizeof(me->task[0]));
	if (!rc && p->o.sink != SINK_CHECK)
		rc = work_of(p->o.workload)->open(p);
	report_back(c, me, rc);
	do {
		/* Slow siblings are no standstill; only a signal ends the wait. */
		while (sem_wait(&me->go) && watch_stop != WATCH_SIGNAL)
			;
		command = watch_stop == WATCH_SIGNAL ? CROWD_QUIT : c->command;
		if (command == CROWD_QUIT)
			break;
		rc = rc ? rc : obey(p, me, command);
		me->result = p->result;
		report_back(c, me, rc);
	} while (true);
	finished = point_finish(p);
	rc = rc ? rc : finished;
	free(p->server.module);
	p->result.module = NULL;
	me->result = p->result;
	return rc;
}

/* Did a guest end without being asked to? */
static bool guest_died(struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++) {
		struct member *m = &c->member[i];
		int status;

		if (m->pid && waitpid(m->pid, &status, WNOHANG) == m->pid) {
			m->pid = 0;
			return true;
		}
	}
	return false;
}

/* Waits until no guest is busy. RC_FAIL: a guest has ended. */
static int await(struct crowd *c)
{
	struct timespec until;

	for (;;) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 2;
		if (!sem_timedwait(&c->done, &until))
			return RC_OK;
		if (watch_stop)
			return RC_FAIL;
		if (guest_died(c))
			return fail(RC_FAIL, "guest: one of %u ended early: its message is above",
				    c->n);
	}
}

/* The first failure of any guest, which has reported it. */
static int worst(const struct crowd *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (c->member[i].rc)
			return c->member[i].rc;
	return RC_OK;
}

static int tell(struct crowd *c, enum command command, uint64_t frames)
{
	int rc;

	c->command = command;
	c->frames = frames;
	c->taken = 0;
	__atomic_store_n(&c->busy, c->n, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < c->n; i++)
		sem_post(&c->member[i].go);
	rc = await(c);
	return rc ? rc : worst(c);
}

/* One guest after the other, so that each finds what is new on the machine its own. */
static int start_all(struct point *p)
{
	struct crowd *c = p->crowd;
	int rc = RC_OK;

	for (unsigned int i = 0; !rc && i < c->n; i++) {
		struct member *m = &c->member[i];
		pid_t parent = getpid(), pid;

		c->busy = 1;
		pid = fork();
		if (pid < 0)
			return fail(RC_FAIL, "fork: guest %u: %s", i, strerror(errno));
		if (!pid) {
			/* The conductor speaks for all when it is interrupted. */
			watch_silent = true;
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			if (getppid() != parent)
				_exit(RC_FAIL);
			_exit(live(p, m));
		}
		/* The child shares this memory and must not write it, too. */
		m->pid = pid;
		rc = await(c);
		rc = rc ? rc : m->rc;
	}
	return rc;
}

/* In any case: each takes down what it made. */
static int end_all(struct crowd *c)
{
	int rc = RC_OK, status;

	c->command = CROWD_QUIT;
	for (unsigned int i = 0; i < c->n; i++) {
		struct member *m = &c->member[i];

		if (!m->pid)
			continue;
		if (watch_stop)
			kill(m->pid, SIGTERM);
		sem_post(&m->go);
	}
	for (unsigned int i = 0; i < c->n; i++) {
		struct member *m = &c->member[i];

		if (!m->pid)
			continue;
		while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
			if (watch_stop)
				kill(m->pid, SIGTERM);
		m->pid = 0;
		if (!rc && (!WIFEXITED(status) || WEXITSTATUS(status)))
			rc = WIFEXITED(status) ? WEXITSTATUS(status) : RC_FAIL;
	}
	return rc;
}

/* Jain's index: 1 when all have the same, 1 / n when one has everything. */
static double jain(const struct result *r)
{
	double sum = 0, squares = 0;

	for (unsigned int i = 0; i < r->guests; i++) {
		double x = r->guest[i].packets;

		sum += x;
		squares += x * x;
	}
	return squares > 0 ? sum * sum / (r->guests * squares) : NAN;
}

/* Adds up what the guests have counted. */
static void add_up(struct crowd *c, struct result *r)
{
	uint64_t kicks = 0, calls = 0;

	r->packets = r->lost = r->corrupt = r->offered = r->misordered = 0;
	r->guests = c->n;
	for (unsigned int i = 0; i < c->n; i++) {
		const struct member *m = &c->member[i];
		const struct result *one = &m->result;

		r->packets += one->packets;
		r->lost += one->lost;
		r->corrupt += one->corrupt;
		r->offered += one->offered;
		r->misordered += one->misordered;
		r->wakeups += one->wakeups;
		r->harness_drops += one->harness_drops;
		r->tap_dropped += one->tap_dropped;
		r->late += one->late;
		r->guest[i].packets = one->packets;
		r->guest[i].lost = one->lost;
		kicks += m->kicks;
		calls += m->calls;
	}
	r->jain = jain(r);
	if (!r->packets)
		return;
	r->kicks_per_packet = (double)kicks / r->packets;
	r->calls_per_packet = (double)calls / r->packets;
}

/* The count phase; see point_count(). */
static int count(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, COUNT_FRAMES);
	struct result *r = &p->result;
	struct crowd *c = p->crowd;
	int rc;

	point_rest();
	rc = tell(c, CROWD_COUNT, 0);
	rc = rc ? rc : tell(c, CROWD_SOME, frames);
	point_rest();
	rc = rc ? rc : tell(c, CROWD_COUNTED, 0);
	if (rc)
		return rc;
	r->counted_packets = frames * c->n;
	for (unsigned int i = 0; i < c->n; i++) {
		const struct member *m = &c->member[i];
		const struct counters *one = &m->result.counters;

		if (!m->tasks)
			continue;
		r->serving_tasks += m->tasks;
		r->shared_tasks = m->pooled;
		r->counters.total += one->total;
		r->counters.named = one->named;
		for (int n = 0; n < CALL_NAMES; n++)
			r->counters.by_name[n] += one->by_name[n];
	}
	r->syscalls_per_packet = (double)r->counters.total / r->counted_packets;
	clock_rest(1500);
	return tell(c, CROWD_SOME, whole_bursts(&p->o, WARM_FRAMES));
}

static int measure(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);
	struct result *r = &p->result;
	struct crowd *c = p->crowd;
	struct window w;
	int rc;

	rc = tell(c, CROWD_SOME, whole_bursts(&p->o, WARM_FRAMES));
	rc = rc ? rc : count(p);
	if (rc)
		return rc;
	rc = tell(c, CROWD_SHARE, whole_bursts(&p->o, WARM_FRAMES) * c->n);
	point_rest();
	rc = rc ? rc : tell(c, CROWD_BEGIN, 0);
	point_settle(p);
	rc = rc ? rc : window_begin(&w, p->o.clock);
	rc = rc ? rc : tell(c, CROWD_SHARE, frames);
	rc = rc ? rc : window_end(&w);
	point_rest();
	rc = rc ? rc : tell(c, CROWD_END, 0);
	if (rc)
		return rc;
	add_up(c, r);
	result_window(r, &w, r->packets);
	if (p->o.workload == WORK_RR && !r->lost && !r->corrupt)
		result_latency(r, c->trips, frames);
	return RC_OK;
}

/* Every guest for itself and all at once, every frame looked at. */
static int check(struct point *p)
{
	struct result *r = &p->result;
	struct crowd *c = p->crowd;
	double counted = 0;
	int rc = tell(c, CROWD_ALONE, 0);

	if (rc)
		return rc;
	add_up(c, r);
	for (unsigned int i = 0; i < c->n; i++) {
		const struct result *one = &c->member[i].result;

		if (!i || one->seconds > r->seconds)
			r->seconds = one->seconds;
		r->serving_tasks += one->serving_tasks;
		counted += one->syscalls_per_packet * one->counted_packets;
		r->counted_packets += one->counted_packets;
	}
	/* Whose tasks serve all guests counts them for each. */
	if (!c->member[0].pooled)
		r->syscalls_per_packet = counted / r->counted_packets;
	return RC_OK;
}

static void *shared_memory(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at != MAP_FAILED)
		return at;
	fail(RC_FAIL, "out of memory: %zu bytes: ask for fewer packets", bytes);
	return NULL;
}

/* The conductor goes where the guests are, and knows whose work is the measurement's own. */
static int place_conductor(const struct point *p)
{
	const struct crowd *c = p->crowd;

	if (!p->o.cpus.count)
		return task_place(0, -1, p->o.policy);
	point_own(p);
	for (unsigned int i = 0; i < c->n; i++) {
		const struct member *m = &c->member[i];

		own_add(m->pid);
		for (unsigned int n = 0; n < m->server_tasks; n++)
			own_add(m->task[n]);
	}
	return task_spread(0, &p->o.cpus, p->o.policy);
}

int crowd_run(struct point *p)
{
	uint64_t frames = whole_bursts(&p->o, p->o.packets);
	struct result *r = &p->result;
	struct crowd *c;
	int rc, ended;

	c = shared_memory(sizeof(*c));
	if (!c)
		return RC_FAIL;
	p->crowd = c;
	c->n = p->o.guests;
	c->portion = p->o.burst;
	if (p->o.workload == WORK_RR) {
		/* The warming-up before the window has trips, too. */
		if (frames < (uint64_t)WARM_FRAMES * c->n)
			frames = (uint64_t)WARM_FRAMES * c->n;
		c->trips = shared_memory(frames * sizeof(*c->trips));
		if (!c->trips)
			return RC_FAIL;
	}
	sem_init(&c->done, 1, 0);
	for (unsigned int i = 0; i < c->n; i++)
		sem_init(&c->member[i].go, 1, 0);
	rc = watch_signals();
	rc = rc ? rc : point_use_cpus(&p->o);
	rc = rc ? rc : clock_open(p->o.clock);
	rc = rc ? rc : start_all(p);
	rc = rc ? rc : place_conductor(p);
	if (!rc) {
		point_pmu_open(p);
		rc = p->o.sink == SINK_CHECK ? check(p) : measure(p);
		point_pmu_close(p);
	}
	ended = end_all(c);
	rc = rc ? rc : ended;
	for (unsigned int i = 0; i < c->n; i++) {
		r->total_kicks += c->member[i].result.total_kicks;
		r->total_calls += c->member[i].result.total_calls;
		r->log_pages += c->member[i].result.log_pages;
	}
	if (rc && watch_stop == WATCH_SIGNAL)
		return RC_FAIL;
	return rc;
}
