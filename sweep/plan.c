// SPDX-License-Identifier: GPL-2.0-only
/*
 * plan: from a configuration to the points of a sweep, or to the schedule in
 * which they are measured. Repetitions are outermost, so that a slow drift of
 * the machine reaches every cell; inside a repetition the cells are shuffled,
 * and the servers of one cell run back to back: A B C, then C B A, then rotated
 * B C A, A C B and so on, so that each is measured early as often as late, and
 * after each of its neighbours as often as before. With QEMU guests the points
 * of one boot take the place of a cell. Each kernel is booted once, so all that
 * is measured on it comes in one part. Of several machines each has a share:
 * see share.h.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/lib/random.h"
#include "estimate.h"
#include "kernels.h"
#include "points.h"
#include "share.h"

struct step {
	const struct point *point;
	long rep;
};

static void usage(FILE *out)
{
	fputs("usage: plan [--schedule [--part KERNEL]] [--share K/N] [--only EXPR]\n"
	      "            [--clock insn|wall|native] [--kernel NAME,...] [--seed N] [--done "
	      "FILE]... "
	      "CONFIG\n"
	      "       plan --pace [--accel tcg|kvm|bare] [...] CONFIG\n"
	      "       plan --get "
	      "experiment|question|kernel|append|clock|timeout|steps|points|shares|files\n"
	      "            [...] CONFIG\n"
	      "       plan --vocabulary | --defaults\n"
	      "Prints one JSON object per point, or with --schedule one per point and\n"
	      "repetition in the order of the sweep, without those already in --done, and with\n"
	      "--part only those measured on that kernel; with --share only those of one of N\n"
	      "machines, each of which measures all that is compared of its cells. The A/A\n"
	      "control is in the schedule only. With --pace one line for each of these: its\n"
	      "number, the seconds it may take and what it is like; number 0 is the start.\n",
	      out);
}

/* Appends the steps of one kernel. @member and @order have room for all points and groups. */
static void schedule_kernel(const struct points *points, const char *kernel, uint64_t *state,
			    int *member, int *order, struct step *steps, int *count)
{
	for (long rep = 1; rep <= points->most; rep++) {
		for (int i = 0; i < points->groups; i++) {
			int j = random_next(state) % (i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (int g = 0; g < points->groups; g++) {
			int members = 0;

			for (int i = 0; i < points->count; i++)
				if (points->point[i].group == order[g] &&
				    !strcmp(points->point[i].kernel, kernel))
					member[members++] = i;
			for (int k = 0; k < members; k++) {
				int at = rep % 2 ? k : members - 1 - k;
				const struct point *p =
					&points->point[member[(at + (rep - 1) / 2 + order[g]) %
							      members]];

				if (p->repetitions >= rep)
					steps[(*count)++] = (struct step){ p, rep };
			}
		}
	}
}

static int make_schedule(const struct points *points, const struct config *config, long seed,
			 struct step **steps)
{
	uint64_t state = (uint64_t)seed;
	int *order, *member, count = 0;
	long total = 0;

	for (int i = 0; i < points->count; i++)
		total += points->point[i].repetitions;
	*steps = calloc(total, sizeof(**steps));
	order = calloc(points->groups, sizeof(*order));
	member = calloc(points->count, sizeof(*member));
	if (!*steps || !order || !member) {
		fprintf(stderr, "vhostlab: plan: out of memory: close other programs\n");
		exit(1);
	}
	for (int k = 0; k < config->kernel.count; k++)
		schedule_kernel(points, config->kernel.value[k], &state, member, order, *steps,
				&count);
	free(order);
	free(member);
	return count;
}

/* Leaves the points of one share of them. */
static bool take_share(struct points *points, const struct config *config, long seed, long share,
		       long shares)
{
	struct step *steps;
	int count = make_schedule(points, config, seed, &steps);
	int *order = calloc(count, sizeof(*order));
	bool some;

	if (!order) {
		fprintf(stderr, "vhostlab: plan: out of memory: close other programs\n");
		exit(1);
	}
	for (int i = 0; i < count; i++)
		order[i] = steps[i].point->group;
	free(steps);
	some = share_keep(points, order, count, share, shares);
	free(order);
	return some;
}

/* How many shares with points there can be. */
static int count_shares(const struct points *points)
{
	int *unit = calloc(points->groups, sizeof(*unit)), units;

	if (!unit) {
		fprintf(stderr, "vhostlab: plan: out of memory: close other programs\n");
		exit(1);
	}
	units = share_units(points, unit);
	free(unit);
	return units;
}

/* Adds keys "point/rep" of the complete lines of a results file, without an incomplete last one. */
static void read_done(json_t *done, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file) {
		if (errno == ENOENT)
			return;
		fprintf(stderr, "vhostlab: plan: %s: %s: name a readable points.jsonl\n", path,
			strerror(errno));
		exit(1);
	}
	while ((length = getline(&line, &size, file)) > 0) {
		json_t *object, *point, *rep;
		char key[64];

		if (line[length - 1] != '\n')
			break;
		object = json_loads(line, 0, NULL);
		point = json_object_get(object, "point");
		rep = json_object_get(object, "rep");
		if (json_is_string(point) && json_is_integer(rep)) {
			snprintf(key, sizeof(key), "%.32s/%lld", json_string_value(point),
				 (long long)json_integer_value(rep));
			json_object_set_new(done, key, json_true());
		}
		json_decref(object);
	}
	free(line);
	fclose(file);
}

/* All members of a group, so that their repetitions can end together. */
static json_t *group_members(const struct points *points, int group)
{
	json_t *members = json_array();

	for (int i = 0; i < points->count; i++)
		if (points->point[i].group == group)
			json_array_append_new(members, json_string(points->point[i].hash));
	return members;
}

/* The command line of the point program, after its name. */
static json_t *point_arguments(const struct point *p, const struct config *config)
{
	json_t *argv = json_array();
	static const enum axis order[] = { AXIS_SERVER, AXIS_WORKLOAD, AXIS_SIZE,  AXIS_BURST,
					   AXIS_SINK,	AXIS_QUEUES,   AXIS_GUESTS };
	char text[200];

	if (strcmp(p->value[AXIS_GUEST], "process")) {
		json_array_append_new(argv, json_string("--guest"));
		json_array_append_new(argv, json_string(p->value[AXIS_GUEST]));
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		snprintf(text, sizeof(text), "--%s", axes[order[i]].name);
		json_array_append_new(argv, json_string(text));
		json_array_append_new(argv, json_string(p->value[order[i]]));
	}
	json_array_append_new(argv, json_string("--clock"));
	json_array_append_new(argv, json_string(config->clock));
	json_array_append_new(argv, json_string("--packets"));
	snprintf(text, sizeof(text), "%ld", p->packets);
	json_array_append_new(argv, json_string(text));
	if (config->duration) {
		json_array_append_new(argv, json_string("--duration"));
		snprintf(text, sizeof(text), "%ld", config->duration);
		json_array_append_new(argv, json_string(text));
	}
	for (int i = 0; i < p->knob_count; i++) {
		json_array_append_new(argv, json_string("--knob"));
		snprintf(text, sizeof(text), "%s=%s", p->info[i]->name, p->knob[i]);
		json_array_append_new(argv, json_string(text));
	}
	return argv;
}

static int print_object(json_t *object)
{
	int bad = json_dumpf(object, stdout, JSON_COMPACT);

	json_decref(object);
	return bad || putchar('\n') == EOF ? 1 : 0;
}

static bool is_done(const json_t *done, const struct step *s)
{
	char key[64];

	snprintf(key, sizeof(key), "%s/%ld", s->point->hash, s->rep);
	return json_object_get(done, key);
}

/* How many kernels have points; with @print also their names, a line each. */
static int kernels_of(const struct points *points, const struct config *config, bool print)
{
	int kernels = 0;

	for (int k = 0; k < config->kernel.count; k++) {
		const char *name = config->kernel.value[k];
		int i = 0;

		while (i < points->count && strcmp(points->point[i].kernel, name))
			i++;
		if (i == points->count)
			continue;
		kernels++;
		if (print)
			puts(name);
	}
	return kernels;
}

/* For the program progress: see estimate.h. */
static int print_pace(const struct points *points, const struct config *config, long seed,
		      const json_t *done)
{
	struct step *steps;
	int count = make_schedule(points, config, seed, &steps);
	const struct point *before = NULL;
	char kind[200];

	printf("0 %.3f start\n", estimate_start() * kernels_of(points, config, false));
	for (int i = 0; i < count; i++) {
		const struct point *p = steps[i].point;
		bool boots;

		if (is_done(done, &steps[i]))
			continue;
		boots = !strcmp(p->value[AXIS_GUEST], "qemu") &&
			(!before || before->group != p->group || steps[i].rep != steps[i - 1].rep);
		before = p;
		estimate_kind(p, boots, kind, sizeof(kind));
		printf("%d %.6f %s\n", i + 1, estimate_point(p, config, boots), kind);
	}
	free(steps);
	return 0;
}

/* Those of the kernel @part, or all. */
static int print_schedule(const struct points *points, const struct config *config, long seed,
			  const char *part, const json_t *done)
{
	struct step *steps;
	int count = make_schedule(points, config, seed, &steps), bad = 0;

	for (int i = 0; i < count; i++) {
		const struct step *s = &steps[i];
		json_t *object;

		if (is_done(done, s) || (part && strcmp(s->point->kernel, part)))
			continue;
		object = point_identity(s->point, config);
		json_object_set_new(object, "rep", json_integer(s->rep));
		json_object_set_new(object, "clock", json_string(config->clock));
		json_object_set_new(object, "step", json_integer(i + 1));
		json_object_set_new(object, "steps", json_integer(count));
		json_object_set_new(object, "timeout", json_integer(config->timeout));
		json_object_set_new(object, "argv", point_arguments(s->point, config));
		if (config->precision > 0) {
			json_object_set_new(object, "precision", json_real(config->precision));
			json_object_set_new(object, "members",
					    group_members(points, s->point->group));
		}
		bad |= print_object(object);
	}
	free(steps);
	return bad;
}

static int print_field(const struct points *points, const struct config *config, const char *field)
{
	long steps = 0;

	for (int i = 0; i < points->count; i++)
		steps += points->point[i].repetitions;
	if (!strcmp(field, "experiment"))
		puts(config->experiment);
	else if (!strcmp(field, "question"))
		puts(config->question);
	else if (!strcmp(field, "kernel"))
		kernels_of(points, config, true);
	else if (!strcmp(field, "append"))
		puts(config->append);
	else if (!strcmp(field, "clock"))
		puts(config->clock);
	else if (!strcmp(field, "timeout"))
		printf("%ld\n", config->timeout);
	else if (!strcmp(field, "steps"))
		printf("%ld\n", steps);
	else if (!strcmp(field, "points"))
		printf("%d\n", points->count);
	else if (!strcmp(field, "shares"))
		printf("%d\n", count_shares(points));
	else if (!strcmp(field, "files"))
		for (int i = 0; i < config->include.count; i++)
			puts(config->include.value[i]);
	else {
		fprintf(stderr,
			"vhostlab: plan: --get %s: not known; allowed: experiment, question, "
			"kernel, append, clock, timeout, steps, points, shares, files\n",
			field);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "schedule", no_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ "clock", required_argument, NULL, 'c' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "part", required_argument, NULL, 't' },
		{ "share", required_argument, NULL, 'S' },
		{ "seed", required_argument, NULL, 'r' },
		{ "done", required_argument, NULL, 'd' },
		{ "get", required_argument, NULL, 'g' },
		{ "vocabulary", no_argument, NULL, 'v' },
		{ "defaults", no_argument, NULL, 'D' },
		{ "pace", no_argument, NULL, 'p' },
		{ "accel", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct filter filter[MAX_FILTERS];
	const char *clock = NULL, *get = NULL, *accel = NULL, *part = NULL;
	char *kernels = NULL;
	json_t *done = json_object();
	bool schedule = false, pace = false;
	int filters = 0, opt, bad = 0;
	struct config config;
	struct points points;
	long seed = 1, share = 0, shares = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			schedule = true;
			break;
		case 'o':
			if (!filter_parse(optarg, filter, &filters))
				return 2;
			break;
		case 'c':
			clock = optarg;
			if (!clock_known(clock)) {
				fprintf(stderr,
					"vhostlab: --clock: %s is not known; "
					"allowed: " CLOCKS_ALLOWED "\n",
					clock);
				return 2;
			}
			break;
		case 'k':
			kernels = optarg;
			break;
		case 't':
			part = optarg;
			break;
		case 'S':
			if (!share_parse(optarg, &share, &shares))
				return 2;
			break;
		case 'r':
			if (!parse_number(optarg, 0, 2147483647, &seed)) {
				fprintf(stderr,
					"vhostlab: --seed: %s is not known; allowed: a whole "
					"number from 0 to 2147483647\n",
					optarg);
				return 2;
			}
			break;
		case 'd':
			read_done(done, optarg);
			break;
		case 'g':
			get = optarg;
			break;
		case 'p':
			pace = true;
			break;
		case 'a':
			accel = optarg;
			break;
		case 'v':
			vocab_print(stdout);
			return 0;
		case 'D':
			vocab_defaults(stdout);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		return 2;
	}
	if (!config_read(&config, argv[optind]))
		return 2;
	if (clock)
		config.clock = strdup(clock);
	if (config.duration && strcmp(config.clock, "wall")) {
		fprintf(stderr,
			"vhostlab: config: %s: duration: the instruction clock counts no time: "
			"write clock = wall in [sweep], or packets in place of duration\n",
			config.path);
		return 2;
	}
	if (kernels && !kernels_set(&config, kernels))
		return 2;
	/* Which cells are controls is estimated for one machine, so that it is the same on each. */
	if (!points_make(&points, &config, filter, filters))
		return 2;
	for (int i = 0; i < points.count; i++)
		if (points.point[i].repetitions > points.most)
			points.most = points.point[i].repetitions;
	if (share && !take_share(&points, &config, seed, share, shares))
		return 2;
	if (accel && !estimate_machine(accel)) {
		fprintf(stderr, "vhostlab: --accel: %s is not known; allowed: tcg, kvm, bare\n",
			accel);
		return 2;
	}
	if (get)
		bad = print_field(&points, &config, get);
	else if (pace)
		bad = print_pace(&points, &config, seed, done);
	else if (schedule)
		bad = print_schedule(&points, &config, seed, part, done);
	else
		for (int i = 0; i < points.count; i++)
			if (!points.point[i].control)
				bad |= print_object(point_identity(&points.point[i], &config));
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr,
			"vhostlab: plan: standard output: cannot be written: free space there\n");
		return 1;
	}
	return bad;
}
