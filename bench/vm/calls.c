// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls by task and name, exits of the guest by reason, kicks and calls:
 * the kernel's own tracepoints, counted through perf_event_open(2). The counters
 * exist in a pass of their own, because a call that is counted takes longer.
 */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/common.h"

#define EVENTS "/sys/kernel/tracing/events/"

enum target {
	EVERY_TASK, /* a system call of any task */
	VCPUS, /* an exit */
	MACHINE, /* wherever it happens */
};

enum tally { CALL_ALL, CALL_IOCTLS, CALL, EXIT_ALL, EXIT, KICK, MSI };

struct kind {
	const char *event; /* folder below EVENTS */
	const char *field; /* counted where this field ... */
	unsigned long value; /* ... has this value, when a field is named */
	const char *name; /* in the result */
	enum target target;
	enum tally tally;
};

#define SYSTEM_CALL(call) \
	{ \
		"syscalls/sys_enter_" #call, NULL, 0, #call, EVERY_TASK, CALL \
	}
#define IOCTL(request) \
	{ \
		"syscalls/sys_enter_ioctl", "cmd", request, #request, EVERY_TASK, CALL \
	}

static const struct kind system_calls[] = {
	{ "raw_syscalls/sys_enter", NULL, 0, "other", EVERY_TASK, CALL_ALL },
	{ "syscalls/sys_enter_ioctl", NULL, 0, "ioctl", EVERY_TASK, CALL_IOCTLS },
	IOCTL(KVM_RUN),
	IOCTL(KVM_SIGNAL_MSI),
	IOCTL(KVM_IRQ_LINE_STATUS),
	SYSTEM_CALL(read),
	SYSTEM_CALL(readv),
	SYSTEM_CALL(write),
	SYSTEM_CALL(writev),
	SYSTEM_CALL(poll),
	SYSTEM_CALL(ppoll),
	SYSTEM_CALL(epoll_wait),
	SYSTEM_CALL(recvmsg),
	SYSTEM_CALL(sendmsg),
	SYSTEM_CALL(recvfrom),
	SYSTEM_CALL(sendto),
	SYSTEM_CALL(futex),
	SYSTEM_CALL(io_uring_enter),
	SYSTEM_CALL(clock_nanosleep),
	SYSTEM_CALL(rt_sigreturn),
};

#define EXIT_REASON(value, name) \
	{ \
		"kvm/kvm_exit", "exit_reason", value, name, VCPUS, EXIT \
	}

/* A kick writes 16 bits to a register of the device; nothing else in a guest at work writes so few. */
static const struct kind guest_events[] = {
	{ "kvm/kvm_exit", NULL, 0, "other", VCPUS, EXIT_ALL },
	{ "kvm/kvm_mmio", "type == 2 && len", 2, NULL, VCPUS, KICK },
	{ "kvm/kvm_fast_mmio", NULL, 0, NULL, VCPUS, KICK },
	{ "kvm/kvm_msi_set_irq", NULL, 0, NULL, MACHINE, MSI },
};

/* What a guest at work leaves its processor for, in the words of each maker. */
static const struct kind amd_exits[] = {
	EXIT_REASON(0x60, "interrupt"), EXIT_REASON(0x64, "interrupt_window"),
	EXIT_REASON(0x72, "cpuid"),	EXIT_REASON(0x77, "pause"),
	EXIT_REASON(0x78, "hlt"),	EXIT_REASON(0x7b, "io"),
	EXIT_REASON(0x7c, "msr"),	EXIT_REASON(0x400, "nested_page_fault"),
};
static const struct kind intel_exits[] = {
	EXIT_REASON(1, "interrupt"),
	EXIT_REASON(7, "interrupt_window"),
	EXIT_REASON(10, "cpuid"),
	EXIT_REASON(40, "pause"),
	EXIT_REASON(12, "hlt"),
	EXIT_REASON(30, "io"),
	EXIT_REASON(31, "msr_read"),
	EXIT_REASON(32, "msr_write"),
	EXIT_REASON(48, "ept_violation"),
	EXIT_REASON(49, "ept_misconfig"),
	EXIT_REASON(52, "preemption_timer"),
};

struct event {
	const struct kind *kind;
	enum role role; /* of the task it counts in */
	int fd;
};

/* False where this kernel has no such event. */
static bool event_id(const struct kind *kind, unsigned long long *id)
{
	char path[128];
	FILE *file;
	bool found;

	snprintf(path, sizeof(path), EVENTS "%s/id", kind->event);
	file = fopen(path, "r");
	found = file && fscanf(file, "%llu", id) == 1;
	if (file)
		fclose(file);
	return found;
}

static int open_one(struct calls *calls, const struct kind *kind, unsigned long long id, pid_t tid,
		    int cpu, enum role role)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	struct event *event = realloc(calls->event, (calls->count + 1) * sizeof(*event));
	char filter[80];

	if (!event)
		return fail(RC_FAIL, "window: out of memory: close other programs");
	calls->event = event;
	event += calls->count;
	event->kind = kind;
	event->role = role;
	event->fd = syscall(SYS_perf_event_open, &attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (event->fd < 0)
		return fail(RC_CANNOT, "perf_event_open: %s: %s", kind->event, strerror(errno));
	calls->count++;
	if (!kind->field)
		return RC_OK;
	snprintf(filter, sizeof(filter), "%s == %lu", kind->field, kind->value);
	if (ioctl(event->fd, PERF_EVENT_IOC_SET_FILTER, filter))
		return fail(RC_CANNOT, "perf filter: %s: %s", filter, strerror(errno));
	return RC_OK;
}

static int open_kind(struct calls *calls, const struct kind *kind, const struct roles *roles)
{
	unsigned long long id = 0;
	int rc = RC_OK;

	/* Some other kernel's or processor's event: it cannot happen here. */
	if (!event_id(kind, &id))
		return kind->tally == CALL_ALL
			       ? fail(RC_CANNOT, "no tracepoint: %s: mount tracefs as root",
				      kind->event)
			       : RC_OK;
	if (kind->target == MACHINE) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);

		for (long cpu = 0; !rc && cpu < cpus; cpu++)
			rc = open_one(calls, kind, id, -1, cpu, ROLES);
		return rc;
	}
	for (unsigned int i = 0; !rc && i < roles->count; i++) {
		const struct task *task = &roles->task[i];

		if (kind->target == EVERY_TASK || task->role == ROLE_VCPU)
			rc = open_one(calls, kind, id, task->tid, -1, task->role);
	}
	return rc;
}

static int open_kinds(struct calls *calls, const struct kind *kind, size_t count,
		      const struct roles *roles)
{
	int rc = RC_OK;

	for (size_t i = 0; !rc && i < count; i++)
		rc = open_kind(calls, &kind[i], roles);
	return rc;
}

int calls_open(struct calls *calls, const struct roles *roles)
{
	struct rlimit limit;
	bool guests = false;
	int rc;

	memset(calls, 0, sizeof(*calls));
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	rc = open_kinds(calls, system_calls, ARRAY_SIZE(system_calls), roles);
	for (unsigned int i = 0; i < roles->count; i++)
		guests = guests || roles->task[i].role == ROLE_VCPU;
	if (rc || !guests)
		return rc;
	rc = open_kinds(calls, guest_events, ARRAY_SIZE(guest_events), roles);
	if (!rc && !access("/sys/module/kvm_amd", F_OK))
		rc = open_kinds(calls, amd_exits, ARRAY_SIZE(amd_exits), roles);
	else if (!rc)
		rc = open_kinds(calls, intel_exits, ARRAY_SIZE(intel_exits), roles);
	return rc;
}

/* One system call starts or stops all, so that they count over the same time. */
int calls_enable(bool on)
{
	if (prctl(on ? PR_TASK_PERF_EVENTS_ENABLE : PR_TASK_PERF_EVENTS_DISABLE))
		return fail(RC_FAIL, "perf: counters cannot be %s: %s", on ? "started" : "stopped",
			    strerror(errno));
	return RC_OK;
}

static void add(json_t *object, const char *name, json_int_t n)
{
	json_int_t sum = json_integer_value(json_object_get(object, name)) + n;

	json_object_set_new(object, name, json_integer(sum));
}

/*
 * A name that counted nothing stays away. A rest below zero is an event that came
 * while the counters were started one after the other.
 */
static void drop_empty(json_t *object)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value) if (json_integer_value(value) <= 0)
		json_object_del(object, name);
}

int calls_read(struct calls *calls, json_t **by_role, json_t **exits, json_t **kicks, json_t **msis)
{
	json_int_t kicked = 0, signalled = 0;
	bool kvm = false;
	int rc = RC_OK;

	*by_role = json_object();
	*exits = json_object();
	for (int role = 0; role < ROLES; role++)
		json_object_set_new(*by_role, role_names[role], json_object());
	for (unsigned int i = 0; i < calls->count; i++) {
		const struct event *event = &calls->event[i];
		const char *name = event->kind->name;
		json_t *of_role = event->role == ROLES
					  ? NULL
					  : json_object_get(*by_role, role_names[event->role]);
		uint64_t value = 0;

		if (read(event->fd, &value, sizeof(value)) != sizeof(value))
			rc = fail(RC_FAIL, "perf: %s: %s", event->kind->event, strerror(errno));
		close(event->fd);
		/* What has a name of its own is taken out of the rest. */
		switch (event->kind->tally) {
		case CALL_ALL:
			add(of_role, name, value);
			break;
		case CALL:
			add(of_role, name, value);
			add(of_role, event->kind->field ? "ioctl" : "other", -(json_int_t)value);
			break;
		case CALL_IOCTLS:
			add(of_role, name, value);
			add(of_role, "other", -(json_int_t)value);
			break;
		case EXIT_ALL:
			kvm = true;
			add(*exits, name, value);
			break;
		case EXIT:
			add(*exits, name, value);
			add(*exits, "other", -(json_int_t)value);
			break;
		case KICK:
			kicked += value;
			break;
		case MSI:
			signalled += value;
			break;
		}
	}
	for (int role = 0; role < ROLES; role++)
		drop_empty(json_object_get(*by_role, role_names[role]));
	drop_empty(*exits);
	*kicks = kvm ? json_integer(kicked) : json_null();
	*msis = kvm ? json_integer(signalled) : json_null();
	free(calls->event);
	return rc;
}
