// SPDX-License-Identifier: GPL-2.0-only
/*
 * stages: where the time of a burst goes. Walks through the events of a record
 * and gives the time between two of them to the stage in which the burst was.
 * An event that is missing or out of its place is an error, not a guess.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum stage {
	ST_GUEST,
	ST_KICK,
	ST_WAKE,
	ST_LOOK,
	ST_COPY,
	ST_HAND,
	ST_PUBLISH,
	ST_SERVE,
	ST_CALL,
	STAGES
};

static const char *const stage_name[STAGES] = { "guest", "kick",    "wake",  "look", "copy",
						"hand",	 "publish", "serve", "call" };

struct walk {
	const struct record *r;
	const char *path;
	bool split; /* the server has tracepoints */
	bool receive;
	bool guest_awake, server_awake; /* off the CPU, but not asleep */
	bool several; /* CPUs: events of one burst may be under way at once */
	enum stage now;
	uint64_t since, last_copy;
	double sum[STAGES]; /* ticks */
	unsigned long marks[STAGES]; /* events of the module recorded in it */
	unsigned long wakes[STAGES]; /* events of the scheduler */
	unsigned long seen[KINDS], sent, used;
	unsigned long cycles; /* calls the guest woke up from */
	/* The burst that is printed event by event. */
	long wanted;
};

static void spend(struct walk *w, enum stage stage, uint64_t from, uint64_t to)
{
	w->sum[stage] += to - from;
	if (w->wanted >= 0 && w->cycles == (unsigned long)w->wanted && to > from)
		printf("stage %s %llu %llu\n", stage_name[stage], (unsigned long long)from,
		       (unsigned long long)to);
}

static void enter(struct walk *w, enum stage stage, uint64_t at)
{
	/* The copies end with the last one; from there on the backend has the frames. */
	if (w->now == ST_COPY && stage == ST_PUBLISH) {
		spend(w, ST_COPY, w->since, w->last_copy);
		spend(w, ST_HAND, w->last_copy, at);
		/* An event costs time behind its stamp, so the last copy's falls here. */
		w->marks[ST_COPY]--;
		w->marks[ST_HAND]++;
	} else {
		spend(w, w->now, w->since, at);
	}
	w->now = stage;
	w->since = at;
}

static bool misplaced(const struct walk *w, const struct event *e)
{
	return record_complain(w->path, "line %zu: event %s while the burst is at stage %s",
			       e->line, kind_name[e->kind], stage_name[w->now]);
}

/* Which stage an event leads to, for a server whose inside is visible. */
static bool step_split(struct walk *w, const struct event *e)
{
	enum stage s = w->now;

	switch (e->kind) {
	case KICK:
		if (s != ST_KICK)
			return misplaced(w, e);
		enter(w, ST_WAKE, e->at);
		break;
	case WAKING:
		if (w->receive && s == ST_GUEST)
			enter(w, ST_WAKE, e->at);
		break;
	case WORK_START:
		/* A worker that was put off before it could sleep is not woken. */
		if (w->receive && s == ST_GUEST && w->server_awake)
			s = ST_WAKE;
		if (s == ST_GUEST || s == ST_KICK || s == ST_COPY)
			return misplaced(w, e);
		if (s == ST_WAKE)
			enter(w, ST_LOOK, e->at);
		break;
	case DESC:
		if (s == ST_GUEST || s == ST_KICK || s == ST_WAKE)
			return misplaced(w, e);
		if (s != ST_COPY) {
			enter(w, ST_COPY, e->at);
			w->last_copy = 0;
		}
		break;
	case COPY:
		if (s != ST_COPY)
			return misplaced(w, e);
		w->last_copy = e->at;
		break;
	case USED:
		if (s != ST_COPY || !w->last_copy)
			return misplaced(w, e);
		enter(w, ST_PUBLISH, e->at);
		break;
	case CALL:
		if (w->several && e->count && (s == ST_GUEST || s == ST_KICK))
			break;
		if (s != ST_PUBLISH)
			return misplaced(w, e);
		enter(w, e->count ? ST_CALL : ST_LOOK, e->at);
		break;
	default:
		break;
	}
	return true;
}

/* The same for one of which only waking and running can be seen. */
static bool step_whole(struct walk *w, const struct event *e)
{
	enum stage s = w->now;

	switch (e->kind) {
	case WAKING:
		if (s == ST_KICK || (w->receive && (s == ST_GUEST || s == ST_SERVE)))
			enter(w, ST_WAKE, e->at);
		break;
	case RUNS:
		/* One that was put off before it could sleep is not woken. */
		if (s == ST_WAKE ||
		    (w->server_awake && (s == ST_KICK || (w->receive && s == ST_GUEST))))
			enter(w, ST_SERVE, e->at);
		break;
	case RUNS_GUEST:
		if (s == ST_SERVE && w->guest_awake)
			enter(w, ST_CALL, e->at);
		break;
	case WAKING_GUEST:
		/* With a CPU of its own the server may have been awake all the time. */
		if (w->several && (s == ST_KICK || s == ST_WAKE))
			w->now = ST_SERVE;
		/* At stage call: it was put off, came to its turn, and slept after all. */
		if (w->now != ST_SERVE && !(w->now == ST_CALL && w->guest_awake))
			return misplaced(w, e);
		enter(w, ST_CALL, e->at);
		break;
	default:
		break;
	}
	return true;
}

/* Does the guest's waking up fit? Where it has a CPU of its own it may not have slept at all. */
static bool may_be_awake(struct walk *w)
{
	if (w->now == ST_CALL)
		return true;
	if (!w->several)
		return false;
	/* It may be faster than the event that tells of its call. */
	if (w->split)
		return w->now == ST_PUBLISH;
	if (w->now == ST_KICK || w->now == ST_WAKE)
		w->now = ST_SERVE;
	return w->now == ST_SERVE;
}

static bool step_any(struct walk *w, const struct event *e)
{
	w->seen[e->kind]++;
	if (e->kind == USED)
		w->used += e->count;
	if (e->kind == CALL)
		w->sent += e->count;
	if (w->wanted >= 0 && w->cycles == (unsigned long)w->wanted)
		printf("event %s %llu\n", kind_name[e->kind], (unsigned long long)e->at);
	if (e->kind == OFF)
		w->server_awake = e->count;
	if (e->kind == OFF_GUEST)
		w->guest_awake = e->count;
	if (e->kind == GUEST_KICK) {
		if (w->receive)
			return true; /* buffers given back: nothing waits for that */
		if (w->now != ST_GUEST)
			return misplaced(w, e);
		enter(w, ST_KICK, e->at);
		return true;
	}
	if (e->kind == GUEST_AWAKE) {
		if (!may_be_awake(w))
			return misplaced(w, e);
		enter(w, ST_GUEST, e->at);
		w->cycles++;
		return true;
	}
	return w->split ? step_split(w, e) : step_whole(w, e);
}

static bool is_schedulers(enum kind kind)
{
	return kind == WAKING || kind == WAKING_GUEST || kind == RUNS || kind == RUNS_GUEST ||
	       kind == OFF || kind == OFF_GUEST;
}

static bool step(struct walk *w, const struct event *e)
{
	bool ok = step_any(w, e);

	if (e->recorded && is_schedulers(e->kind))
		w->wakes[w->now]++;
	else if (e->recorded)
		w->marks[w->now]++;
	return ok;
}

static bool equal(const struct walk *w, const char *what, unsigned long seen, unsigned long bench)
{
	return seen == bench ||
	       record_complain(w->path, "%lu %s in the events, %lu by the bench's count", seen,
			       what, bench);
}

/* What the tracepoints counted against what the guest counted. */
static bool counts_agree(const struct walk *w)
{
	const struct record *r = w->r;
	bool ok = equal(w, "calls", w->seen[GUEST_AWAKE], r->calls);

	ok = ok && (w->receive || equal(w, "kicks", w->seen[GUEST_KICK], r->kicks));
	if (!w->split)
		return ok;
	ok = ok && (w->receive || equal(w, "kick events", w->seen[KICK], r->kicks));
	ok = ok && equal(w, "desc events", w->seen[DESC], r->packets);
	ok = ok && equal(w, "copy events", w->seen[COPY], r->packets);
	ok = ok && equal(w, "used entries", w->used, r->packets);
	return ok && equal(w, "calls sent", w->sent, r->calls);
}

static bool has_stage(const struct walk *w, enum stage s)
{
	switch (s) {
	case ST_LOOK:
	case ST_COPY:
	case ST_HAND:
	case ST_PUBLISH:
		return w->split;
	case ST_SERVE:
		return !w->split;
	case ST_KICK:
		return !w->receive;
	default:
		return true;
	}
}

static void print_stages(const struct walk *w, const char *name, const double *value)
{
	const char *comma = "";

	printf(",\"%s\":{", name);
	for (int s = 0; s < STAGES; s++) {
		if (!has_stage(w, s))
			continue;
		printf("%s\"%s\":%.3f", comma, stage_name[s], value[s] / w->cycles);
		comma = ",";
	}
	putchar('}');
}

static void print(const struct walk *w)
{
	double time[STAGES], marks[STAGES], wakes[STAGES], total = 0, scale = 1;
	const struct record *r = w->r;

	/* On the instruction clock a tick of the time stamp counter is one unit. */
	if (strcmp(r->clock, "insn"))
		scale = r->duration / (double)(r->end - r->begin);
	for (int s = 0; s < STAGES; s++) {
		time[s] = w->sum[s] * scale;
		marks[s] = w->marks[s];
		wakes[s] = w->wakes[s];
		total += has_stage(w, s) ? time[s] : 0;
	}
	printf("{\"server\":\"%s\",\"workload\":\"%s\",\"size\":%u,\"burst\":%u,\"sink\":\"%s\","
	       "\"clock\":\"%s\",\"packets\":%lu,\"bursts\":%lu",
	       r->server, r->workload, r->size, r->burst, r->sink, r->clock, r->packets, w->cycles);
	print_stages(w, "stages", time);
	print_stages(w, "module_events", marks);
	print_stages(w, "scheduler_events", wakes);
	printf(",\"sum\":%.3f,\"end_to_end\":%.3f}\n", total / w->cycles, r->duration / w->cycles);
}

static int usage(void)
{
	fputs("usage: stages [--burst N] FILE\n"
	      "Prints the mean time of each stage of a burst as a JSON object, or with --burst "
	      "the\n"
	      "events and stages of that burst, one per line, in ticks.\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct walk w = { .wanted = -1 };
	struct record r;

	if (argc == 4 && !strcmp(argv[1], "--burst") && argv[2][0] >= '0' && argv[2][0] <= '9')
		w.wanted = atol(argv[2]);
	else if (argc != 2)
		return usage();
	w.path = argv[argc - 1];
	if (w.path[0] == '-')
		return usage();
	if (!record_read(&r, w.path))
		return 1;
	w.r = &r;
	w.split = !strcmp(r.server, "vhostlab");
	w.receive = !strcmp(r.workload, "rx");
	w.several = strcmp(r.clock, "insn");
	w.since = r.begin;
	w.server_awake = r.server_awake;
	w.guest_awake = r.guest_awake;
	for (size_t i = 0; i < r.events; i++)
		if (!step(&w, &r.event[i]))
			return 1;
	if (w.now != ST_GUEST)
		return !record_complain(w.path, "the last burst ends at stage %s",
					stage_name[w.now]);
	enter(&w, ST_GUEST, r.end);
	if (!counts_agree(&w))
		return 1;
	if (w.wanted >= (long)w.cycles)
		return !record_complain(w.path, "burst %ld: it has %lu", w.wanted, w.cycles);
	if (w.wanted < 0)
		print(&w);
	return 0;
}
