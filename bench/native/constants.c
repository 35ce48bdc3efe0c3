// SPDX-License-Identifier: GPL-2.0-only
/*
 * constants: one pass over the constants of this machine that the cost model needs, as one line of
 * JSON: of each its quantiles over windows, in ns. That of an instruction is not measured by itself
 * but in the rig's straight ring code: the time of a cell in turns, less what the other constants
 * make of it, by its number of instructions, which QEMU's user mode counts.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counted_run.h"
#include "lib/quantile.h"
#include "machine.h"
#include "place.h"
#include "ticks.h"

#define CONSTANTS_MAX 20
/* Runs of the rig for the time of an instruction. */
#define RUNS 5

/* The cell: straight code without frames, in turns; the model does not predict it. */
static char *cell[] = { "--server", "vhostlab",	 "--workload", "stream",      "--size",
			"64",	    "--burst",	 "64",	       "--sink",      "drop",
			"--clock",  "native",	 "--knob",     "cores=turns", "--knob",
			"copy=0",   "--packets", "100000",     NULL };

static const double quantiles[] = { 0.1, 0.25, 0.5, 0.75, 0.9 };
static const char *const quantile_names[] = { "p10", "p25", "p50", "p75", "p90" };

static json_t *constant(const struct machine_constant *c)
{
	json_t *one = json_pack("{s:s,s:i}", "what", c->what, "windows", (int)c->windows);

	for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++)
		json_object_set_new(one, quantile_names[i],
				    json_real(c->ns[quantile_rank(c->windows, quantiles[i])]));
	return one;
}

/* One run of the rig in that cell: quantiles of ns per buffer, or NULL after a line on stderr. */
static json_t *run_rig(void)
{
	char command[8192];
	size_t n = snprintf(command, sizeof(command), "'%s/native'", counted_folder());
	json_t *result, *ns = NULL;
	FILE *pipe;

	for (int i = 0; cell[i] && n < sizeof(command); i++)
		n += snprintf(command + n, sizeof(command) - n, " %s", cell[i]);
	pipe = popen(command, "re");
	result = pipe ? json_loadf(pipe, 0, NULL) : NULL;
	if (pipe && !pclose(pipe) && result)
		ns = json_incref(json_object_get(result, "ns_per_buffer"));
	json_decref(result);
	if (!ns)
		fail(RC_FAIL, "constants: %s: it gives no result: see the line above", command);
	return ns;
}

/* The value of a constant that is measured, or 0. */
static double value_of(const json_t *all, enum constant what)
{
	return json_number_value(
		json_object_get(json_object_get(all, constant_names[what]), "p50"));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void add_instruction(json_t *all, const struct counted *c)
{
	double value[ARRAY_SIZE(quantiles)][RUNS];
	double instructions = 0, other = 0, n = c->packets;
	json_t *one = json_pack("{s:s,s:i}", "what", "an instruction of straight ring code", "runs",
				RUNS);

	for (int i = 0; i < 2; i++) {
		const struct counted_side *s = &c->of[i];
		uint64_t special = s->locked + s->windows + s->pauses + s->copies + s->words;

		instructions += (s->instructions - special) / n;
		other += s->locked / n * value_of(all, CONST_LOCKED);
		other += s->windows / n * value_of(all, CONST_WINDOW);
		other += s->copies / n * value_of(all, CONST_COPY);
		other += s->words / n * value_of(all, CONST_WORDS);
	}
	for (int r = 0; r < RUNS; r++) {
		json_t *ns = run_rig();

		for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++)
			value[q][r] = json_number_value(json_object_get(ns, quantile_names[q]));
		json_decref(ns);
	}
	/* Of each quantile the median of the runs. */
	for (size_t q = 0; q < ARRAY_SIZE(quantiles); q++) {
		qsort(value[q], RUNS, sizeof(value[q][0]), by_size);
		json_object_set_new(
			one, quantile_names[q],
			json_real((value[q][quantile_rank(RUNS, 0.5)] - other) / instructions));
	}
	json_object_set_new(one, "instructions", json_real(instructions));
	json_object_set_new(one, "other_ns", json_real(other));
	json_object_set_new(all, constant_names[CONST_INSTRUCTION], one);
}

int main(int argc, char **argv)
{
	static struct machine_constant of[CONSTANTS_MAX];
	static struct counted counts;
	json_t *all = json_object(), *pass;
	unsigned int n = 0;
	struct ticks t;
	double ghz;
	int cpu[2], rc;

	if (argc != 1) {
		bool help = !strcmp(argv[1], "--help");

		fputs("usage: constants (prints one line of JSON: see constants.c)\n",
		      help ? stdout : stderr);
		return help ? RC_OK : RC_USAGE;
	}
	rc = place_pair(CORES_TWO, cpu, NULL);
	ticks_begin(&t);
	rc = rc ? rc : machine_measure(cpu, of, CONSTANTS_MAX, &n);
	ticks_end(&t);
	if (rc)
		return rc;
	ghz = ticks_ghz(&t);
	for (unsigned int i = 0; i < n; i++)
		json_object_set_new(all, of[i].name, constant(&of[i]));
	rc = counted_run(cell, &counts);
	if (!rc)
		add_instruction(all, &counts);
	else if (rc != RC_CANNOT)
		return rc;
	pass = json_pack("{s:s,s:[i,i],s:f,s:o}", "time", ticks_name(), "cpus", cpu[0], cpu[1],
			 "ghz", ghz, "constants", all);
	rc = json_dumpf(pass, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(pass);
	return rc || putchar('\n') == EOF || fflush(stdout)
		       ? fail(RC_FAIL, "result: standard output cannot be written")
		       : RC_OK;
}
