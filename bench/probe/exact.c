// SPDX-License-Identifier: GPL-2.0-only
/* Counts of a window's instructions by function: exact.h. */
#define _GNU_SOURCE
#include "exact.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/common.h"
#include "lib/marks.h"
#include "symbols.h"

/* Executions of one function on one side. */
struct share {
	const char *side, *function, *object;
	uint64_t count;
};

static const char *counts; /* the plugin's file */
static uint64_t number;
static struct symbols kernel, guest, server;
static pid_t own[256]; /* this process's threads at the end of the window */
static unsigned int n_own;
static struct share *shares;
static size_t n_shares, room;

/* Where the kernel keeps a task's thread number: offset of task_struct.pid, or 0. */
static uint64_t find_tid_offset(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t;
	uint64_t offset = 0;
	int id;

	if (!btf)
		return 0;
	id = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
	t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	for (unsigned int i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;

		if (!strcmp(btf__name_by_offset(btf, m->name_off), "pid"))
			offset = btf_member_bit_offset(t, i) / 8;
	}
	btf__free(btf);
	return offset;
}

static void note_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	n_own = 0;
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' && n_own < ARRAY_SIZE(own))
			own[n_own++] = atoi(entry->d_name);
	if (dir)
		closedir(dir);
}

static void watch(bool begins)
{
	if (begins) {
		number++;
		mark_place(2, syscall(SYS_gettid), number);
	} else {
		mark_place(3, 0L, 0L);
		note_threads();
	}
}

int exact_open(void)
{
	/* Static, as the plugin reads it later than this function may end. */
	static struct mark_setup setup;
	int rc;

	counts = getenv("VHOSTLAB_COUNTS");
	if (!counts)
		return fail(RC_CANNOT, "functions: this lab VM counts no instructions: boot it "
				       "with lab/run --profile");
	rc = symbols_kernel(&kernel);
	if (rc)
		return rc;
	setup = (struct mark_setup){
		.switch_to = symbols_find(&kernel, "__switch_to_asm"),
		.tid_offset = find_tid_offset(),
		/* The idle task's loop, and interrupts that it takes. */
		.idle_enter = { symbols_find(&kernel, "tick_nohz_idle_enter"),
				symbols_find(&kernel, "tick_nohz_irq_exit") },
		.idle_leave = { symbols_find(&kernel, "tick_nohz_idle_exit"),
				symbols_find(&kernel, "tick_irq_enter") },
	};
	if (!setup.switch_to || !setup.tid_offset)
		return fail(RC_CANNOT, "functions: this kernel has no __switch_to_asm or no BTF: "
				       "use another one");
	mark_place(1, &setup, 0L);
	window_watcher = watch;
	return RC_OK;
}

bool exact_own(pid_t tid)
{
	for (unsigned int i = 0; i < n_own; i++)
		if (own[i] == tid)
			return true;
	return false;
}

static int count_for(const char *side, const char *function, const char *object, uint64_t count)
{
	for (size_t i = 0; i < n_shares; i++)
		if (!strcmp(shares[i].side, side) && !strcmp(shares[i].function, function) &&
		    !strcmp(shares[i].object, object)) {
			shares[i].count += count;
			return RC_OK;
		}
	if (n_shares == room) {
		size_t more = room ? 2 * room : 1024;
		struct share *new = realloc(shares, more * sizeof(*new));

		if (!new)
			return fail(RC_FAIL, "functions: no memory");
		shares = new;
		room = more;
	}
	shares[n_shares++] = (struct share){ side, function, object, count };
	return RC_OK;
}

/* Whether a thread is one of a process that runs. */
static bool thread_of(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return pid && !access(path, F_OK);
}

/* One line of the plugin's: a thread's executions of one instruction. */
static int take(pid_t tid, const char *side, bool servers, enum mark_mode mode, uint64_t address,
		uint64_t count)
{
	const struct symbols *where = NULL;
	const struct symbol *symbol = NULL;
	/* The upper half of the addresses is the kernel's. */
	bool kernels = address >> 63;
	const char *object = NULL;

	if (mode == MODE_INSIDE)
		return count_for(side, kernels ? "(its kernel)" : "(its programs)",
				 "virtual machine", count);
	if (kernels)
		where = &kernel;
	else if (exact_own(tid))
		where = &guest;
	else if (servers)
		where = &server;
	if (where)
		symbol = symbols_at(where, address, &object);
	if (!object)
		object = kernels ? "code made at run time" : "user space";
	return count_for(mode == MODE_IDLE ? "idle" : side, symbol ? symbol->name : "(no name)",
			 object, count);
}

static int read_counts(const char *(*side_of)(pid_t tid), pid_t pid)
{
	FILE *f = fopen(counts, "re");
	char line[256] = "";
	uint64_t address, count, of = 0;
	int rc = RC_OK, tid, mode, last = -1;
	const char *side = NULL;
	bool servers = false;

	if (!f)
		return fail(RC_FAIL, "functions: %s: %s", counts, strerror(errno));
	if (!fgets(line, sizeof(line), f) || sscanf(line, MARK_HEAD " %" SCNu64, &of) != 1 ||
	    of != number)
		rc = fail(RC_FAIL, "functions: %s: it is not of this window", counts);
	while (!rc && fgets(line, sizeof(line), f) &&
	       sscanf(line, "%d %d %" SCNx64 " %" SCNu64, &tid, &mode, &address, &count) == 4) {
		if (tid != last) {
			last = tid;
			side = side_of(tid);
			servers = thread_of(pid, tid);
		}
		rc = take(tid, side, servers, mode, address, count);
	}
	line[strcspn(line, "\n")] = '\0';
	if (!rc && strcmp(line, "end"))
		rc = fail(RC_FAIL, "functions: %s: it is not whole: %s", counts, line);
	fclose(f);
	return rc;
}

static int by_count(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	int names;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	names = strcmp(x->function, y->function);
	return names ? names : strcmp(x->side, y->side);
}

/* A string of JSON. */
static void put_text(FILE *f, const char *text, size_t n)
{
	fputc('"', f);
	for (size_t i = 0; i < n; i++)
		fputc(text[i] == '"' || text[i] == '\\' || text[i] < ' ' ? '?' : text[i], f);
	fputc('"', f);
}

/* What was measured, as one object: by it tables are named and compared. */
static void write_head(FILE *f, const struct exact_cell *c, uint64_t packets, double cost,
		       uint64_t counted)
{
	struct utsname u;

	uname(&u);
	fprintf(f,
		"{\"server\":\"%s\",\"workload\":\"%s\",\"sink\":\"%s\",\"size\":%u,"
		"\"burst\":%u,\"knobs\":{",
		c->server, c->workload, c->sink, c->size, c->burst);
	for (unsigned int i = 0; i < c->knobs; i++) {
		const char *value = strchr(c->knob[i], '=') + 1;

		fputs(i ? "," : "", f);
		put_text(f, c->knob[i], value - 1 - c->knob[i]);
		fputc(':', f);
		put_text(f, value, strlen(value));
	}
	fprintf(f,
		"},\"kernel\":\"%s\",\"packets\":%" PRIu64 ",\"clock\":%.0f,\"counted\":%" PRIu64
		"}\n",
		u.release, packets, cost, counted);
}

int exact_save(const char *file, const struct exact_cell *cell, const char *(*side_of)(pid_t tid),
	       pid_t pid, uint64_t packets, double cost)
{
	uint64_t counted = 0;
	FILE *f;
	int rc;

	rc = symbols_process(&guest, getpid());
	if (!rc && pid)
		rc = symbols_process(&server, pid);
	rc = rc ? rc : read_counts(side_of, pid);
	if (rc)
		return rc;
	qsort(shares, n_shares, sizeof(*shares), by_count);
	for (size_t i = 0; i < n_shares; i++)
		if (strcmp(shares[i].side, "idle"))
			counted += shares[i].count;
	f = fopen(file, "we");
	if (!f)
		return fail(RC_FAIL, "functions: %s: %s", file, strerror(errno));
	write_head(f, cell, packets, cost, counted);
	for (size_t i = 0; i < n_shares; i++)
		fprintf(f,
			"{\"side\":\"%s\",\"function\":\"%s\",\"object\":\"%s\","
			"\"instructions\":%" PRIu64 "}\n",
			shares[i].side, shares[i].function, shares[i].object, shares[i].count);
	if (ferror(f) | fclose(f))
		rc = fail(RC_FAIL, "functions: %s: it cannot be written", file);
	symbols_free(&kernel);
	symbols_free(&guest);
	symbols_free(&server);
	if (!rc && fabs(counted - cost) > EXACT_LIMIT * cost)
		rc = fail(RC_FAIL,
			  "functions: the counts are not the clock's: %" PRIu64
			  " instructions counted, %.0f by the clock: more than %.1f %% apart",
			  counted, cost, 100 * EXACT_LIMIT);
	return rc;
}
