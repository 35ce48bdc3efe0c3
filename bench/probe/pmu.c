// SPDX-License-Identifier: GPL-2.0-only
/* Hardware counters of the processors that a measurement uses. */
#define _GNU_SOURCE
#include "pmu.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/clock.h"

#define CACHE(which, op, result) \
	(PERF_COUNT_HW_CACHE_##which | PERF_COUNT_HW_CACHE_OP_##op << 8 | \
	 PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const char *const group_names[PMU_GROUPS] = { "all", "caches", "user", "kernel", "guest" };

static int open_kernel(struct perf_event_attr *attr, int cpu, int leader)
{
	return syscall(SYS_perf_event_open, attr, -1, cpu, leader, PERF_FLAG_FD_CLOEXEC);
}

static int enable_kernel(int leader, bool on)
{
	if (on && ioctl(leader, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP))
		return -1;
	return ioctl(leader, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE,
		     PERF_IOC_FLAG_GROUP);
}

const struct pmu_source pmu_hardware = {
	.all = { { "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
		 { "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
		 { "llc_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
		 { "branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES } },
	.caches = { { "l1d_misses", PERF_TYPE_HW_CACHE, CACHE(L1D, READ, MISS) },
		    { "dtlb_misses", PERF_TYPE_HW_CACHE, CACHE(DTLB, READ, MISS) } },
	.hardware = true,
	.open = open_kernel,
	.read = read,
	.enable = enable_kernel,
};

const struct pmu_source pmu_software = {
	.all = { { "cpu_clock_ns", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
		 { "context_switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
		 { "page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
		 { "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS } },
	.caches = { { "minor_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
		    { "major_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ } },
	.open = open_kernel,
	.read = read,
	.enable = enable_kernel,
};

static void leave_out(struct pmu *pmu, int group, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first reason is kept. */
static void leave_out(struct pmu *pmu, int group, const char *format, ...)
{
	va_list list;

	if (*pmu->left_out[group])
		return;
	va_start(list, format);
	vsnprintf(pmu->left_out[group], sizeof(pmu->left_out[group]), format, list);
	va_end(list);
}

static unsigned int events_of(const struct pmu_source *s, int group, const struct pmu_event **event)
{
	*event = group == PMU_CACHES ? s->caches : s->all;
	return group == PMU_CACHES ? ARRAY_SIZE(s->caches) : ARRAY_SIZE(s->all);
}

static int open_one(struct pmu *pmu, const struct pmu_event *event, int group, int cpu, int leader)
{
	struct perf_event_attr attr = {
		.type = event->type,
		.size = sizeof(attr),
		.config = event->config,
		.disabled = leader < 0,
		.pinned = leader < 0,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_user = group == PMU_KERNEL,
		.exclude_kernel = group == PMU_USER,
		.exclude_hv = group == PMU_USER || group == PMU_KERNEL,
		/* What a virtual machine does is its own side. */
		.exclude_guest = group == PMU_USER || group == PMU_KERNEL,
		.exclude_host = group == PMU_GUEST,
	};
	int fd = pmu->source->open(&attr, cpu, leader);

	if (fd >= 0)
		pmu->fd[pmu->fds++] = fd;
	return fd;
}

/* False: not even its first event can be counted. */
static bool open_group(struct pmu *pmu, unsigned int place, int group)
{
	const struct pmu_event *event;
	unsigned int n = events_of(pmu->source, group, &event);
	int leader = -1;

	for (unsigned int i = 0; i < n; i++) {
		int fd = open_one(pmu, &event[i], group, pmu->cpus.cpu[place], leader);

		if (fd < 0) {
			leave_out(pmu, group, "%s: %s", event[i].name, strerror(errno));
			if (leader < 0)
				return false;
			continue;
		}
		if (leader < 0)
			leader = fd;
		pmu->members[place][group] |= 1u << i;
	}
	pmu->leader[place][group] = leader;
	return true;
}

/* The window calls with no argument of ours. */
static struct pmu *counting;

static void watch(bool begins)
{
	struct pmu *pmu = counting;

	if (pmu->done)
		return;
	pmu->done = !begins;
	for (unsigned int c = 0; c < pmu->cpus.count; c++)
		for (int g = 0; g < PMU_GROUPS; g++)
			if (pmu->leader[c][g] >= 0 &&
			    pmu->source->enable(pmu->leader[c][g], begins))
				leave_out(pmu, g, "it cannot be switched: %s", strerror(errno));
}

static void close_all(struct pmu *pmu)
{
	for (unsigned int i = 0; i < pmu->fds; i++)
		close(pmu->fd[i]);
	pmu->fds = 0;
}

void pmu_open(struct pmu *pmu, const struct cpus *c, const struct pmu_source *source)
{
	const char *asked = getenv("VHOSTLAB_PMU");

	memset(pmu, 0, sizeof(*pmu));
	pmu->source = source ? source : &pmu_hardware;
	if (!source && asked && !strcmp(asked, "software"))
		pmu->source = &pmu_software;
	pmu->cpus = *c;
	memset(pmu->leader, -1, sizeof(pmu->leader));
	for (int g = 0; g < PMU_GROUPS; g++)
		for (unsigned int i = 0; i < c->count; i++) {
			if (open_group(pmu, i, g) || g != PMU_ALL)
				continue;
			snprintf(pmu->absent, sizeof(pmu->absent), "processor %d counts no %s: %s",
				 c->cpu[i], pmu->source->all[0].name,
				 errno == ENOENT || errno == EOPNOTSUPP
					 ? "there is no PMU, as in a virtual machine without a vPMU"
					 : strerror(errno));
			close_all(pmu);
			return;
		}
	counting = pmu;
	window_watcher = watch;
}

/* A group as the kernel gives it. */
struct group_read {
	uint64_t n, enabled, running, value[PMU_GROUP_MAX];
};

static void read_group(struct pmu *pmu, unsigned int place, int group)
{
	struct pmu_counts *count = &pmu->count[place][group];
	unsigned int left = pmu->members[place][group], at = 0;
	struct group_read r = { 0 };
	ssize_t got;

	if (pmu->leader[place][group] < 0)
		return;
	got = pmu->source->read(pmu->leader[place][group], &r, sizeof(r));
	/* A pinned group that found no room reads as an end of file. */
	if (got < (ssize_t)offsetof(struct group_read, value)) {
		leave_out(pmu, group,
			  "it found no room: other users of the PMU, the NMI watchdog perhaps, "
			  "have its counters");
		return;
	}
	if (!r.enabled || r.running < r.enabled) {
		leave_out(pmu, group, "multiplexed: it counted %.1f %% of the window",
			  r.enabled ? 100.0 * r.running / r.enabled : 0);
		return;
	}
	for (unsigned int i = 0; i < PMU_GROUP_MAX; i++)
		if (left & 1u << i && at < r.n) {
			count->value[i] = r.value[at++];
			count->present |= 1u << i;
		}
}

void pmu_close(struct pmu *pmu)
{
	if (counting == pmu) {
		counting = NULL;
		window_watcher = NULL;
	}
	for (unsigned int i = 0; i < pmu->cpus.count && pmu->fds; i++)
		for (int g = 0; g < PMU_GROUPS; g++)
			read_group(pmu, i, g);
	close_all(pmu);
}

struct text {
	char *at;
	size_t left;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(t->at, t->left, format, list);
	va_end(list);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = t->left ? t->left - 1 : 0;
	t->at += n;
	t->left -= n;
}

/* Members of an object: the events of a group that all processors of @which have. */
static void put_group(struct text *t, const struct pmu *pmu, int group, const struct cpus *which,
		      double packets)
{
	const struct pmu_event *event;
	unsigned int n = events_of(pmu->source, group, &event), present = ~0u;
	double sum[PMU_GROUP_MAX] = { 0 };

	for (unsigned int c = 0; c < pmu->cpus.count; c++) {
		if (!cpus_have(which, pmu->cpus.cpu[c]))
			continue;
		present &= pmu->count[c][group].present;
		for (unsigned int i = 0; i < n; i++)
			sum[i] += pmu->count[c][group].value[i];
	}
	for (unsigned int i = 0; i < n; i++)
		if (present & 1u << i)
			put(t, "\"%s_per_packet\":%.6g,", event[i].name, sum[i] / packets);
	if (group != PMU_CACHES && pmu->source->hardware && (present & 3) == 3 && sum[0] > 0)
		put(t, "\"ipc\":%.4f,", sum[1] / sum[0]);
}

/* Of each the comma behind the last member goes. */
static void end_object(struct text *t)
{
	if (t->at[-1] == ',') {
		t->at--;
		t->left++;
	}
	put(t, "}");
}

bool pmu_text(const struct pmu *pmu, double packets, char *text, size_t size)
{
	struct text t = { text, size };
	bool any = false;

	if (*pmu->absent || !pmu->cpus.count || packets <= 0)
		return false;
	put(&t, "{");
	put_group(&t, pmu, PMU_ALL, &pmu->cpus, packets);
	put_group(&t, pmu, PMU_CACHES, &pmu->cpus, packets);
	for (int g = PMU_USER; g < PMU_GROUPS; g++) {
		put(&t, "\"%s\":{", group_names[g]);
		put_group(&t, pmu, g, &pmu->cpus, packets);
		end_object(&t);
		put(&t, ",");
	}
	put(&t, "\"processors\":{");
	for (unsigned int c = 0; c < pmu->cpus.count; c++) {
		const struct cpus one = { 1, { pmu->cpus.cpu[c] } };

		put(&t, "\"%d\":{", one.cpu[0]);
		put_group(&t, pmu, PMU_ALL, &one, packets);
		end_object(&t);
		put(&t, ",");
	}
	end_object(&t);
	for (int g = 0; g < PMU_GROUPS; g++) {
		if (!*pmu->left_out[g])
			continue;
		put(&t, "%s\"%s\":\"%s\"", any ? "," : ",\"left_out\":{", group_names[g],
		    pmu->left_out[g]);
		any = true;
	}
	put(&t, any ? "}}" : "}");
	return t.left > 1;
}
