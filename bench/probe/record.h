/* SPDX-License-Identifier: GPL-2.0-only */
/* The raw record of a pass with tracepoints on, as bench/point --events writes it. */
#ifndef EVENTS_RECORD_H
#define EVENTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may happen, in the order in which it happens to a burst. */
enum kind {
	GUEST_KICK, /* the guest is about to write its kick eventfd */
	KICK, /* tracepoints of the module */
	WAKING, /* the server is woken */
	RUNS, /* the server gets the CPU */
	RUNS_GUEST,
	OFF, /* the server leaves it; count: 1 if it is put off, 0 if it sleeps */
	OFF_GUEST,
	WORK_START,
	DESC,
	COPY,
	USED,
	CALL,
	WAKING_GUEST,
	GUEST_AWAKE, /* the read of the call eventfd has returned */
	OTHER, /* any other event: it took time, too */
	KINDS
};

extern const char *const kind_name[KINDS];

struct event {
	uint64_t at; /* ticks of the time stamp counter */
	enum kind kind;
	unsigned int count; /* USED: entries; CALL: 1 sent, 0 spared; OFF: see above; others 1 */
	bool recorded; /* the kernel made a record, and it is this one's own */
	size_t line; /* where it stands in the file */
};

struct record {
	char server[32], workload[8], sink[16], clock[8];
	unsigned int size, burst;
	uint64_t begin, end; /* the window, ticks */
	double duration; /* the window on the bench's clock */
	unsigned long packets, kicks, calls; /* in it, as the guest counted them */
	bool server_awake, guest_awake; /* at begin: off the CPU, but not asleep */
	struct event *event; /* of the queue in question, in the window, by time */
	size_t events;
};

/* Reads the file; false after one line on stderr. */
bool record_read(struct record *r, const char *path);

/* One line on stderr that names the file; returns false. */
bool record_complain(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
