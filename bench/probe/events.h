/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pass behind the measured one in which the kernel's tracepoints are on:
 * those of the module, wake-ups, and which task runs. The time stamp counter
 * is their clock and that of the guest's own stamps, so both are one story.
 */
#ifndef VL_EVENTS_H
#define VL_EVENTS_H

#include "lib/clock.h"
#include "guest/guest.h"
#include "server/server.h"

struct events {
	const struct options *o;
	char instance[96]; /* of tracefs, our own; empty: none */
	pid_t guest;
	const struct server *server;
	struct stamps stamps;
};

/* Frames of the pass: some bursts, at least so many. */
#define EVENT_BURSTS 16
#define EVENT_FRAMES 256
uint64_t events_frames(const struct options *o);

/* Makes the instance and switches the events on, but records nothing yet. Close in any case. */
int events_open(struct events *e, const struct options *o, const struct server *s);
/* Recording begins; the guest's notifications are stamped from now on. */
int events_start(struct events *e, struct guest *g);
/* What of the record is the window. */
struct events_window {
	const struct window *w;
	uint64_t packets, kicks, calls;
};
/* Recording ends; the raw text goes to the file that o names. */
int events_save(struct events *e, struct guest *g, const struct events_window *w);
int events_close(struct events *e);

#endif
