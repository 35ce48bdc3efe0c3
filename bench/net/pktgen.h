/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's packet generator as the sender of received frames. */
#ifndef VL_PKTGEN_H
#define VL_PKTGEN_H

#include <pthread.h>
#include <sys/types.h>

#include "lib/options.h"

#define PKTGEN_THREADS_MAX 256

struct pktgen {
	const struct options *o;
	int cpu;
	pid_t before[PKTGEN_THREADS_MAX]; /* threads of other namespaces */
	unsigned int before_count;
	pthread_t runner;
	bool running;
	int runner_rc;
};

/* Loads the modules that sending needs. To be called before netns_enter(). */
int pktgen_prepare(struct pktgen *p, const struct options *o);

/*
 * Binds the sender device to the generator's thread on `cpu`, bursts of
 * o->burst frames of o->size bytes. The thread runs under SCHED_IDLE: it
 * delivers the next burst only when server and guest on that CPU have nothing
 * left to do, so a run is a closed loop without idle time.
 */
int pktgen_open(struct pktgen *p, int cpu);

/* Starts sending `count` frames, a multiple of the burst, and returns at once. */
int pktgen_start(struct pktgen *p, unsigned long count);

/* Has the run ended by itself? */
bool pktgen_done(const struct pktgen *p);

/* Ends the run (early, if it still goes) and says how many frames were offered. */
int pktgen_finish(struct pktgen *p, uint64_t *sent, uint64_t *errors);

/* Gives the device back. To be called whatever happened. */
void pktgen_close(struct pktgen *p);

#endif
