// SPDX-License-Identifier: GPL-2.0-only
/*
 * counted: what the native rig executes per buffer in one cell: instructions, fences, locked
 * operations, copies, and cache lines that travel, by structure; and the sum of these times the
 * constants of this machine, which is what the cost model predicts. Takes the rig's options, and
 * the constants from a file of the program constants; prints a result as the rig does, with the
 * predicted time as its cost.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "counted_run.h"
#include "lib/options.h"
#include "lib/quantile.h"

/* Buffers that are counted, round trips: enough for some rounds of a ring. */
#define COUNT_FRAMES 768
#define COUNT_TRIPS  64
/* The constants, as ./run.sh sweep names their file. */
#define CONSTANTS_FILE "VHOSTLAB_CONSTANTS"

static const char *const place_names[PLACES] = {
	[PLACE_DESC] = "descriptors", [PLACE_AVAIL] = "avail",	   [PLACE_USED] = "used",
	[PLACE_FLAGS] = "flags",      [PLACE_PAYLOAD] = "payload", [PLACE_BELL] = "doorbells",
	[PLACE_OWN] = "own",
};

/* Passes of a file: one at the begin of a sweep, one at its end, and of each that was resumed. */
#define PASSES 64

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median over the passes of a file, in ps each. Returns an RC_ value. */
static int read_constants(const char *name, struct counted *c)
{
	static double value[CONSTANTS][PASSES];
	uint64_t n[CONSTANTS] = { 0 };
	FILE *file = name ? fopen(name, "re") : NULL;
	json_t *pass;

	if (!file)
		return fail(RC_USAGE,
			    "constants: %s: it cannot be read: set %s to what "
			    "build/bench/constants printed",
			    name ? name : "no file", CONSTANTS_FILE);
	while ((pass = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) {
		for (int i = 0; i < CONSTANTS; i++) {
			const json_t *one = json_object_get(json_object_get(pass, "constants"),
							    constant_names[i]);
			const json_t *p50 = json_object_get(one, "p50");

			if (json_is_number(p50) && n[i] < PASSES)
				value[i][n[i]++] = json_number_value(p50);
		}
		json_decref(pass);
	}
	fclose(file);
	for (int i = 0; i < CONSTANTS; i++) {
		if (!n[i])
			return fail(RC_FAIL, "constants: %s: no %s in it: measure it again", name,
				    constant_names[i]);
		qsort(value[i], n[i], sizeof(**value), by_size);
		c->constant[i] = value[i][quantile_rank(n[i], 0.5)] * 1000 + 0.5;
	}
	return RC_OK;
}

static json_t *places(const uint64_t *count, double n)
{
	json_t *all = json_object();

	for (int i = 0; i < PLACES; i++)
		if (count[i])
			json_object_set_new(all, place_names[i], json_real(count[i] / n));
	return all;
}

static json_t *side(const struct counted_side *c, double n)
{
	return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:o,s:o,s:o,s:o}",
			 "instructions", (c->instructions - c->polling) / n, "polling",
			 c->polling / n, "locked", c->locked / n, "windows", c->windows / n,
			 "pauses", c->pauses / n, "copies", c->copies / n, "words", c->words / n,
			 "copied", c->copied / n, "drained", c->drained / n, "ns",
			 (c->ps - c->polling_ps) / n / 1000, "polling_ns", c->polling_ps / n / 1000,
			 "touched", places(c->touched, n), "alone", places(c->alone, n), "more",
			 places(c->more, n), "stored", places(c->stored, n));
}

static int print(const struct counted *c)
{
	double n = c->packets;
	json_t *all = json_pack("{s:I,s:i,s:i,s:f,s:f,s:i,s:f,s:f,s:n,s:n,s:n,s:{s:o,s:o}}",
				"packets", (json_int_t)c->packets, "lost", 0, "corrupt", 0,
				"seconds", c->elapsed / 1e12, "cost_per_packet",
				c->elapsed / n / 1000, "syscalls_per_packet", 0, "kicks_per_packet",
				c->kicks / n, "calls_per_packet", c->calls / n, "latency_p50",
				"latency_p99", "latency_p999", "detail", "driver",
				side(&c->of[0], n), "server",
				side(&c->of[1], c->served ? c->served : n));
	int bad = json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));

	json_decref(all);
	return bad || putchar('\n') == EOF || fflush(stdout)
		       ? fail(RC_FAIL, "result: standard output cannot be written")
		       : RC_OK;
}

int main(int argc, char **argv)
{
	static struct counted c;
	static struct options o;
	char packets[20], *again[64];
	int rc, n = 0;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		options_usage(stdout);
		return RC_OK;
	}
	rc = options_parse(&o, argc, argv);
	if (!rc && o.clock != CLOCK_NATIVE)
		rc = fail(RC_USAGE, "clock: native: this program has clock native only: use point");
	rc = rc ? rc : read_constants(getenv(CONSTANTS_FILE), &c);
	if (rc)
		return rc;
	snprintf(packets, sizeof(packets), "%d",
		 o.workload == WORK_RR ? COUNT_TRIPS : COUNT_FRAMES);
	for (int i = 1; i < argc && n < 62; i++)
		again[n++] = !strcmp(argv[i - 1], "--packets") ? packets : argv[i];
	again[n] = NULL;
	rc = counted_run(again, &c);
	return rc ? rc : print(&c);
}
