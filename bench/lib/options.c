// SPDX-License-Identifier: GPL-2.0-only
/* The command line of the point program. */
#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static const char *const server_names[] = { "userspace", "intree", "vhostlab",
					    "uring",	 "floor",  NULL };
static const char *const workload_names[] = { "tx", "rx", "rr", "rr_flood", "stream", NULL };
static const char *const sink_names[] = { "check", "stack", "xdp_drop", "forward", "drop", NULL };
static const char *const clock_names[] = { "insn", "wall", "native", NULL };
static const char *const cores_names[] = { "two", "turns", "smt", NULL };
static const char *const publish_names[] = { "each", "burst", NULL };

const char *server_name(enum server_kind server)
{
	return server_names[server];
}

const char *workload_name(enum workload workload)
{
	return workload_names[workload];
}

const char *sink_name(enum sink sink)
{
	return sink_names[sink];
}

const char *policy_name(int policy)
{
	return policy == SCHED_BATCH ? "batch" : "other";
}

unsigned int header_len(const struct options *o)
{
	return o->mrg_rxbuf || o->version_1 ? 12 : 10;
}

unsigned int tx_descs(const struct options *o)
{
	/*
	 * Legacy framing wants the header in a descriptor of its own; an
	 * indirect table takes one entry of the ring whatever it holds.
	 */
	return o->indirect || o->version_1 ? 1 : 2;
}

void options_usage(FILE *f)
{
	fputs("usage: point --server userspace|intree|vhostlab|uring|floor --workload "
	      "tx|rx|rr|rr_flood|stream\n"
	      "             --size N --burst N --sink check|stack|xdp_drop|forward|drop\n"
	      "             --clock insn|wall|native --packets N\n"
	      "             [--queues 1] [--guests N] [--knob NAME=VALUE]... [--events FILE]\n"
	      "             [--functions FILE] [--cpus GUEST,SERVER,FAREND]\n"
	      "             [--duration MS]\n"
	      "Measures one repetition of one point as root on this machine and prints one JSON\n"
	      "object. Knobs: event_idx, indirect, mrg_rxbuf, version_1, packed, in_order, calls "
	      "(0 or\n"
	      "1), ring (entries), pace (rr: instructions or ns from one request to the next; 0: "
	      "when the\n"
	      "answer is back), sndbuf (of the tap, bytes; 0: no limit); with a vhost server "
	      "regions (of guest memory), log (0 or 1) and\n"
	      "poll_us (busy polling); policy (other or batch: how guest and server are "
	      "scheduled);\n"
	      "with --server vhostlab or floor any parameter of "
	      "vhostlab_net.\n"
	      "Clock native is build/bench/native: rings alone, with sink drop or check, and knobs "
	      "cores (two,\n"
	      "turns or smt), publish (each or burst) and copy (0 or 1).\n"
	      "floor: no ring and no guest, what the tap alone costs.\n"
	      "--events: a pass behind the measured one keeps its events there (tx, rx).\n"
	      "--functions: what the measured window's instructions go into, by function; on the "
	      "wall\n"
	      "clock samples of its time.\n"
	      "--cpus: processors for each; of a shorter list the last one has the rest. On the "
	      "wall clock\n"
	      "the cost is then that of these, and work of others is told as noise.\n"
	      "--duration: the window lasts about so long: a measurement of that many packets "
	      "comes first.\n"
	      "Exit: 0 done, 1 failed, 2 wrong use, 77 cannot run here.\n",
	      f);
}

static int parse_name(const char *option, const char *text, const char *const *names,
		      unsigned int *value)
{
	char list[128] = "";

	for (unsigned int i = 0; names[i]; i++) {
		if (!strcmp(text, names[i])) {
			*value = i;
			return RC_OK;
		}
		if (i)
			strncat(list, ", ", sizeof(list) - strlen(list) - 1);
		strncat(list, names[i], sizeof(list) - strlen(list) - 1);
	}
	return fail(RC_USAGE, "unknown %s: %s: choose one of %s", option, text, list);
}

static int parse_number(const char *option, const char *text, unsigned long min, unsigned long max,
			unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || *value < min || *value > max)
		return fail(RC_USAGE, "bad %s: %s: give a number from %lu to %lu", option, text,
			    min, max);
	return RC_OK;
}

static int parse_knob(struct options *o, const char *text)
{
	const char *eq = strchr(text, '=');
	size_t len = eq ? (size_t)(eq - text) : 0;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "event_idx", &o->event_idx }, { "indirect", &o->indirect },
		{ "mrg_rxbuf", &o->mrg_rxbuf }, { "version_1", &o->version_1 },
		{ "packed", &o->packed },	{ "in_order", &o->in_order },
		{ "calls", &o->calls },		{ "log", &o->log },
		{ "copy", &o->copy },
	};
	const struct {
		const char *name;
		unsigned int *value;
		unsigned long min, max;
	} numbers[] = {
		{ "ring", &o->ring, 2, 32768 },		{ "pace", &o->pace, 0, 1000000000 },
		{ "work", &o->work, 0, 1000000 },	{ "regions", &o->regions, 1, REGIONS_MAX },
		{ "poll_us", &o->poll_us, 0, 1000000 }, { "sndbuf", &o->sndbuf, 0, INT_MAX },
	};
	unsigned int word = 0;
	unsigned long number;
	struct knob *k;
	int rc;

	if (!len || len >= sizeof(k->name) || strlen(eq + 1) >= sizeof(k->value) || !eq[1])
		return fail(RC_USAGE, "bad knob: %s: write NAME=VALUE", text);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strlen(flags[i].name) != len || strncmp(text, flags[i].name, len))
			continue;
		rc = parse_number(flags[i].name, eq + 1, 0, 1, &number);
		*flags[i].flag = number == 1;
		return rc;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strlen(numbers[i].name) != len || strncmp(text, numbers[i].name, len))
			continue;
		rc = parse_number(numbers[i].name, eq + 1, numbers[i].min, numbers[i].max, &number);
		if (!rc && numbers[i].value == &o->ring && (number & (number - 1)))
			rc = fail(RC_USAGE, "bad ring: %lu: give a power of two", number);
		*numbers[i].value = number;
		return rc;
	}
	if (!strncmp(text, "policy=", len + 1)) {
		if (strcmp(eq + 1, "batch") && strcmp(eq + 1, "other"))
			return fail(RC_USAGE, "unknown policy: %s: choose other or batch", eq + 1);
		o->policy = strcmp(eq + 1, "batch") ? SCHED_OTHER : SCHED_BATCH;
		return RC_OK;
	}
	if (!strncmp(text, "cores=", len + 1)) {
		rc = parse_name("cores", eq + 1, cores_names, &word);
		o->cores = word;
		return rc;
	}
	if (!strncmp(text, "publish=", len + 1)) {
		rc = parse_name("publish", eq + 1, publish_names, &word);
		o->publish = word;
		return rc;
	}
	if (memchr(text, '/', len) || text[0] == '.')
		return fail(RC_USAGE, "bad knob: %s: a name has no slash and no leading dot", text);
	if (o->module_knobs == MAX_MODULE_KNOBS)
		return fail(RC_USAGE, "too many knobs: %s: at most %d", text, MAX_MODULE_KNOBS);
	k = &o->module_knob[o->module_knobs++];
	memcpy(k->name, text, len);
	k->name[len] = '\0';
	strcpy(k->value, eq + 1);
	return RC_OK;
}

/* Clock native has the rings alone: no tap, no system calls, no sleep. */
static int check_native(const struct options *o)
{
	if (o->sink != SINK_DROP && o->sink != SINK_CHECK)
		return fail(RC_USAGE, "no such pair: clock native with sink %s: use drop or check",
			    sink_name(o->sink));
	if (o->server != SERVER_VHOSTLAB && o->server != SERVER_INTREE)
		return fail(RC_USAGE,
			    "no such pair: clock native with server %s: use vhostlab or "
			    "intree",
			    server_name(o->server));
	if (o->workload == WORK_RR_FLOOD || o->guests > 1)
		return fail(RC_USAGE,
			    "no such pair: clock native with %s: use tx, rx, rr or "
			    "stream, and one guest",
			    o->guests > 1 ? "several guests" : workload_name(o->workload));
	if (!o->mrg_rxbuf || !o->version_1 || o->regions > 1 || o->log || o->poll_us || o->pace ||
	    o->work || o->sndbuf || o->events || o->functions || !o->calls)
		return fail(RC_USAGE, "unknown knob: clock native has event_idx, indirect, packed, "
				      "in_order, ring, cores, publish, copy and the module's");
	if (o->server == SERVER_INTREE && (o->packed || o->in_order))
		return fail(RC_USAGE,
			    "no such pair: %s with server intree: its algorithm has a "
			    "split ring only",
			    o->packed ? "packed" : "in_order");
	if (o->sink == SINK_CHECK && !o->copy)
		return fail(RC_USAGE, "no such pair: sink check with copy=0: there is nothing to "
				      "check");
	return RC_OK;
}

/* What is wrong only in combination. */
static int check_whole(const struct options *o)
{
	unsigned int room = o->ring / tx_descs(o);

	if (o->clock == CLOCK_NATIVE && check_native(o))
		return RC_USAGE;
	if (o->clock != CLOCK_NATIVE &&
	    (o->sink == SINK_DROP || o->cores || o->publish || !o->copy))
		return fail(RC_USAGE,
			    "no such pair: %s without clock native: only the native rig "
			    "has it",
			    o->sink == SINK_DROP ? "sink drop"
			    : o->cores		 ? "cores"
			    : o->publish	 ? "publish"
						 : "copy=0");
	if (o->workload != WORK_TX && o->workload != WORK_STREAM && sink_one_way(o))
		return fail(RC_USAGE, "no such pair: %s with sink %s: use stack or check",
			    workload_name(o->workload), sink_name(o->sink));
	if (o->workload == WORK_RR && o->burst != 1)
		return fail(RC_USAGE, "bad burst: %u with rr: a round trip has burst 1", o->burst);
	if (o->workload == WORK_RR_FLOOD && o->sink != SINK_STACK)
		return fail(RC_USAGE, "no such pair: rr_flood with sink %s: the stack answers it",
			    sink_name(o->sink));
	if (o->workload == WORK_STREAM && o->sink == SINK_CHECK && o->clock != CLOCK_NATIVE)
		return fail(RC_USAGE,
			    "no such pair: stream with sink check: use stack, xdp_drop or forward");
	if (o->workload != WORK_RX && o->workload != WORK_RR && o->burst > room)
		return fail(RC_USAGE, "bad burst: %u: the ring has room for %u frames", o->burst,
			    room);
	if (!o->version_1 && !o->mrg_rxbuf && o->ring < 4)
		return fail(RC_USAGE, "bad ring: %u: legacy framing needs at least 4", o->ring);
	if (o->mrg_rxbuf && o->workload != WORK_TX && o->size / 2000 + 1 > o->ring)
		return fail(RC_USAGE, "bad ring: %u: too small for one frame of %u bytes", o->ring,
			    o->size);
	if (o->events && (o->workload >= WORK_RR || o->sink == SINK_CHECK || !o->calls))
		return fail(RC_USAGE,
			    "no such pair: events with %s, sink %s: use tx or rx without "
			    "check, and calls",
			    workload_name(o->workload), sink_name(o->sink));
	if (o->pace && o->workload != WORK_RR)
		return fail(RC_USAGE, "unknown knob: pace: it belongs to rr, not to %s",
			    workload_name(o->workload));
	if (o->server == SERVER_FLOOR &&
	    (o->sink == SINK_CHECK || o->events || o->workload > WORK_RR))
		return fail(RC_USAGE, "no such pair: server floor with %s: it has no guest",
			    o->events		    ? "events"
			    : o->workload > WORK_RR ? workload_name(o->workload)
						    : "sink check");
	if ((o->packed || o->in_order) &&
	    (o->server == SERVER_USERSPACE || o->server == SERVER_URING))
		return fail(RC_USAGE, "no such pair: %s with server %s: use vhostlab",
			    o->packed ? "packed" : "in_order", server_name(o->server));
	if (o->packed && !o->version_1)
		return fail(RC_USAGE, "no such pair: packed with version_1=0: a legacy driver has "
				      "no packed ring");
	if (o->server == SERVER_FLOOR && o->guests > 1)
		return fail(RC_USAGE, "no such pair: server floor with %u guests: it has none",
			    o->guests);
	if ((o->regions > 1 || o->log || o->poll_us) && o->server != SERVER_INTREE &&
	    o->server != SERVER_VHOSTLAB)
		return fail(RC_USAGE,
			    "no such pair: knob %s with server %s: use intree or vhostlab",
			    o->log	 ? "log"
			    : o->poll_us ? "poll_us"
					 : "regions",
			    server_name(o->server));
	if (o->workload == WORK_RX && o->sink != SINK_CHECK && o->guests > 1)
		return fail(RC_USAGE,
			    "no such pair: rx with %u guests: use tx or rr, or sink check",
			    o->guests);
	if (o->workload > WORK_RR && o->guests > 1)
		return fail(RC_USAGE, "no such pair: %s with %u guests: use one",
			    workload_name(o->workload), o->guests);
	if (o->duration_ms && (o->clock == CLOCK_INSN || o->sink == SINK_CHECK))
		return fail(RC_USAGE, "no such pair: duration with %s: use packets",
			    o->clock == CLOCK_INSN ? "clock insn" : "sink check");
	if (o->events && o->guests > 1)
		return fail(RC_USAGE, "no such pair: events with %u guests: use one", o->guests);
	if (o->functions && (o->guests > 1 || o->events))
		return fail(RC_USAGE,
			    "no such pair: functions with %s: use one guest and no events",
			    o->events ? "events" : "several guests");
	if (o->module_knobs && o->server != SERVER_VHOSTLAB && o->server != SERVER_FLOOR)
		return fail(RC_USAGE, "unknown knob: %s: server %s has no such knob",
			    o->module_knob[0].name, server_name(o->server));
	return RC_OK;
}

int options_parse(struct options *o, int argc, char **argv)
{
	enum {
		SERVER = 256,
		WORKLOAD,
		SIZE,
		BURST,
		SINK,
		QUEUES,
		GUESTS,
		CLOCK,
		PACKETS,
		KNOB,
		EVENTS,
		FUNCTIONS,
		CPUS,
		DURATION
	};
	static const struct option longs[] = {
		{ "server", required_argument, NULL, SERVER },
		{ "workload", required_argument, NULL, WORKLOAD },
		{ "size", required_argument, NULL, SIZE },
		{ "burst", required_argument, NULL, BURST },
		{ "sink", required_argument, NULL, SINK },
		{ "queues", required_argument, NULL, QUEUES },
		{ "guests", required_argument, NULL, GUESTS },
		{ "clock", required_argument, NULL, CLOCK },
		{ "packets", required_argument, NULL, PACKETS },
		{ "knob", required_argument, NULL, KNOB },
		{ "events", required_argument, NULL, EVENTS },
		{ "functions", required_argument, NULL, FUNCTIONS },
		{ "cpus", required_argument, NULL, CPUS },
		{ "duration", required_argument, NULL, DURATION },
		{},
	};
	/* Everything that has no default must be given. */
	static const int needed[] = { SERVER, WORKLOAD, SIZE, BURST, SINK, CLOCK, PACKETS };
	unsigned int seen = 0, name = 0;
	unsigned long number = 0;
	int opt, rc;

	memset(o, 0, sizeof(*o));
	o->event_idx = o->mrg_rxbuf = o->version_1 = o->calls = o->copy = true;
	o->ring = 256;
	o->policy = SCHED_OTHER;
	o->guests = o->regions = 1;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == '?')
			return fail(RC_USAGE, "unknown or incomplete option: %s: see point --help",
				    argv[optind - 1]);
		seen |= 1u << (opt - SERVER);
		rc = RC_OK;
		switch (opt) {
		case SERVER:
			rc = parse_name("server", optarg, server_names, &name);
			o->server = name;
			break;
		case WORKLOAD:
			rc = parse_name("workload", optarg, workload_names, &name);
			o->workload = name;
			break;
		case SINK:
			rc = parse_name("sink", optarg, sink_names, &name);
			o->sink = name;
			break;
		case CLOCK:
			rc = parse_name("clock", optarg, clock_names, &name);
			o->clock = name;
			break;
		case SIZE:
			rc = parse_number("size", optarg, FRAME_MIN, FRAME_MAX, &number);
			o->size = number;
			break;
		case BURST:
			rc = parse_number("burst", optarg, 1, 32768, &number);
			o->burst = number;
			break;
		case EVENTS:
			o->events = optarg;
			rc = *optarg ? RC_OK
				     : fail(RC_USAGE, "bad events: it is empty: name a file");
			break;
		case FUNCTIONS:
			o->functions = optarg;
			rc = *optarg ? RC_OK
				     : fail(RC_USAGE, "bad functions: it is empty: name a file");
			break;
		case CPUS:
			rc = cpus_parse(&o->cpus, "--cpus", optarg);
			break;
		case DURATION:
			rc = parse_number("duration", optarg, 10, 3600000, &o->duration_ms);
			break;
		case PACKETS:
			rc = parse_number("packets", optarg, 1, 1000000000UL, &o->packets);
			break;
		case QUEUES:
			rc = parse_number("queues", optarg, 1, 1, &number);
			break;
		case GUESTS:
			rc = parse_number("guests", optarg, 1, GUESTS_MAX, &number);
			o->guests = number;
			break;
		case KNOB:
			rc = o->knobs < MAX_KNOBS ? parse_knob(o, optarg)
						  : fail(RC_USAGE, "too many knobs: %s: at most %d",
							 optarg, MAX_KNOBS);
			if (!rc)
				o->knob[o->knobs++] = optarg;
			break;
		}
		if (rc)
			return rc;
	}
	if (optind < argc)
		return fail(RC_USAGE, "unexpected argument: %s: see point --help", argv[optind]);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!(seen & 1u << (needed[i] - SERVER)))
			return fail(RC_USAGE, "missing option: --%s: see point --help",
				    longs[needed[i] - SERVER].name);
	return check_whole(o);
}
