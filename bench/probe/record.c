// SPDX-License-Identifier: GPL-2.0-only
/* Reads the raw record: a head, the guest's stamps, the text of tracefs. */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const kind_name[KINDS] = {
	"guest_kick", "kick",	   "waking",	   "runs",	  "runs_guest",
	"off",	      "off_guest", "work_start",   "desc",	  "copy",
	"used",	      "call",	   "waking_guest", "guest_awake", "other",
};

bool record_complain(const char *path, const char *fmt, ...)
{
	va_list list;

	fprintf(stderr, "vhostlab: events: %s: ", path);
	va_start(list, fmt);
	vfprintf(stderr, fmt, list);
	va_end(list);
	fputs(": record it again\n", stderr);
	return false;
}

struct reader {
	struct record *r;
	size_t room, line;
	unsigned int queue; /* whose events are wanted */
	int guest, server[64], servers;
	unsigned long kept, written; /* events in the kernel's buffer, and ever put there */
};

static bool add(struct reader *rd, uint64_t at, enum kind kind, unsigned int count, bool recorded)
{
	struct record *r = rd->r;

	/* Who was put off before the window is so at its beginning. */
	if (at < r->begin && kind == OFF)
		r->server_awake = count;
	if (at < r->begin && kind == OFF_GUEST)
		r->guest_awake = count;
	if (at < r->begin || at > r->end)
		return true;
	if (r->events == rd->room) {
		rd->room = rd->room ? 2 * rd->room : 4096;
		r->event = realloc(r->event, rd->room * sizeof(*r->event));
		if (!r->event) {
			fputs("vhostlab: events: out of memory: close other programs\n", stderr);
			return false;
		}
	}
	r->event[r->events++] = (struct event){ at, kind, count, recorded, rd->line };
	return true;
}

/* The number behind `name=` in the fields of an event; -1 when there is none. */
static long field(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += len)
		if (at > text && at[-1] == ' ' && at[len] == '=')
			return atol(at + len + 1);
	return -1;
}

static bool serves(const struct reader *rd, long pid)
{
	for (int i = 0; i < rd->servers; i++)
		if (rd->server[i] == pid)
			return true;
	return false;
}

/* One record, but two events when server and guest change places. */
static bool task_switch(struct reader *rd, uint64_t ticks, const char *fields)
{
	long prev = field(fields, "prev_pid"), next = field(fields, "next_pid");
	bool put_off = strstr(fields, "prev_state=R"), from = prev == rd->guest || serves(rd, prev);
	bool to = next == rd->guest || serves(rd, next);

	if (from && !add(rd, ticks, prev == rd->guest ? OFF_GUEST : OFF, put_off, !to))
		return false;
	return !to || add(rd, ticks, next == rd->guest ? RUNS_GUEST : RUNS, 1, true);
}

/* "  COMM-TID [CPU] FLAGS TICKS: EVENT: FIELDS" */
static bool trace_line(struct reader *rd, const char *text)
{
	static const struct {
		const char *name;
		enum kind kind;
	} ours[] = {
		{ "kick", KICK },    { "work_start", WORK_START }, { "desc", DESC },
		{ "copy_tx", COPY }, { "copy_rx", COPY },	   { "used", USED },
		{ "call", CALL },
	};
	const char *at = strstr(text, "] "), *fields;
	char name[32];
	uint64_t ticks;
	int used = 0;

	if (!at || sscanf(at, "] %*s %" SCNu64 ": %31[a-z_]:%n", &ticks, name, &used) != 2 || !used)
		return true;
	fields = at + used;
	if (!strcmp(name, "sched_waking"))
		return add(rd, ticks, field(fields, "pid") == rd->guest ? WAKING_GUEST : WAKING, 1,
			   true);
	if (!strcmp(name, "sched_switch"))
		return task_switch(rd, ticks, fields);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		long count = 1;

		if (strcmp(name, ours[i].name) || field(fields, "queue") != (long)rd->queue)
			continue;
		if (ours[i].kind == USED)
			count = field(fields, "count");
		if (ours[i].kind == CALL)
			count = field(fields, "sent");
		return add(rd, ticks, ours[i].kind, count, true);
	}
	return add(rd, ticks, OTHER, 1, true);
}

static bool any_line(struct reader *rd, const char *text)
{
	struct record *r = rd->r;
	unsigned int queue;
	char what[8];
	uint64_t at;
	int used = 0;

	if (sscanf(text, "# server %31s workload %7s size %u burst %u sink %15s", r->server,
		   r->workload, &r->size, &r->burst, r->sink) == 5) {
		rd->queue = strcmp(r->workload, "rx") ? 1 : 0;
		return true;
	}
	if (sscanf(text,
		   "# window %" SCNu64 " %" SCNu64
		   " ticks, %lf of the clock %7[a-z], %lu packets %lu kicks %lu calls",
		   &r->begin, &r->end, &r->duration, r->clock, &r->packets, &r->kicks,
		   &r->calls) == 7)
		return true;
	if (sscanf(text, "# tasks guest %d server%n", &rd->guest, &used) == 1 && used) {
		char *end;

		for (text += used; rd->servers < 64; text = end) {
			rd->server[rd->servers] = strtol(text, &end, 10);
			if (end == text)
				break;
			rd->servers++;
		}
		return true;
	}
	if (sscanf(text, "# entries-in-buffer/entries-written: %lu/%lu", &rd->kept, &rd->written) ==
	    2)
		return true;
	if (sscanf(text, "guest %7[a-z] queue=%u %" SCNu64, what, &queue, &at) == 3) {
		if (queue != rd->queue)
			return true;
		return add(rd, at, strcmp(what, "kick") ? GUEST_AWAKE : GUEST_KICK, 1, false);
	}
	return *text == '#' || trace_line(rd, text);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

bool record_read(struct record *r, const char *path)
{
	struct reader rd = { .r = r };
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	memset(r, 0, sizeof(*r));
	if (!file)
		return record_complain(path, "%s", strerror(errno));
	while (ok && getline(&line, &size, file) > 0) {
		rd.line++;
		ok = any_line(&rd, line);
	}
	free(line);
	fclose(file);
	if (!ok)
		return false;
	if (!r->packets || !r->burst || r->end <= r->begin || r->duration <= 0)
		return record_complain(path, "it has no head of a record of events");
	if (rd.kept != rd.written || !rd.written)
		return record_complain(path, "the kernel kept %lu of %lu events", rd.kept,
				       rd.written);
	qsort(r->event, r->events, sizeof(*r->event), by_time);
	return true;
}
