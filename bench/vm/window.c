// SPDX-License-Identifier: GPL-2.0-only
/*
 * window: measures what the machine does while other programs' traffic crosses
 * taps: waits for the first frames, then for a number of frames or a time limit,
 * and prints the differences as one JSON object. It runs in the network
 * namespace of the taps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/common.h"
#include "probe/exact.h"
#include "calls.h"
#include "places.h"
#include "probe/pmu.h"
#include "roles.h"

#define MAX_TAPS 32
/* The taps are looked at so often; a longer time would overshoot, a shorter one cost. */
#define LOOK_MS 10

/* Seconds until a program has started and its first frames have crossed. */
#define START_PATIENCE 30.0
/* Between the first frames and the window: sockperf leaves out its first 0.4 s, too. */
#define WARM_MS 700

/* As the guest sees it: out is what it sent. */
struct traffic {
	uint64_t out, out_bytes, in, in_bytes, in_dropped;
};

struct window_options {
	const char *tap[MAX_TAPS];
	unsigned int taps;
	char direction; /* of the frames that count: 'o'ut, 'i'n, 'b'oth */
	pid_t qemu[MAX_TAPS];
	unsigned int qemus;
	unsigned long warm, packets;
	double limit;
	bool count;
	enum clock_kind clock;
	const char *functions; /* file for counts of instructions; NULL: none */
	struct exact_cell cell; /* what they are of */
	struct cpus cpus; /* of guest, server and far end; none: any */
};

static const struct roles *counted;

/* For counts of instructions. QEMU's main loop serves where no worker of a kernel does. */
static const char *side_of(pid_t tid)
{
	for (unsigned int i = 0; i < counted->count; i++) {
		enum role role = counted->task[i].role;

		if (counted->task[i].tid != tid)
			continue;
		if (role == ROLE_VCPU || role == ROLE_GUEST)
			return "guest";
		return role == ROLE_OTHER ? "other" : "server";
	}
	return "other";
}

/* Seconds of the machine's own time, which on the instruction clock is virtual. */
static double now(void)
{
	return clock_now(CLOCK_WALL) / 1e9;
}

static int read_taps(const struct window_options *o, struct traffic *traffic)
{
	FILE *file = fopen("/proc/self/net/dev", "r");
	unsigned int found = 0;
	char line[400];

	if (!file)
		return fail(RC_CANNOT, "window: /proc/self/net/dev: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		char *name = line + strspn(line, " "), *colon = strchr(name, ':');
		unsigned long long n[12];

		if (!colon)
			continue;
		*colon = '\0';
		for (unsigned int i = 0; i < o->taps; i++) {
			if (strcmp(o->tap[i], name))
				continue;
			if (sscanf(colon + 1,
				   "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
				   &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8],
				   &n[9], &n[10], &n[11]) != 12)
				continue;
			/* What the tap receives, the guest sent. */
			traffic[i] = (struct traffic){ .out_bytes = n[0],
						       .out = n[1],
						       .in_bytes = n[8],
						       .in = n[9],
						       .in_dropped = n[11] };
			found++;
		}
	}
	fclose(file);
	if (found == o->taps)
		return RC_OK;
	return fail(RC_FAIL, "window: a tap no longer exists: did its server end? see its output");
}

static uint64_t frames_of(const struct window_options *o, const struct traffic *traffic)
{
	return (o->direction == 'i' ? 0 : traffic->out) + (o->direction == 'o' ? 0 : traffic->in);
}

/* Frames since @from: those of all taps, and of the tap that had fewest. */
static uint64_t frames(const struct window_options *o, const struct traffic *from,
		       const struct traffic *to, uint64_t *fewest)
{
	uint64_t sum = 0;

	*fewest = UINT64_MAX;
	for (unsigned int i = 0; i < o->taps; i++) {
		uint64_t n = frames_of(o, &to[i]) - frames_of(o, &from[i]);

		sum += n;
		if (n < *fewest)
			*fewest = n;
	}
	return sum;
}

/* Waits until so many frames have crossed since @from, or for the time limit. */
static int wait_for_frames(const struct window_options *o, const struct traffic *from, uint64_t all,
			   uint64_t each, double limit, struct traffic *to)
{
	double until = now() + limit;
	uint64_t fewest;
	int rc;

	for (;;) {
		rc = read_taps(o, to);
		if (rc || (frames(o, from, to, &fewest) >= all && fewest >= each) || now() >= until)
			return rc;
		clock_rest(LOOK_MS);
	}
}

static json_t *traffic_json(const struct traffic *from, const struct traffic *to)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "out", (json_int_t)(to->out - from->out), "in",
			 (json_int_t)(to->in - from->in), "out_bytes",
			 (json_int_t)(to->out_bytes - from->out_bytes), "in_bytes",
			 (json_int_t)(to->in_bytes - from->in_bytes), "in_dropped",
			 (json_int_t)(to->in_dropped - from->in_dropped));
}

static json_t *threads_json(const struct roles *roles, json_t *by_role)
{
	json_t *threads = json_object();

	for (int role = 0; role < ROLES; role++) {
		uint64_t cpu_ns = 0, switches = 0;
		unsigned int count = 0;

		for (unsigned int i = 0; i < roles->count; i++) {
			if ((int)roles->task[i].role != role)
				continue;
			cpu_ns += roles->task[i].cpu_ns;
			switches += roles->task[i].switches;
			count++;
		}
		if (!count)
			continue;
		json_object_set_new(threads, role_names[role],
				    json_pack("{s:i,s:I,s:I}", "tasks", count, "cpu_ns",
					      (json_int_t)cpu_ns, "switches",
					      (json_int_t)switches));
		if (by_role)
			json_object_set(json_object_get(threads, role_names[role]), "syscalls",
					json_object_get(by_role, role_names[role]));
	}
	return threads;
}

static bool stopped(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'T';
}

/*
 * Stops the guests or lets them go on. Counters are started and stopped while
 * they stand still: all over the same events then, and no processor has to be
 * called out of a guest for each of them, which an emulated one does not
 * always survive.
 */
static void hold_guests(const struct window_options *o, bool hold)
{
	for (unsigned int i = 0; o->count && i < o->qemus; i++)
		kill(o->qemu[i], hold ? SIGSTOP : SIGCONT);
	for (unsigned int i = 0; o->count && hold && i < o->qemus; i++)
		for (int turn = 0; !stopped(o->qemu[i]) && turn < 1000; turn++)
			clock_rest(1);
}

static int start_counting(const struct window_options *o, struct calls *calls,
			  const struct roles *roles)
{
	int rc;

	if (!o->count)
		return RC_OK;
	rc = calls_open(calls, roles);
	return rc ? rc : calls_enable(true);
}

/* "pmu" per packet, or "pmu_absent". */
static void counters_json(json_t *result, struct pmu *pmu)
{
	static char text[PMU_TEXT_MAX];

	pmu_close(pmu);
	if (pmu_text(pmu, json_number_value(json_object_get(result, "packets")), text,
		     sizeof(text)))
		json_object_set_new(result, "pmu", json_loads(text, 0, NULL));
	else
		json_object_set_new(result, "pmu_absent", json_string(pmu->absent));
}

static int measure(const struct window_options *o, struct roles *roles)
{
	struct traffic before[MAX_TAPS] = { 0 }, from[MAX_TAPS] = { 0 }, to[MAX_TAPS] = { 0 };
	json_t *by_role = NULL, *result, *each = json_array();
	struct calls calls = { 0 };
	static struct pmu pmu;
	struct window window;
	uint64_t fewest = 0;
	int rc = o->cpus.count ? places_bind(roles, &o->cpus) : RC_OK;

	rc = rc ? rc : read_taps(o, before);
	if (!rc && o->functions)
		rc = exact_open();
	if (!rc && o->cpus.count && !o->count)
		pmu_open(&pmu, &o->cpus, NULL);
	/* Every guest must be at work. */
	rc = rc ? rc : wait_for_frames(o, before, 0, o->warm, START_PATIENCE, from);
	if (!rc)
		frames(o, before, from, &fewest);
	if (!rc && fewest < o->warm)
		rc = fail(RC_FAIL,
			  "window: %lu of %lu frames to warm up crossed in %.0f s: see the output "
			  "of the workload and its server",
			  (unsigned long)fewest, o->warm, START_PATIENCE);
	if (rc)
		return rc;
	if (o->clock == CLOCK_WALL)
		clock_rest(WARM_MS);
	clock_align(o->clock);

	hold_guests(o, true);
	rc = roles_read(roles);
	rc = rc ? rc : start_counting(o, &calls, roles);
	rc = rc ? rc : read_taps(o, from);
	rc = rc ? rc : window_begin(&window, o->clock);
	hold_guests(o, false);
	rc = rc ? rc : wait_for_frames(o, from, o->packets, 0, o->limit, to);
	hold_guests(o, true);
	rc = rc ? rc : window_end(&window);
	if (!rc && o->count)
		rc = calls_enable(false);
	if (!rc && o->count)
		rc = read_taps(o, to);
	rc = rc ? rc : roles_since(roles);
	hold_guests(o, false);
	if (rc)
		return rc;

	counted = roles;
	if (o->functions)
		rc = exact_save(o->functions, &o->cell, side_of, o->qemus ? o->qemu[0] : 0,
				frames(o, from, to, &fewest), window_cost(&window));
	if (rc)
		return rc;
	result = json_pack("{s:f,s:f,s:I}", "seconds", window_seconds(&window), "cpu_ns",
			   window_cost(&window), "packets",
			   (json_int_t)frames(o, from, to, &fewest));
	for (unsigned int i = 0; i < o->taps; i++)
		json_array_append_new(each, traffic_json(&from[i], &to[i]));
	json_object_set_new(result, "taps", each);
	if (o->count) {
		json_t *exits, *kicks, *msis;

		rc = calls_read(&calls, &by_role, &exits, &kicks, &msis);
		json_object_set_new(result, "kvm_exits", exits);
		json_object_set_new(result, "kicks", kicks);
		json_object_set_new(result, "msis", msis);
	}
	json_object_set_new(result, "threads", threads_json(roles, by_role));
	if (o->cpus.count)
		places_json(result, roles, &o->cpus, &window);
	if (o->cpus.count && !o->count)
		counters_json(result, &pmu);
	if (!rc &&
	    (json_dumpf(result, stdout, JSON_COMPACT) || putchar('\n') == EOF || fflush(stdout)))
		rc = fail(RC_FAIL, "window: standard output: cannot be written");
	return rc;
}

static int usage(void)
{
	return fail(RC_USAGE,
		    "window: wrong use: window --tap NAME... [--qemu|--guest|--server PID]... "
		    "[--direction out|in|both] [--warm FRAMES] --packets FRAMES --limit "
		    "SECONDS [--count] [--cpus LIST] "
		    "[--functions FILE --name SERVER --workload W --size N]");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "tap", required_argument, NULL, 't' },
		{ "qemu", required_argument, NULL, 'q' },
		{ "guest", required_argument, NULL, 'g' },
		{ "server", required_argument, NULL, 's' },
		{ "direction", required_argument, NULL, 'd' },
		{ "warm", required_argument, NULL, 'w' },
		{ "packets", required_argument, NULL, 'p' },
		{ "limit", required_argument, NULL, 'l' },
		{ "count", no_argument, NULL, 'c' },
		{ "clock", required_argument, NULL, 'k' },
		{ "functions", required_argument, NULL, 'f' },
		{ "name", required_argument, NULL, 'n' },
		{ "workload", required_argument, NULL, 'o' },
		{ "size", required_argument, NULL, 'z' },
		{ "knob", required_argument, NULL, 'b' },
		{ "cpus", required_argument, NULL, 'C' },
		{ NULL, 0, NULL, 0 },
	};
	/* Real guests have no burst and one far end. */
	struct window_options o = { .direction = 'b',
				    .clock = CLOCK_WALL,
				    .cell = { "", "", "stack", 0, 1, NULL, 0 } };
	const char *knobs[32];
	static struct roles roles; /* counted points to it */
	int opt, rc = RC_OK;

	while (!rc && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 't':
			if (o.taps == MAX_TAPS)
				return usage();
			o.tap[o.taps++] = optarg;
			break;
		case 'q':
			if (o.qemus == MAX_TAPS)
				return usage();
			o.qemu[o.qemus] = atoi(optarg);
			rc = roles_add(&roles, o.qemu[o.qemus++], ROLE_MAIN);
			break;
		case 'g':
			rc = roles_add(&roles, atoi(optarg), ROLE_GUEST);
			break;
		case 's':
			rc = roles_add(&roles, atoi(optarg), ROLE_SERVER);
			break;
		case 'd':
			o.direction = *optarg;
			break;
		case 'w':
			o.warm = strtoul(optarg, NULL, 10);
			break;
		case 'p':
			o.packets = strtoul(optarg, NULL, 10);
			break;
		case 'l':
			o.limit = atof(optarg);
			break;
		case 'f':
			o.functions = optarg;
			break;
		case 'n':
			o.cell.server = optarg;
			break;
		case 'o':
			o.cell.workload = optarg;
			break;
		case 'z':
			o.cell.size = atoi(optarg);
			break;
		case 'b':
			if (o.cell.knobs == ARRAY_SIZE(knobs) || !strchr(optarg, '='))
				return usage();
			knobs[o.cell.knobs++] = optarg;
			o.cell.knob = knobs;
			break;
		case 'c':
			o.count = true;
			break;
		case 'k':
			o.clock = strcmp(optarg, "insn") ? CLOCK_WALL : CLOCK_INSN;
			rc = clock_open(o.clock);
			break;
		case 'C':
			rc = cpus_parse(&o.cpus, "--cpus", optarg);
			if (!rc)
				clock_cpus(&o.cpus);
			break;
		default:
			return usage();
		}
	}
	if (rc)
		return rc;
	if (!o.taps || !o.packets || o.limit <= 0 || optind != argc || !strchr("oib", o.direction))
		return usage();
	return measure(&o, &roles);
}
