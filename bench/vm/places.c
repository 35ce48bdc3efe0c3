// SPDX-License-Identifier: GPL-2.0-only
/* Where the tasks of real guests run, on a machine whose processors are named. */
#define _GNU_SOURCE
#include "places.h"

#include <string.h>
#include <unistd.h>

#include "lib/own.h"
#include "lib/tasks.h"

static enum cpu_role place_of(enum role role)
{
	return role == ROLE_VCPU || role == ROLE_GUEST ? CPU_GUEST : CPU_SERVER;
}

/* More of them than one would only take turns on one processor. */
static bool many(const struct roles *roles)
{
	unsigned int vcpus = 0;

	for (unsigned int i = 0; i < roles->count; i++)
		vcpus += roles->task[i].role == ROLE_VCPU;
	return vcpus > 1;
}

struct search {
	const struct roles *roles;
	struct cpus far_end;
	char net[64]; /* this network namespace */
};

static int bind_tool(void *arg, pid_t pid, const char *name)
{
	const struct search *s = arg;
	char path[64], net[64] = "";

	(void)name;
	for (unsigned int i = 0; i < s->roles->count; i++)
		if (s->roles->task[i].tid == pid)
			return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (readlink(path, net, sizeof(net) - 1) < 0 || strcmp(net, s->net))
		return 0;
	own_add(pid);
	/* One that has just ended needs no place. */
	task_bind(pid, &s->far_end);
	return 0;
}

int places_bind(const struct roles *roles, const struct cpus *c)
{
	struct search s = { .roles = roles, .far_end = { 1, { cpus_of(c, CPU_FAR_END) } } };
	bool spread = many(roles);
	int rc = RC_OK;

	own_add_usual(c);
	for (unsigned int i = 0; !rc && i < roles->count; i++) {
		const struct task *task = &roles->task[i];
		const struct cpus one = { 1, { cpus_of(c, place_of(task->role)) } };

		rc = task_bind(task->tid, spread ? c : &one);
		own_add(task->tid);
	}
	if (rc)
		return rc;
	if (readlink("/proc/self/ns/net", s.net, sizeof(s.net) - 1) < 0)
		return fail(RC_FAIL, "window: /proc/self/ns/net: it cannot be read");
	tasks_each("/proc", bind_tool, &s);
	return RC_OK;
}

void places_json(json_t *result, const struct roles *roles, const struct cpus *c,
		 const struct window *w)
{
	json_t *cpus = json_object();
	double here, elsewhere;

	for (int role = 0; role < CPU_ROLES; role++) {
		json_t *list = json_array();
		bool all = role != CPU_FAR_END && many(roles);

		for (unsigned int i = 0; i < c->count; i++)
			if (all || c->cpu[i] == cpus_of(c, role))
				json_array_append_new(list, json_integer(c->cpu[i]));
		json_object_set_new(cpus, cpu_role_names[role], list);
	}
	json_object_set_new(result, "cpus", cpus);
	if (window_noise(w, &here, &elsewhere))
		json_object_set_new(result, "noise",
				    json_pack("{s:f,s:f}", "processors", here, "machine",
					      elsewhere));
}
