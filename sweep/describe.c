// SPDX-License-Identifier: GPL-2.0-only
/* The state of a measuring machine that is no lab VM, as env.json has it. */
#include "describe.h"

#include <cpuid.h>
#include <string.h>

#include "interrupts.h"
#include "tune.h"

#define CPU "/sys/devices/system/cpu"

/* Either the value, or why there is none. */
static void put(json_t *host, const char *name, json_t *value, const char *reason)
{
	if (value)
		json_object_set_new(host, name, value);
	else
		json_object_set_new(json_object_get(host, "absent"), name, json_string(reason));
}

static json_t *text(const char *format, int number)
{
	char path[256], line[4096];

	snprintf(path, sizeof(path), format, number);
	return system_line(line, sizeof(line), "%s", path) ? json_string(line) : NULL;
}

/* One value where all processors of the list have the same, else an object by number. */
static json_t *of_each(const struct cpus *c, const char *format)
{
	json_t *all = json_object(), *first = NULL;
	bool same = true;
	char name[16];

	for (unsigned int i = 0; i < c->count; i++) {
		json_t *value = text(format, c->cpu[i]);

		if (!value)
			continue;
		snprintf(name, sizeof(name), "%d", c->cpu[i]);
		json_object_set_new(all, name, value);
		first = first ? first : value;
		same = same && json_equal(first, value);
	}
	if (first && !same)
		return all;
	json_incref(first);
	json_decref(all);
	return first;
}

static json_t *numbers(const struct cpus *c)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < c->count; i++)
		json_array_append_new(list, json_integer(c->cpu[i]));
	return list;
}

static json_t *turbo(void)
{
	char line[32];

	if (system_line(line, sizeof(line), CPU "/intel_pstate/no_turbo"))
		return json_boolean(!strcmp(line, "0"));
	if (system_line(line, sizeof(line), CPU "/cpufreq/boost"))
		return json_boolean(!strcmp(line, "1"));
	return NULL;
}

static json_t *smt(const struct cpus *c)
{
	json_t *control = text(CPU "/smt/control", 0), *siblings;

	if (!control)
		return NULL;
	siblings = of_each(c, CPU "/cpu%d/topology/thread_siblings_list");
	return json_pack("{s:o,s:o*,s:o*}", "control", control, "active",
			 text(CPU "/smt/active", 0), "siblings", siblings);
}

static json_t *numa(const struct cpus *c)
{
	json_t *nodes = text("/sys/devices/system/node/online", 0);

	if (!nodes)
		return NULL;
	return json_pack("{s:o,s:i,s:o*,s:o*}", "nodes", nodes, "node", cpu_node(c->cpu[0]), "cpus",
			 text("/sys/devices/system/node/node%d/cpulist", cpu_node(c->cpu[0])),
			 "balancing", text("/proc/sys/kernel/numa_balancing", 0));
}

/* The value of a line of /proc/cpuinfo, of the first processor. */
static bool cpuinfo(const char *name, char *value, size_t size)
{
	char path[256], line[8192];
	FILE *file = fopen(system_path(path, sizeof(path), "/proc/cpuinfo"), "r");
	size_t length = strlen(name);
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, name, length) || !strchr(" \t:", line[length]))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, size, "%s", colon + 1 + (colon[1] == ' '));
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

static json_t *microcode(void)
{
	json_t *version = text(CPU "/cpu%d/microcode/version", 0);
	char value[64];

	if (!version && cpuinfo("microcode", value, sizeof(value)))
		version = json_string(value);
	return version;
}

/* Name and latency of each idle state of a processor, and whether it is switched off. */
static json_t *c_states(const struct cpus *c)
{
	int cpu = cpus_of(c, CPU_SERVER);
	char line[64], format[128];
	json_t *states = json_array();

	for (int i = 0; i < 32; i++) {
		json_t *name;

		snprintf(format, sizeof(format), CPU "/cpu%d/cpuidle/state%%d/name", cpu);
		name = text(format, i);
		if (!name)
			break;
		snprintf(format, sizeof(format), CPU "/cpu%d/cpuidle/state%%d/latency", cpu);
		json_array_append_new(states,
				      json_pack("{s:o,s:o*,s:b}", "name", name, "latency_us",
						text(format, i), "disabled",
						system_line(line, sizeof(line),
							    CPU "/cpu%d/cpuidle/state%d/disable",
							    cpu, i) &&
							strcmp(line, "0")));
	}
	if (!json_array_size(states)) {
		json_decref(states);
		return NULL;
	}
	return json_pack("{s:o*,s:o*,s:o}", "driver", text(CPU "/cpuidle/current_driver", 0),
			 "governor", text(CPU "/cpuidle/current_governor_ro", 0), "states", states);
}

/* Those that may go to the processors of the list: number and name of what asks for it. */
static json_t *irq_affinity(const struct cpus *c)
{
	int irq[INTERRUPTS_MAX];
	unsigned int n = interrupts_all(irq, INTERRUPTS_MAX);
	json_t *there = json_array();

	for (unsigned int i = 0; i < n; i++)
		if (interrupt_reaches(irq[i], c))
			json_array_append_new(there, json_integer(irq[i]));
	if (!n) {
		json_decref(there);
		return NULL;
	}
	return json_pack("{s:i,s:o,s:o*}", "interrupts", n, "on_cpus", there, "default",
			 text("/proc/irq/default_smp_affinity", 0));
}

/* Pages of 2 MiB, which real guests have their memory in where enough are free. */
static json_t *hugepages(void)
{
	json_t *total = text("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", 0);

	if (!total)
		return NULL;
	return json_pack("{s:o,s:o*}", "total", total, "free",
			 text("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", 0));
}

static json_t *sysctls(void)
{
	json_t *all = json_object();
	char path[128];

	for (int i = 0; i < TUNE_SYSCTLS; i++) {
		tune_sysctl_path(&tune_sysctls[i], path, sizeof(path));
		json_object_set_new(all, tune_sysctls[i].name, text(path, 0));
	}
	return all;
}

/* The name by which a hypervisor is known to the processor's guests. */
static json_t *hypervisor(void)
{
	unsigned int a, name[4] = { 0 };
	char flags[8192] = " ", padded[8210];

	if (!cpuinfo("flags", flags, sizeof(flags)))
		return NULL;
	snprintf(padded, sizeof(padded), " %s ", flags);
	if (!strstr(padded, " hypervisor "))
		return NULL;
	__cpuid(0x40000000, a, name[0], name[1], name[2]);
	(void)a;
	return json_string(name[0] ? (char *)name : "unnamed");
}

json_t *describe(const struct cpus *c)
{
	json_t *host = json_pack("{s:o,s:{}}", "cpus", numbers(c), "absent");

	put(host, "governor", of_each(c, CPU "/cpu%d/cpufreq/scaling_governor"),
	    "the kernel sets no frequencies here: " CPU "/cpu*/cpufreq is not there");
	put(host, "frequency_driver", of_each(c, CPU "/cpu%d/cpufreq/scaling_driver"),
	    "the kernel sets no frequencies here: " CPU "/cpu*/cpufreq is not there");
	put(host, "turbo", turbo(),
	    "neither " CPU "/intel_pstate/no_turbo nor " CPU "/cpufreq/boost is there");
	put(host, "smt", smt(c), CPU "/smt/control is not there");
	put(host, "numa", numa(c), "a kernel without NUMA: /sys/devices/system/node is not there");
	put(host, "hugepages", hugepages(), "the kernel has no hugepages of 2 MiB");
	put(host, "microcode", microcode(), "the kernel names no version of it");
	put(host, "c_states", c_states(c),
	    "the kernel has no idle states to choose from: " CPU "/cpu*/cpuidle has none");
	put(host, "clocksource",
	    text("/sys/devices/system/clocksource/clocksource0/current_clocksource", 0),
	    "/sys/devices/system/clocksource is not there");
	put(host, "irq_affinity", irq_affinity(c), "/proc/irq has no interrupts");
	put(host, "sysctls", sysctls(), "");
	put(host, "hypervisor", hypervisor(), "the processor reports none");
	return host;
}
