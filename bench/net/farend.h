/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The far end of the tap in a verifying pass: packet sockets that read and
 * check, send, or echo numbered frames.
 */
#ifndef VL_FAREND_H
#define VL_FAREND_H

#include <pthread.h>

#include "tap.h"

struct farend {
	const struct options *o;
	int fd; /* AF_PACKET socket bound to the tap */
	int ifindex;
	pthread_t thread;
	bool started, stop;
	/* What the thread saw; read with farend_seen() while it runs. */
	uint64_t seen, intact, corrupt, misordered;
	uint64_t expected; /* number of the next frame */
};

/* Opens the socket; RC_ value. Close in any case. */
int farend_open(struct farend *f, const struct options *o, const struct tap *t);
void farend_close(struct farend *f);

/* A thread that verifies every frame the guest sends, numbers from 0. */
int farend_verify(struct farend *f);
/* The same, and sends each intact frame back under its reply number. */
int farend_echo(struct farend *f);
/* Frames of ours that arrived so far, intact or not. */
uint64_t farend_seen(const struct farend *f);

/* Sends `count` frames numbered from `seq` to the guest, from this thread. */
int farend_send(struct farend *f, uint64_t seq, unsigned int count);

/* Frames the socket itself had no room for: the harness's loss, not the server's. */
uint64_t farend_dropped(const struct farend *f);

#endif
