// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk: measures the points of a schedule one after the other, gives each a
 * verdict, and appends the good ones to points.jsonl, those of the A/A control
 * to control.jsonl: by itself, or in the lab VM through a port (records.h). Lines
 * on stderr that begin with @ are for the program progress; all others are for
 * people.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "child.h"
#include "enough.h"
#include "records.h"
#include "results.h"
#include "settle.h"
#include "skips.h"

#define MAX_ARGUMENTS 64
/* Bits of /proc/sys/kernel/tainted: bad page, oops, warning, soft lockup. */
#define SICK_KERNEL ((1ul << 5) | (1ul << 7) | (1ul << 9) | (1ul << 14))

/* Work of others on the processors used, as a share of their time in the window. */
#define NOISE_LIMIT 0.05
/* So many times as much is allowed on the other processors: only caches and memory are shared. */
#define ELSEWHERE 10
/* Seconds for the constants of the machine, which take about four. */
#define CONSTANTS_LIMIT 60

enum verdict { OK, FAILED, HUNG, MALFORMED, SKIPPED, OOPS, NOISY, VERDICTS };

static const char *const verdict_name[VERDICTS] = {
	"ok", "failed", "hung", "malformed", "skipped", "oops", "noisy",
};

enum file { POINTS, VERDICTS_FILE, CONTROL, CONSTANTS, FILES };

static const char *const file_name[FILES] = { "points.jsonl", "verdicts.jsonl", "control.jsonl",
					      "constants.jsonl" };

struct walk {
	const char *program;
	const char *out;
	const char *accel;
	const char *node; /* of several machines this one, or NULL */
	const char *taint_path;
	const char *cpus; /* a list for the points, or NULL: they choose by themselves */
	const char *constants; /* program for the constants of the machine, or NULL */
	long rep; /* the repetition that they were measured in last */
	double noise_limit;
	struct utsname system; /* its kernel's release stands in every point */
	unsigned long taint;
	struct results file[FILES];
	int port; /* where results go in place of files, or -1 */
	char raw[64]; /* the folder of raw data then */
	long count[VERDICTS];
	long enough; /* steps that were not needed */
	bool stop; /* nothing more can be measured */
};

static const char *const measured[] = {
	"packets",	    "lost",
	"corrupt",	    "seconds",
	"cost_per_packet",  "syscalls_per_packet",
	"kicks_per_packet", "calls_per_packet",
	"latency_p50",	    "latency_p99",
	"latency_p999",
};

static unsigned long read_taint(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long taint = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu", &taint) != 1)
		taint = 0;
	fclose(file);
	return taint & SICK_KERNEL;
}

/* The last line of an output that is not empty, in place. */
static char *last_line(char *text)
{
	size_t n = strlen(text);
	char *line;

	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* The measured object of a point's output, or NULL and the reason. */
static json_t *parse_measured(const char *text, char *reason, size_t size)
{
	json_error_t error;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(object)) {
		snprintf(reason, size, "its output is not one JSON object (%s)",
			 object ? "another kind of value" : error.text);
		json_decref(object);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(measured) / sizeof(measured[0]); i++) {
		json_t *value = json_object_get(object, measured[i]);
		bool must = i < 4 && i != 2;

		if (json_is_number(value) ? json_number_value(value) >= 0
					  : json_is_null(value) && !must)
			continue;
		snprintf(reason, size, "its output has no usable %s", measured[i]);
		json_decref(object);
		return NULL;
	}
	if (json_number_value(json_object_get(object, "packets")) > 0)
		return object;
	snprintf(reason, size, "it delivered no packet");
	json_decref(object);
	return NULL;
}

/* Did others take so much of the machine that the measurement is one of them? */
static bool noisy(const struct walk *walk, const json_t *values, char *reason, size_t size)
{
	const json_t *noise = json_object_get(values, "noise");
	double here = json_number_value(json_object_get(noise, "processors"));
	double elsewhere = json_number_value(json_object_get(noise, "machine"));
	double limit = walk->noise_limit;
	bool there = here <= limit;

	if (!walk->cpus || (there && elsewhere <= limit * ELSEWHERE))
		return false;
	snprintf(reason, size,
		 "work of others took %.1f %% of %s, limit %.1f %%: end other programs, or raise "
		 "--noise-limit",
		 100 * (there ? elsewhere : here),
		 there ? "the other processors" : "the processors used",
		 100 * (there ? limit * ELSEWHERE : limit));
	return true;
}

/* Identity and measurement in one object of the result contract. */
static json_t *merge(const struct walk *walk, const json_t *step, json_t *values)
{
	json_t *line = json_deep_copy(step);
	static const char *const internal[] = { "argv",	   "step",	"steps",
						"timeout", "precision", "members" };

	for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
		json_object_del(line, internal[i]);
	json_object_set_new(line, "accel", json_string(walk->accel));
	json_object_set_new(line, "release", json_string(walk->system.release));
	if (walk->node)
		json_object_set_new(line, "node", json_string(walk->node));
	json_object_set_new(line, "above_floor_per_packet", json_null());
	json_object_update(line, values);
	return line;
}

static const char *text_of(const json_t *step, const char *name)
{
	const char *text = json_string_value(json_object_get(step, name));

	return text ? text : "?";
}

static long number_of(const json_t *step, const char *name)
{
	return (long)json_integer_value(json_object_get(step, name));
}

static void tell(const json_t *step, const char *what, const char *more)
{
	char knobs[256] = "", guest[80] = "";
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(step, "knobs"), name, value) {
		size_t used = strlen(knobs);

		if (json_is_string(value))
			snprintf(knobs + used, sizeof(knobs) - used, " %s=%s", name,
				 json_string_value(value));
		else
			snprintf(knobs + used, sizeof(knobs) - used, " %s=%lld", name,
				 (long long)json_integer_value(value));
	}
	if (strcmp(text_of(step, "guest"), "process"))
		snprintf(guest, sizeof(guest), "%ld %s queues %ld ", number_of(step, "guests"),
			 text_of(step, "guest"), number_of(step, "queues"));
	fprintf(stderr, "@%s %ld %ld %s%s %s size %ld burst %ld sink %s%s rep %ld%s%s%s\n", what,
		number_of(step, "step"), number_of(step, "steps"), guest, text_of(step, "server"),
		text_of(step, "workload"), number_of(step, "size"), number_of(step, "burst"),
		text_of(step, "sink"), knobs, number_of(step, "rep"),
		json_is_true(json_object_get(step, "control")) ? " again, as A/A control" : "",
		*more ? ": " : "", more);
	fflush(stderr);
}

/* Runs one step and judges it; @values is set when the verdict is OK. */
static enum verdict judge(struct walk *walk, const json_t *step, json_t **values, char *reason,
			  size_t size)
{
	json_t *given = json_object_get(step, "argv"), *word;
	char *argv[MAX_ARGUMENTS + 2];
	enum verdict verdict = FAILED;
	struct child child;
	char raw[4200];
	int argc = 0;
	size_t i;

	argv[argc++] = (char *)walk->program;
	json_array_foreach(given, i, word)
		if (argc <= MAX_ARGUMENTS && json_is_string(word))
			argv[argc++] = (char *)json_string_value(word);
	if (walk->cpus && argc + 2 <= MAX_ARGUMENTS) {
		argv[argc++] = "--cpus";
		argv[argc++] = (char *)walk->cpus;
	}
	argv[argc] = NULL;
	/* Where the point may leave raw data, without the ending. */
	snprintf(raw, sizeof(raw), "%s%s/%s-%ld", walk->port < 0 ? walk->out : walk->raw,
		 walk->port < 0 ? "/raw" : "", text_of(step, "point"), number_of(step, "rep"));
	setenv("VHOSTLAB_RAW", raw, 1);
	child_run(&child, argv, number_of(step, "timeout"));
	/* Why one is skipped is said once, at the end: see skips.h. */
	if (child.err && *child.err && child.end != CHILD_INTERRUPTED &&
	    !(child.end == CHILD_EXITED && child.code == 77))
		fprintf(stderr, "%s%s", child.err,
			child.err[strlen(child.err) - 1] == '\n' ? "" : "\n");

	switch (child.end) {
	case CHILD_NOT_STARTED:
		snprintf(reason, size, "cannot be started: %s", strerror(child.code));
		break;
	case CHILD_INTERRUPTED:
		walk->stop = true;
		break;
	case CHILD_STUCK:
		snprintf(reason, size, "cannot be killed; the machine is not fit to measure on");
		walk->stop = true;
		verdict = HUNG;
		break;
	case CHILD_HUNG:
		snprintf(reason, size, "no result within %ld s; ended", number_of(step, "timeout"));
		verdict = HUNG;
		break;
	case CHILD_SIGNALLED:
		snprintf(reason, size, "ended by signal %d (%s)", child.code,
			 strsignal(child.code));
		break;
	case CHILD_EXITED:
		if (!child.code) {
			*values = parse_measured(child.out, reason, size);
			verdict = *values ? OK : MALFORMED;
			if (*values && noisy(walk, *values, reason, size))
				verdict = NOISY;
			break;
		}
		if (child.code == 77)
			verdict = SKIPPED;
		snprintf(reason, size, "%s",
			 *child.err ? last_line(child.err) : "it gave no reason");
		if (verdict != SKIPPED)
			snprintf(reason + strlen(reason), size - strlen(reason), " (exit code %d)",
				 child.code);
		break;
	}
	free(child.out);
	free(child.err);
	return verdict;
}

static bool store(struct walk *walk, enum file file, json_t *object)
{
	if (walk->port < 0)
		return results_append(&walk->file[file], object);
	/* Raw data first: a measurement that is there has its own. */
	return records_raw(walk->port, walk->raw) &&
	       records_line(walk->port, file_name[file], object);
}

/*
 * Constants of the machine, once a repetition, since a hypervisor may move its processors between
 * two of them. Without them the sweep is right: then there is no cost model, and it is said once.
 * False when they cannot be stored.
 */
static bool measure_constants(struct walk *walk, const json_t *step)
{
	char *argv[] = { (char *)walk->constants, NULL };
	struct child child;
	json_t *object;
	bool stored = true;

	if (!walk->constants || walk->rep == number_of(step, "rep"))
		return true;
	walk->rep = number_of(step, "rep");
	child_run(&child, argv, CONSTANTS_LIMIT);
	object = child.end == CHILD_EXITED && !child.code ? json_loads(child.out, 0, NULL) : NULL;
	if (object) {
		stored = store(walk, CONSTANTS, object);
		json_decref(object);
	} else if (child.end != CHILD_INTERRUPTED) {
		fprintf(stderr,
			"%svhostlab: sweep: constants of this machine: not measured: there "
			"will be no cost model\n",
			child.err ? child.err : "");
		walk->constants = NULL;
	}
	free(child.out);
	free(child.err);
	return stored;
}

/* False when the walk has to end. */
static bool one_step(struct walk *walk, const json_t *step)
{
	char reason[600] = "", line[700];
	json_t *values = NULL;
	enum verdict verdict;
	json_t *object;
	bool stored;

	if (!measure_constants(walk, step) || child_stop_asked())
		return false;
	tell(step, "start", "");
	settle_machine();
	verdict = judge(walk, step, &values, reason, sizeof(reason));
	if (child_stop_asked() && verdict != OK)
		return false;
	if (read_taint(walk->taint_path) & ~walk->taint) {
		verdict = OOPS;
		walk->stop = true;
		snprintf(reason, sizeof(reason),
			 "the kernel reported a fault while it ran (see its log); the sweep ends "
			 "here");
	}
	walk->count[verdict]++;
	if (verdict == OK) {
		bool control = json_is_true(json_object_get(step, "control"));

		object = merge(walk, step, values);
		stored = store(walk, control ? CONTROL : POINTS, object);
		enough_note(object);
		if (stored)
			tell(step, "end", "");
	} else {
		snprintf(line, sizeof(line), "%s: %s", verdict_name[verdict], reason);
		if (verdict == SKIPPED) {
			skips_note(reason, text_of(step, "server"));
			tell(step, "skip", verdict_name[verdict]);
		} else {
			tell(step, "bad", line);
		}
		object = json_pack("{s:s,s:I,s:s,s:s}", "point", text_of(step, "point"), "rep",
				   (json_int_t)number_of(step, "rep"), "verdict",
				   verdict_name[verdict], "reason", reason);
		stored = store(walk, VERDICTS_FILE, object);
	}
	json_decref(object);
	json_decref(values);
	return stored && !walk->stop && !child_stop_asked();
}

static int usage(void)
{
	fputs("usage: walk --point PROGRAM --out DIR [--records PORT] [--cpus LIST] "
	      "[--noise-limit SHARE] [--constants PROGRAM] < SCHEDULE\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "point", required_argument, NULL, 'p' },
		{ "out", required_argument, NULL, 'o' },
		{ "records", required_argument, NULL, 'r' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "constants", required_argument, NULL, 'k' },
		{ "noise-limit", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	const char *accel = getenv("VHOSTLAB_ACCEL"), *taint = getenv("VHOSTLAB_TAINTED");
	const char *node = getenv("VHOSTLAB_NODE");
	struct walk walk = {
		.accel = accel ? accel : "bare",
		.node = node && *node ? node : NULL,
		.port = -1,
		.noise_limit = NOISE_LIMIT,
		.raw = "/tmp/vhostlab-raw.XXXXXX",
		.taint_path = taint ? taint : "/proc/sys/kernel/tainted",
	};
	const char *out = NULL, *port = NULL;
	char path[FILES][4096];
	char *line = NULL;
	size_t size = 0;
	bool going = true;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'p')
			walk.program = optarg;
		else if (opt == 'o')
			out = optarg;
		else if (opt == 'r')
			port = optarg;
		else if (opt == 'c')
			walk.cpus = optarg;
		else if (opt == 'k')
			walk.constants = optarg;
		else if (opt == 'n')
			walk.noise_limit = atof(optarg);
		else
			return usage();
	}
	if (!walk.program || !out || optind != argc)
		return usage();
	if (access(walk.program, X_OK)) {
		fprintf(stderr, "vhostlab: walk: %s: %s: name a program that runs here\n",
			walk.program, strerror(errno));
		return 1;
	}
	walk.out = out;
	for (int i = 0; i < FILES; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", out, file_name[i]);
	if (!child_setup()) {
		fprintf(stderr, "vhostlab: walk: signals: %s: cannot run here\n", strerror(errno));
		return 1;
	}
	if (port) {
		walk.port = records_open(port);
		if (walk.port < 0)
			return 1;
		if (!mkdtemp(walk.raw)) {
			fprintf(stderr, "vhostlab: walk: %s: %s: make /tmp writable\n", walk.raw,
				strerror(errno));
			return 1;
		}
	}
	for (int i = 0; i < FILES && !port; i++)
		if ((i != CONSTANTS || walk.constants) && !results_open(&walk.file[i], path[i]))
			return 1;
	enough_read(path[POINTS]);
	enough_read(path[CONTROL]);
	walk.taint = read_taint(walk.taint_path);
	uname(&walk.system);

	while (going && getline(&line, &size, stdin) > 0) {
		json_t *step = json_loads(line, 0, NULL);

		if (!json_is_object(step)) {
			fprintf(stderr, "vhostlab: walk: schedule: a line is not a JSON object: "
					"make it with plan --schedule\n");
			return 2;
		}
		if (enough(step))
			walk.enough++;
		else
			going = one_step(&walk, step);
		json_decref(step);
	}
	free(line);
	if (port)
		rmdir(walk.raw);
	skips_say();
	if (walk.enough)
		fprintf(stderr,
			"vhostlab: sweep: %ld measurements were not needed: their figures are "
			"known to the precision asked for\n",
			walk.enough);
	fprintf(stderr,
		"@done %ld ok, %ld failed, %ld hung, %ld malformed, %ld oops, %ld noisy, %ld "
		"skipped\n",
		walk.count[OK], walk.count[FAILED], walk.count[HUNG], walk.count[MALFORMED],
		walk.count[OOPS], walk.count[NOISY], walk.count[SKIPPED]);
	if (!going || walk.count[FAILED] || walk.count[HUNG] || walk.count[MALFORMED] ||
	    walk.count[NOISY])
		return 1;
	return !walk.count[OK] && walk.count[SKIPPED] ? 77 : 0;
}
