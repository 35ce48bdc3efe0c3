// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells of the instruction clock, predicted in ns from the constants of a machine. Of a cell and a
 * server:
 *
 *   one   guest and server on one processor: instructions and empty system calls
 *   two   on two processors: the same, the lines that travel, and what waking the other processor
 *         takes beyond waking on the same one, once for each kick and each call
 *
 * each at two paces of an instruction, because that of kernel code cannot be measured without
 * counters of the processor: as fast as the ring code (fast), and one per cycle (slow). The lines are
 * those that the rig counted in the cell of the same workload, size and burst; server userspace has
 * none there, and takes those of the in-tree algorithm, which reads one entry at a time as it does.
 * What cannot be separated: an empty system call's own instructions are in both terms.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

static const char *const servers[] = { "userspace", "intree", "vhostlab" };

static const char *text(const json_t *p, const char *name)
{
	const char *value = json_string_value(json_object_get(p, name));

	return value ? value : "";
}

static bool is_plain(const json_t *p)
{
	return !strcmp(text(p, "guest"), "process") && strcmp(text(p, "sink"), "check") &&
	       model_number(p, "queues") == 1 && model_number(p, "guests") == 1 &&
	       !json_object_size(json_object_get(p, "knobs"));
}

static bool same_place(const json_t *a, const json_t *b, bool sink)
{
	return !strcmp(text(a, "workload"), text(b, "workload")) &&
	       model_number(a, "size") == model_number(b, "size") &&
	       model_number(a, "burst") == model_number(b, "burst") &&
	       (!sink || !strcmp(text(a, "sink"), text(b, "sink")));
}

/* The lines of a packet in the rig's cell, in ns; NAN: the rig has none. */
static double lines_of(const json_t *counts, const json_t *cell, const char *server,
		       const json_t *k)
{
	const char *own = strcmp(server, "vhostlab") ? "intree" : "vhostlab";
	json_t *p;
	size_t i;

	json_array_foreach(counts, i, p) {
		const json_t *detail = json_object_get(p, "detail");

		if (is_plain(p) && !strcmp(text(p, "server"), own) && same_place(p, cell, false))
			return model_lines_ns(json_object_get(detail, "driver"), k, false) +
			       model_lines_ns(json_object_get(detail, "server"), k, false);
	}
	return NAN;
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* One server in a cell. */
static json_t *predicted(const json_t *costs, const json_t *cell, const json_t *counts,
			 const json_t *k)
{
	const char *point = text(cell, "point");
	double instructions = model_metric(costs, point, "cost_per_packet");
	double syscalls = model_metric(costs, point, "syscalls_per_packet");
	double kicks = model_metric(costs, point, "kicks_per_packet");
	double calls = model_metric(costs, point, "calls_per_packet");
	double pace[2] = { model_number(k, "instruction"), 1 / model_number(k, "ghz") };
	double enter = syscalls * model_number(k, "syscall");
	double lines = lines_of(counts, cell, text(cell, "server"), k);
	double wake =
		(kicks + calls) * (model_number(k, "wakeup") - model_number(k, "wakeup_here"));
	json_t *all = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "instructions",
				number(instructions), "syscalls", number(syscalls), "kicks",
				number(kicks), "calls", number(calls), "syscalls_ns", number(enter),
				"lines_ns", number(lines), "wakeups_ns", number(wake));

	for (int slow = 0; slow < 2; slow++) {
		double one = instructions * pace[slow] + enter;

		json_object_set_new(all, slow ? "one_slow" : "one_fast", number(one));
		json_object_set_new(all, slow ? "two_slow" : "two_fast",
				    number(one + lines + wake));
		json_object_set_new(all, slow ? "lines_slow" : "lines_fast", number(one + lines));
	}
	return all;
}

/*
 * What part of the gain over the other server survives: the share that is saved of the time, by the
 * share that is saved of the instructions.
 */
static void add_survival(json_t *cell, const char *other)
{
	static const char *const kinds[] = { "one_fast",   "one_slow", "lines_fast",
					     "lines_slow", "two_fast", "two_slow" };
	const json_t *ours = json_object_get(json_object_get(cell, "servers"), "vhostlab");
	const json_t *theirs = json_object_get(json_object_get(cell, "servers"), other);
	double saved =
		1 - model_number(ours, "instructions") / model_number(theirs, "instructions");
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double time = 1 - model_number(ours, kinds[i]) / model_number(theirs, kinds[i]);

		json_object_set_new(all, kinds[i], number(time));
	}
	json_object_set_new(all, "instructions", number(saved));
	json_object_set_new(all, "part_fast", number(model_number(all, "lines_fast") / saved));
	json_object_set_new(all, "part_slow", number(model_number(all, "lines_slow") / saved));
	json_object_set_new(json_object_get(cell, "saved"), other, all);
}

json_t *model_headline(const char *path, const json_t *counts, const json_t *k)
{
	json_t *points = model_lines(path), *costs = model_costs(points), *all = json_array();
	json_t *one, *cell;
	const char *key;
	size_t i;

	json_object_foreach(costs, key, one) {
		const json_t *p = json_object_get(one, "first");
		json_t *found = NULL;
		bool known = false;

		for (size_t s = 0; s < sizeof(servers) / sizeof(servers[0]); s++)
			known |= !strcmp(text(p, "server"), servers[s]);
		if (!known || !is_plain(p))
			continue;
		json_array_foreach(all, i, cell)
			if (same_place(cell, p, true))
				found = cell;
		if (!found) {
			found = json_pack("{s:O,s:O,s:O,s:O,s:{},s:{}}", "workload",
					  json_object_get(p, "workload"), "sink",
					  json_object_get(p, "sink"), "size",
					  json_object_get(p, "size"), "burst",
					  json_object_get(p, "burst"), "servers", "saved");
			json_array_append_new(all, found);
		}
		json_object_set_new(json_object_get(found, "servers"), text(p, "server"),
				    predicted(costs, p, counts, k));
	}
	json_array_foreach(all, i, cell)
		for (size_t s = 0; s + 1 < sizeof(servers) / sizeof(servers[0]); s++)
			if (json_object_get(json_object_get(cell, "servers"), servers[s]) &&
			    json_object_get(json_object_get(cell, "servers"), "vhostlab"))
				add_survival(cell, servers[s]);
	json_decref(costs);
	json_decref(points);
	return all;
}
