// SPDX-License-Identifier: GPL-2.0-only
/* Lists of processors, and which of a machine's processors make a good one. */
#define _GNU_SOURCE
#include "cpus.h"

#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const cpu_role_names[CPU_ROLES] = { "guest", "server", "far_end" };

static bool one_number(const char **at, long *number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*number = strtol(*at, &end, 10);
	*at = end;
	return *number < CPUS_KNOWN;
}

int cpus_parse(struct cpus *c, const char *what, const char *text)
{
	const char *at = text;
	long from, to;

	c->count = 0;
	do {
		if (!one_number(&at, &from))
			goto bad;
		to = from;
		if (*at == '-') {
			at++;
			if (!one_number(&at, &to) || to < from)
				goto bad;
		}
		for (; from <= to; from++) {
			if (cpus_have(c, from))
				return fail(RC_USAGE,
					    "%s: %s: processor %ld is named twice: remove one",
					    what, text, from);
			if (c->count == CPUS_MAX)
				return fail(RC_USAGE, "%s: %s: name at most %d processors", what,
					    text, CPUS_MAX);
			c->cpu[c->count++] = from;
		}
	} while (*at++ == ',');
	if (!at[-1])
		return RC_OK;
bad:
	return fail(RC_USAGE, "%s: %s: not a list of processors: write numbers such as 2,4,6", what,
		    text);
}

void cpus_text(const struct cpus *c, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (unsigned int i = 0; i < c->count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%d", i ? "," : "", c->cpu[i]);
}

int cpus_of(const struct cpus *c, enum cpu_role role)
{
	return c->cpu[role < c->count ? role : c->count - 1];
}

bool cpus_have(const struct cpus *c, int cpu)
{
	for (unsigned int i = 0; i < c->count; i++)
		if (c->cpu[i] == cpu)
			return true;
	return false;
}

static const char *put_path(char *path, size_t size, const char *format, va_list list)
{
	const char *root = getenv("VHOSTLAB_SYSROOT");
	int used = snprintf(path, size, "%s", root ? root : "");

	if (used >= 0 && (size_t)used < size)
		vsnprintf(path + used, size - used, format, list);
	return path;
}

const char *system_path(char *path, size_t size, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	put_path(path, size, format, list);
	va_end(list);
	return path;
}

static bool read_line(char *line, size_t size, const char *path)
{
	FILE *file = fopen(path, "r");
	bool good = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

bool system_line(char *line, size_t size, const char *format, ...)
{
	char path[4200];
	va_list list;

	va_start(list, format);
	put_path(path, sizeof(path), format, list);
	va_end(list);
	return read_line(line, size, path);
}

unsigned int system_list(int *number, unsigned int max, const char *format, ...)
{
	char path[4200], line[4096];
	const char *at = line;
	unsigned int have = 0;
	va_list list;
	long from, to;

	va_start(list, format);
	put_path(path, sizeof(path), format, list);
	va_end(list);
	if (!read_line(line, sizeof(line), path))
		return 0;
	while (one_number(&at, &from)) {
		to = from;
		if (*at == '-') {
			at++;
			if (!one_number(&at, &to))
				break;
		}
		for (; from <= to && have < max; from++)
			number[have++] = from;
		if (*at != ',')
			break;
		at++;
	}
	return have;
}

int cpu_node(int cpu)
{
	static int nodes[1024], here[CPUS_KNOWN];
	unsigned int n = system_list(nodes, ARRAY_SIZE(nodes), "/sys/devices/system/node/online");

	for (unsigned int i = 0; i < n; i++) {
		unsigned int have = system_list(here, ARRAY_SIZE(here),
						"/sys/devices/system/node/node%d/cpulist",
						nodes[i]);

		for (unsigned int k = 0; k < have; k++)
			if (here[k] == cpu)
				return nodes[i];
	}
	return 0;
}

static unsigned int threads_of(int cpu, int *thread, unsigned int max)
{
	return system_list(thread, max,
			   "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
}

bool cpu_siblings(int a, int b)
{
	int thread[64];
	unsigned int n = threads_of(a, thread, ARRAY_SIZE(thread));

	for (unsigned int i = 0; i < n && a != b; i++)
		if (thread[i] == b)
			return true;
	return false;
}

bool cpu_first_thread(int cpu)
{
	int thread[64];

	return !threads_of(cpu, thread, ARRAY_SIZE(thread)) || thread[0] == cpu;
}

static unsigned int online(int *cpu, unsigned int max)
{
	return system_list(cpu, max, "/sys/devices/system/cpu/online");
}

/* What this process may run on; all of a machine that a test has made up. */
static bool usable(int cpu)
{
	size_t size = CPU_ALLOC_SIZE(CPUS_KNOWN);
	cpu_set_t *set;
	bool may = true;

	if (getenv("VHOSTLAB_SYSROOT"))
		return true;
	set = CPU_ALLOC(CPUS_KNOWN);
	if (set && !sched_getaffinity(0, size, set))
		may = CPU_ISSET_S(cpu, size, set);
	CPU_FREE(set);
	return may;
}

/* One usable thread of each core of a node, processor 0 last; at most @max. */
static unsigned int cores_of(int node, int *core, unsigned int max)
{
	static int all[CPUS_KNOWN];
	unsigned int n = online(all, ARRAY_SIZE(all)), have = 0;
	bool zero = false;

	for (unsigned int i = 0; i < n && have < max; i++) {
		bool taken = false;

		if (!usable(all[i]) || cpu_node(all[i]) != node)
			continue;
		for (unsigned int k = 0; k < have; k++)
			taken = taken || cpu_siblings(core[k], all[i]);
		taken = taken || (zero && cpu_siblings(0, all[i]));
		if (taken)
			continue;
		if (all[i])
			core[have++] = all[i];
		else
			zero = true;
	}
	if (zero && have < max)
		core[have++] = 0;
	return have;
}

/* The cores of the node that has most, at most @max; @node is its number. */
static unsigned int best_node(int *core, unsigned int max, int *node)
{
	static int nodes[1024];
	unsigned int n = system_list(nodes, ARRAY_SIZE(nodes), "/sys/devices/system/node/online");
	unsigned int best = 0;
	int tried[CPUS_MAX];

	*node = 0;
	if (!n)
		nodes[n++] = 0;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int have = cores_of(nodes[i], tried, max);

		if (have <= best)
			continue;
		best = have;
		*node = nodes[i];
		memcpy(core, tried, have * sizeof(*core));
	}
	return best;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int cpus_choose(struct cpus *c)
{
	int node, thread[64];

	c->count = best_node(c->cpu, CPU_ROLES, &node);
	if (!c->count)
		return fail(RC_CANNOT, "processors: /sys/devices/system/cpu/online: none that this "
				       "process may use: name some with --cpus");
	qsort(c->cpu, c->count, sizeof(c->cpu[0]), by_number);
	if (c->count == 1) {
		unsigned int n = threads_of(c->cpu[0], thread, ARRAY_SIZE(thread));

		for (unsigned int i = 0; i < n && c->count < 2; i++)
			if (thread[i] != c->cpu[0] && usable(thread[i]))
				c->cpu[c->count++] = thread[i];
	}
	return RC_OK;
}

int cpus_check(const struct cpus *c)
{
	static int all[CPUS_KNOWN];
	unsigned int n = online(all, ARRAY_SIZE(all)), cores;
	int core[CPUS_MAX], best, node = cpu_node(c->cpu[0]);
	char list[400];

	cpus_text(c, list, sizeof(list));
	for (unsigned int i = 0; i < c->count; i++) {
		bool found = !n;

		for (unsigned int k = 0; k < n; k++)
			found = found || all[k] == c->cpu[i];
		if (!found)
			return fail(RC_USAGE, "--cpus: %s: processor %d is not online: see lscpu",
				    list, c->cpu[i]);
	}
	cores = best_node(core, CPUS_MAX, &best);
	if (cores < c->count)
		return RC_OK;
	for (unsigned int i = 0; i < c->count; i++) {
		for (unsigned int k = 0; k < i; k++)
			if (cpu_siblings(c->cpu[i], c->cpu[k]))
				return fail(RC_USAGE,
					    "--cpus: %s: %d and %d are threads of one core: name "
					    "one thread of each",
					    list, c->cpu[k], c->cpu[i]);
		if (cpu_node(c->cpu[i]) != node)
			return fail(RC_USAGE,
				    "--cpus: %s: %d is of NUMA node %d, %d of node %d: name "
				    "processors of one node",
				    list, c->cpu[0], node, c->cpu[i], cpu_node(c->cpu[i]));
	}
	return RC_OK;
}
