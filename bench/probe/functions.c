// SPDX-License-Identifier: GPL-2.0-only
/* Samples of what the CPUs do in a window: functions.h. */
#define _GNU_SOURCE
#include "functions.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exact.h"
#include "lib/clock.h"
#include "symbols.h"

/* Of a CPU's samples, 24 bytes each: room for 3,000 million instructions. */
#define BUFFER_PAGES 1024
#define CPUS_MAX     64

struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid, tid;
};

/* Samples of one function on one side. */
struct share {
	const char *side, *function;
	uint64_t samples;
};

static const char *file;
static int fd[CPUS_MAX];
static struct perf_event_mmap_page *buffer[CPUS_MAX];
static unsigned int cpus;

static struct symbols symbols;
static bool exact;

static int open_cpu(unsigned int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = SAMPLE_PERIOD,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID,
		.disabled = 1,
	};
	void *at;

	fd[cpu] = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd[cpu] < 0)
		return fail(RC_CANNOT, "perf_event_open: CPU %u: %s", cpu, strerror(errno));
	at = mmap(NULL, (1 + BUFFER_PAGES) * (size_t)getpagesize(), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_POPULATE, fd[cpu], 0);
	if (at == MAP_FAILED)
		return fail(RC_CANNOT, "perf buffer: CPU %u: %s", cpu, strerror(errno));
	buffer[cpu] = at;
	return RC_OK;
}

/* Windows that were sampled before are forgotten: the last one counts. */
static void watch(bool begins)
{
	for (unsigned int i = 0; i < cpus; i++) {
		if (begins)
			buffer[i]->data_tail = buffer[i]->data_head;
		ioctl(fd[i], begins ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
	}
}

int functions_open(const char *to, enum clock_kind clock)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int rc;

	file = to;
	exact = clock == CLOCK_INSN;
	if (exact)
		return exact_open();
	rc = symbols_kernel(&symbols);
	for (cpus = 0; !rc && cpus < online && cpus < CPUS_MAX; cpus++)
		rc = open_cpu(cpus);
	if (!rc)
		window_watcher = watch;
	return rc;
}

static const char *side_of(const struct server *s, const struct sample *x)
{
	/* The guest is this process; a server that is a process is its child. */
	if (x->pid == (uint32_t)getpid())
		return "guest";
	if (s->pid && x->pid == (uint32_t)s->pid)
		return "server";
	for (unsigned int i = 0; i < s->tasks; i++)
		if (x->tid == (uint32_t)s->task[i])
			return "server";
	return x->pid ? "other" : "idle";
}

static const char *function_of(uint64_t ip)
{
	const struct symbol *symbol;
	const char *object;

	/* The upper half of the addresses is the kernel's. */
	if (!(ip >> 63))
		return "user space";
	symbol = symbols_at(&symbols, ip, &object);
	return symbol ? symbol->name : object ? object : "code made at run time";
}

static struct share shares[4096];
static size_t n_shares;
static uint64_t no_room;

static void add(const char *side, const char *function)
{
	for (size_t i = 0; i < n_shares; i++)
		if (!strcmp(shares[i].side, side) && !strcmp(shares[i].function, function)) {
			shares[i].samples++;
			return;
		}
	if (n_shares == ARRAY_SIZE(shares))
		no_room++;
	else
		shares[n_shares++] = (struct share){ side, function, 1 };
}

static void take(const struct server *s, struct perf_event_mmap_page *b)
{
	size_t size = BUFFER_PAGES * (size_t)getpagesize();
	const char *data = (const char *)b + getpagesize();
	uint64_t at = b->data_tail, head = __atomic_load_n(&b->data_head, __ATOMIC_ACQUIRE);
	struct sample x;

	while (at < head) {
		/* A record may go around the end. */
		for (size_t i = 0; i < sizeof(x); i++)
			((char *)&x)[i] = data[(at + i) % size];
		if (x.header.type == PERF_RECORD_SAMPLE)
			add(side_of(s, &x), function_of(x.ip));
		else if (x.header.type == PERF_RECORD_LOST)
			no_room += (uint64_t)x.tid << 32 | x.pid; /* how many stands there */
		at += x.header.size;
	}
}

static const struct server *serving;

static const char *counted_side(pid_t tid)
{
	if (exact_own(tid))
		return "guest";
	if (serving->pid && tid == serving->pid)
		return "server";
	for (unsigned int i = 0; i < serving->tasks; i++)
		if (tid == serving->task[i])
			return "server";
	return "other";
}

static int save_counts(const struct server *s, uint64_t packets, double cost)
{
	const struct options *o = s->o;
	struct exact_cell cell = {
		.server = server_name(o->server),
		.workload = workload_name(o->workload),
		.sink = sink_name(o->sink),
		.size = o->size,
		.burst = o->burst,
		.knob = o->knob,
		.knobs = o->knobs,
	};

	serving = s;
	return exact_save(file, &cell, counted_side, s->pid, packets, cost);
}

int functions_save(const struct server *s, uint64_t packets, double cost)
{
	FILE *f;
	int rc = RC_OK;

	if (exact)
		return save_counts(s, packets, cost);
	for (unsigned int i = 0; i < cpus; i++)
		take(s, buffer[i]);
	f = fopen(file, "we");
	if (!f)
		return fail(RC_FAIL, "functions: %s: %s", file, strerror(errno));
	for (size_t i = 0; i < n_shares; i++)
		fprintf(f, "{\"side\":\"%s\",\"function\":\"%s\",\"samples\":%" PRIu64 "}\n",
			shares[i].side, shares[i].function, shares[i].samples);
	fprintf(f, "{\"side\":\"lost\",\"function\":null,\"samples\":%" PRIu64 "}\n", no_room);
	if (ferror(f) | fclose(f))
		rc = fail(RC_FAIL, "functions: %s: it cannot be written", file);
	for (unsigned int i = 0; i < cpus; i++) {
		munmap(buffer[i], (1 + BUFFER_PAGES) * (size_t)getpagesize());
		close(fd[i]);
	}
	cpus = 0;
	symbols_free(&symbols);
	return rc;
}
