// SPDX-License-Identifier: GPL-2.0-only
/* The pass with tracepoints on; see events.h. */
#define _GNU_SOURCE
#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACEFS	   "/sys/kernel/tracing"
#define BUFFER_KIB "16384"

/* Writes text to a file of the instance. */
static int tell(const struct events *e, const char *file, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", e->instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return fail(RC_CANNOT, "events: %s: %s", path, strerror(errno));
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return fail(RC_CANNOT, "events: %s: it refuses %s: %s", path, text, strerror(-n));
	return RC_OK;
}

/* "FIELD == PID || ..." for the guest and every task that serves; other is a second field or NULL. */
static int filter(const struct events *e, const char *event, const char *field, const char *other)
{
	char text[4096], file[96];
	int n = snprintf(text, sizeof(text), "%s == %d", field, e->guest);

	if (other)
		n += snprintf(text + n, sizeof(text) - n, " || %s == %d", other, e->guest);
	for (unsigned int i = 0; i < e->server->tasks && n < (int)sizeof(text) - 64; i++) {
		n += snprintf(text + n, sizeof(text) - n, " || %s == %d", field,
			      e->server->task[i]);
		if (other)
			n += snprintf(text + n, sizeof(text) - n, " || %s == %d", other,
				      e->server->task[i]);
	}
	snprintf(file, sizeof(file), "events/sched/%s/filter", event);
	return tell(e, file, text);
}

uint64_t events_frames(const struct options *o)
{
	uint64_t frames = (uint64_t)EVENT_BURSTS * o->burst;

	return frames > EVENT_FRAMES ? frames : (EVENT_FRAMES + o->burst - 1) / o->burst * o->burst;
}

int events_open(struct events *e, const struct options *o, const struct server *s)
{
	int rc;

	memset(e, 0, sizeof(*e));
	e->o = o;
	e->server = s;
	e->guest = getpid();
	/* Bursts of one frame take most: a kick and a call each, and a kick for each buffer back. */
	e->stamps.room = 8 * (EVENT_FRAMES + 2 * 1024) + 4 * o->ring;
	e->stamps.at = calloc(e->stamps.room, sizeof(*e->stamps.at));
	if (!e->stamps.at)
		return fail(RC_FAIL, "out of memory: events: give the machine more");
	snprintf(e->instance, sizeof(e->instance), TRACEFS "/instances/vhostlab-%d", e->guest);
	if (mkdir(e->instance, 0700)) {
		rc = fail(RC_CANNOT, "events: %s: %s: mount tracefs as root", e->instance,
			  strerror(errno));
		e->instance[0] = '\0';
		return rc;
	}
	rc = tell(e, "tracing_on", "0");
	rc = rc ? rc : tell(e, "trace_clock", "x86-tsc");
	rc = rc ? rc : tell(e, "buffer_size_kb", BUFFER_KIB);
	rc = rc ? rc : filter(e, "sched_waking", "pid", NULL);
	rc = rc ? rc : filter(e, "sched_switch", "next_pid", "prev_pid");
	rc = rc ? rc : tell(e, "events/sched/sched_waking/enable", "1");
	rc = rc ? rc : tell(e, "events/sched/sched_switch/enable", "1");
	if (!rc && o->server == SERVER_VHOSTLAB)
		rc = tell(e, "events/vhostlab/enable", "1");
	return rc;
}

int events_start(struct events *e, struct guest *g)
{
	g->stamps = &e->stamps;
	return tell(e, "tracing_on", "1");
}

static int copy_trace(const struct events *e, FILE *to)
{
	char path[256], *line = NULL;
	size_t size = 0;
	FILE *from;

	snprintf(path, sizeof(path), "%s/trace", e->instance);
	from = fopen(path, "re");
	if (!from)
		return fail(RC_FAIL, "events: %s: %s", path, strerror(errno));
	while (getline(&line, &size, from) > 0)
		fputs(line, to);
	free(line);
	fclose(from);
	return RC_OK;
}

int events_save(struct events *e, struct guest *g, const struct events_window *w)
{
	const struct options *o = e->o;
	FILE *f;
	int rc;

	g->stamps = NULL;
	rc = tell(e, "tracing_on", "0");
	if (rc)
		return rc;
	if (e->stamps.have == e->stamps.room)
		return fail(RC_FAIL, "events: more notifications than expected: ask for a larger "
				     "burst");
	f = fopen(o->events, "we");
	if (!f)
		return fail(RC_FAIL, "events: %s: %s", o->events, strerror(errno));
	fprintf(f, "# vhostlab events 1\n# server %s workload %s size %u burst %u sink %s\n",
		server_name(o->server), workload_name(o->workload), o->size, o->burst,
		sink_name(o->sink));
	fprintf(f,
		"# window %" PRIu64 " %" PRIu64 " ticks, %.0f of the clock %s, %" PRIu64
		" packets %" PRIu64 " kicks %" PRIu64 " calls\n",
		w->w->begin_tsc, w->w->end_tsc, (double)(w->w->end - w->w->begin),
		o->clock == CLOCK_INSN ? "insn" : "wall", w->packets, w->kicks, w->calls);
	fprintf(f, "# tasks guest %d server", e->guest);
	for (unsigned int i = 0; i < e->server->tasks; i++)
		fprintf(f, " %d", e->server->task[i]);
	fputc('\n', f);
	for (size_t i = 0; i < e->stamps.have; i++)
		fprintf(f, "guest %s queue=%u %" PRIu64 "\n",
			e->stamps.at[i].awake ? "awake" : "kick", e->stamps.at[i].queue,
			e->stamps.at[i].tsc);
	rc = copy_trace(e, f);
	if (ferror(f) | fclose(f))
		rc = rc ? rc : fail(RC_FAIL, "events: %s: it cannot be written", o->events);
	return rc;
}

int events_close(struct events *e)
{
	free(e->stamps.at);
	e->stamps.at = NULL;
	if (e->instance[0] && rmdir(e->instance))
		return fail(RC_FAIL, "events: %s: not removed: %s", e->instance, strerror(errno));
	e->instance[0] = '\0';
	return RC_OK;
}
