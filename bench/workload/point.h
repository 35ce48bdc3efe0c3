/* SPDX-License-Identifier: GPL-2.0-only */
/* One repetition of one point: everything that takes part in it, and its phases. */
#ifndef VL_POINT_H
#define VL_POINT_H

#include "crowd.h"
#include "probe/events.h"
#include "probe/pmu.h"
#include "net/farend.h"
#include "guest/guest.h"
#include "json.h"
#include "net/pktgen.h"
#include "server/server.h"
#include "net/tap.h"

struct point {
	struct options o;
	struct guest guest;
	struct tap tap;
	struct server server;
	struct farend farend;
	struct pktgen pktgen;
	struct events events;
	struct result result;
	struct pmu pmu;
	struct crowd *crowd; /* of which this is one guest; NULL: there is one guest */
	int guest_cpu, server_cpu; /* the same one where there is only one; -1: any */
};

/* Frames before anything is counted: every path has been taken, every page touched. */
#define WARM_FRAMES 1024
/* Frames of the count phase at most; its figure is exact, so few are enough. */
#define COUNT_FRAMES 1024

/* n frames as whole bursts, at least one. */
uint64_t whole_bursts(const struct options *o, uint64_t n);

/* Long enough for all tasks to finish and sleep. */
void point_rest(void);

/* The last rest before a window: the same, and aligned with the kernel's own work (clock.h). */
void point_settle(const struct point *p);

/*
 * The count phase: body(p, frames) is run between attaching and reading the
 * counters, at rest at both ends, so that whole packets are counted. Then
 * warms up again without counters.
 */
int point_count(struct point *p, int (*body)(struct point *p, uint64_t frames));

/*
 * The measured phase of what ends in the tap's interface: `warm` frames once
 * more, since reading the counters disturbed something, then `frames` in a
 * window, then rest. Fills packets, lost and what the window tells.
 */
int point_window(struct point *p, int (*body)(struct point *p, uint64_t frames), uint64_t warm,
		 uint64_t frames);

/* Makes tap, guest and server of p->o; takes all that down, in any case. RC_ values. */
int point_prepare(struct point *p);
int point_finish(struct point *p);
/*
 * Counts what runs on the processors that are named, if any. Each must be there:
 * a task that cannot be moved would stay anywhere. RC_ values.
 */
int point_use_cpus(const struct options *o);
/*
 * Hardware counters of the processors named, if any, over the next window, and
 * what they counted into the result.
 */
void point_pmu_open(struct point *p);
void point_pmu_close(struct point *p);
/* Says which tasks are the point's own: those that work for it now. */
void point_own(const struct point *p);
/* The workload that p->o names. */
int point_workload(struct point *p);

/* The workloads: warm up, count, measure, fill p->result. RC_ values. */
int tx_run(struct point *p);
int rx_run(struct point *p);
int rr_run(struct point *p);
int flood_run(struct point *p);
int stream_run(struct point *p);
/* Any of tx, rx and rr, with any sink but check, on server floor. */
int floor_run(struct point *p);

/* Their parts for one of several guests. */
extern const struct crowd_work tx_crowd, rr_crowd;

#endif
