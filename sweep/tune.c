// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of the measuring machine's settings disturbs a measurement: frequencies
 * that follow the load, interrupts and the second threads of the cores used,
 * and what the kernel does now and then.
 */
#include "tune.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "interrupts.h"
#include "journal.h"

const struct tune_sysctl tune_sysctls[TUNE_SYSCTLS] = {
	/* It takes a hardware counter and interrupts each processor. */
	{ "kernel.nmi_watchdog", "0", "NMI watchdog" },
	/* It unmaps pages, so that a later access tells where they are used. */
	{ "kernel.numa_balancing", "0", "NUMA balancing" },
	/* Counters of memory are added up on each processor, once a second. */
	{ "vm.stat_interval", "120", "adding up of memory counters" },
	/* Memory is looked over for pieces twice a second. */
	{ "vm.compaction_proactiveness", "0", "proactive compaction" },
};

void tune_sysctl_path(const struct tune_sysctl *s, char *path, size_t size)
{
	snprintf(path, size, "/proc/sys/%s", s->name);
	for (char *at = path; *at; at++)
		if (*at == '.')
			*at = '/';
}

/* What is done, or would be. */
struct tuning {
	const char *journal; /* NULL: nothing is changed */
	const struct cpus *cpus;
	char said[600];
	unsigned int refused;
	bool broken; /* the journal cannot be written */
};

/* Is it, or would it be, a change? */
static bool set(struct tuning *t, const char *path, const char *value)
{
	char now[4096];
	int rc;

	if (!t->journal)
		return system_line(now, sizeof(now), "%s", path) && strcmp(now, value);
	rc = t->broken ? 0 : journal_set(t->journal, path, value);
	t->refused += rc == -1;
	t->broken = t->broken || rc == -2;
	return rc == 1;
}

static void say(struct tuning *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct tuning *t, const char *format, ...)
{
	size_t used = strlen(t->said);
	va_list list;

	used += snprintf(t->said + used, sizeof(t->said) - used, "%s", used ? ", " : "");
	if (used >= sizeof(t->said))
		return;
	va_start(list, format);
	vsnprintf(t->said + used, sizeof(t->said) - used, format, list);
	va_end(list);
}

static void governors(struct tuning *t)
{
	char path[128], first[64] = "", now[64];
	unsigned int changed = 0;

	for (unsigned int i = 0; i < t->cpus->count; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", t->cpus->cpu[i]);
		if (!system_line(now, sizeof(now), "%s", path))
			continue;
		if (!set(t, path, "performance"))
			continue;
		if (!changed++)
			memcpy(first, now, sizeof(first));
	}
	if (changed)
		say(t, "frequency governor of %u processors (was %s)", changed, first);
}

/* A hexadecimal mask as /proc writes it, without the processors of the list; false: none is left. */
static bool mask_without(const char *mask, const struct cpus *c, char *out, size_t size)
{
	size_t length = strlen(mask);
	unsigned int digit = 0;
	bool left = false;

	if (length + 1 > size)
		return false;
	out[length] = '\0';
	for (size_t i = length; i-- > 0;) {
		unsigned int value;

		out[i] = mask[i];
		if (!isxdigit((unsigned char)mask[i]))
			continue;
		value = isdigit((unsigned char)mask[i]) ? mask[i] - '0' : (mask[i] | 32) - 'a' + 10;
		for (unsigned int bit = 0; bit < 4; bit++)
			if (cpus_have(c, digit * 4 + bit))
				value &= ~(1u << bit);
		left = left || value;
		out[i] = "0123456789abcdef"[value];
		digit++;
	}
	return left;
}

static bool away(struct tuning *t, const char *path)
{
	char mask[4096], rest[4096];

	return system_line(mask, sizeof(mask), "%s", path) &&
	       mask_without(mask, t->cpus, rest, sizeof(rest)) && strcmp(mask, rest) &&
	       set(t, path, rest);
}

static void interrupts(struct tuning *t)
{
	int irq[INTERRUPTS_MAX];
	unsigned int n = interrupts_all(irq, INTERRUPTS_MAX), moved = 0;
	char path[64];

	away(t, "/proc/irq/default_smp_affinity");
	for (unsigned int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity", irq[i]);
		moved += away(t, path);
	}
	if (moved)
		say(t, "affinity of %u interrupts", moved);
}

/* The other threads of the cores used; not where one of those would go, too. */
static void siblings(struct tuning *t)
{
	char now[32];

	if (!system_line(now, sizeof(now), "/sys/devices/system/cpu/smt/control") ||
	    strcmp(now, "on"))
		return;
	for (unsigned int i = 0; i < t->cpus->count; i++)
		if (!cpu_first_thread(t->cpus->cpu[i]))
			return;
	if (set(t, "/sys/devices/system/cpu/smt/control", "off"))
		say(t, "SMT");
}

static void walk(struct tuning *t)
{
	char path[128];

	governors(t);
	/* Before SMT: what goes offline takes its interrupts' affinity with it. */
	interrupts(t);
	siblings(t);
	for (int i = 0; i < TUNE_SYSCTLS; i++) {
		tune_sysctl_path(&tune_sysctls[i], path, sizeof(path));
		if (set(t, path, tune_sysctls[i].value))
			say(t, "%s", tune_sysctls[i].what);
	}
}

int tune(const char *journal, const struct cpus *c)
{
	struct tuning t = { .journal = journal, .cpus = c };

	walk(&t);
	if (t.broken)
		return RC_FAIL;
	if (*t.said)
		fprintf(stderr, "vhostlab: sweep --tune: changed until the end: %s\n", t.said);
	else
		fprintf(stderr, "vhostlab: sweep --tune: nothing to change on this machine\n");
	if (t.refused)
		fprintf(stderr,
			"vhostlab: sweep --tune: the kernel refused %u changes, mostly of "
			"interrupts that it places itself\n",
			t.refused);
	return RC_OK;
}

void tune_advise(const struct cpus *c)
{
	struct tuning t = { .cpus = c };

	walk(&t);
	if (*t.said)
		fprintf(stderr,
			"vhostlab: sweep --host: may disturb the measurement: %s; env.json has "
			"them, --tune changes them until the end\n",
			t.said);
}
