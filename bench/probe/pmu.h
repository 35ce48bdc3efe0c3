/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware counters of the processors that a measurement uses, over the whole
 * measured window: cycles, instructions, and what they waited for.
 *
 * They are opened per processor, not per task: counters of tasks put hooks into
 * every task switch, and would be part of the cost. Where guest, server and far
 * end have processors of their own, those of a processor are those of a role.
 * The groups are pinned, so a group counts all the time or not at all: what did
 * not count all the time is left out, with the reason, and never scaled.
 */
#ifndef VL_PMU_H
#define VL_PMU_H

#include <linux/perf_event.h>
#include <sys/types.h>

#include "lib/cpus.h"

/* Events of a group at most, and groups. */
#define PMU_GROUP_MAX 4
enum pmu_group { PMU_ALL, PMU_CACHES, PMU_USER, PMU_KERNEL, PMU_GUEST, PMU_GROUPS };

struct pmu_event {
	const char *name;
	__u32 type;
	__u64 config;
};

/* Where counters come from: the kernel, or a test. */
struct pmu_source {
	/* The events of group PMU_ALL and of the three that split it, then those of PMU_CACHES. */
	struct pmu_event all[PMU_GROUP_MAX], caches[2];
	bool hardware; /* the first two of @all are cycles and instructions */
	/* As perf_event_open() for one CPU: a descriptor, or -1 with errno. */
	int (*open)(struct perf_event_attr *attr, int cpu, int leader);
	/* As read() of a group's leader. */
	ssize_t (*read)(int fd, void *buffer, size_t size);
	/* Switches a group on, from 0, or off. */
	int (*enable)(int leader, bool on);
};

/* The processor's own events; events that the kernel counts, for machines without a PMU. */
extern const struct pmu_source pmu_hardware, pmu_software;

struct pmu_counts {
	unsigned int present; /* a bit for each event that has a value */
	uint64_t value[PMU_GROUP_MAX];
};

struct pmu {
	const struct pmu_source *source;
	struct cpus cpus;
	int leader[CPUS_MAX][PMU_GROUPS]; /* or -1 */
	unsigned int members[CPUS_MAX][PMU_GROUPS]; /* bits of the events that were opened */
	int fd[CPUS_MAX * PMU_GROUPS * PMU_GROUP_MAX];
	unsigned int fds;
	bool done; /* the window has ended; what comes after it is not counted */
	char absent[200]; /* why there is nothing at all, or empty */
	char left_out[PMU_GROUPS][160]; /* why a group, or a part of it, has no value */
	struct pmu_counts count[CPUS_MAX][PMU_GROUPS];
};

/*
 * Opens the counters of these processors and has them count in the next window
 * of clock.h. Where there are none, @pmu->absent says why: no failure. Tests
 * choose pmu_software by VHOSTLAB_PMU=software; @source NULL means as usual.
 */
void pmu_open(struct pmu *pmu, const struct cpus *c, const struct pmu_source *source);

/* Reads what was counted in the window, and closes the counters. */
void pmu_close(struct pmu *pmu);

/* Room for the text of the longest list of processors. */
#define PMU_TEXT_MAX 32768

/* The object `pmu` of a result, as JSON text: counts per packet. False: there is none. */
bool pmu_text(const struct pmu *pmu, double packets, char *text, size_t size);

#endif
