// SPDX-License-Identifier: GPL-2.0-only
/* The words a configuration may use, and the checks of their values. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vocab.h"

static const char *const servers[] = { "userspace", "intree", "vhostlab", "uring",
				       "vhostuser", "floor",  NULL };
static const char *const workloads[] = { "tx",	   "rx",       "rr",	 "echo",   "ping",
					 "udp_rr", "tcp_rr",   "tcp_tx", "tcp_rx", "udp_tx",
					 "udp_rx", "rr_flood", "stream", NULL };
static const char *const sinks[] = { "check", "stack", "xdp_drop", "forward", "drop", NULL };
/* In the order of the bits PROCESS, QEMU, DPDK. */
static const char *const guest_kinds[] = { "process", "qemu", "dpdk", NULL };
static const char *const workers[] = { "device", "queue", "workqueue", "shared", "caller", NULL };
/* Clock native: where the two sides run, and when the driver shows its buffers. */
static const char *const cores[] = { "two", "turns", "smt", NULL };
static const char *const publishes[] = { "each", "burst", NULL };
static const char *const accesses[] = { "uaccess", "pinned", NULL };
/* Which of the module's optimizations is left out: one, or all but one. */
static const char *const withouts[] = { "none",	   "all",	   "array",   "only-array",
					"direct",  "only-direct",  "region",  "only-region",
					"ahead",   "only-ahead",   "late",    "only-late",
					"recheck", "only-recheck", "deliver", "only-deliver",
					"window",  "only-window",  "gather",  "only-gather",
					"once",	   "only-once",	   "burst",   "only-burst",
					"yield",   "only-yield",   NULL };
/* How the bench's guest and what serves it are scheduled. */
static const char *const policies[] = { "other", "batch", NULL };
static const char *const txmodes[] = { "bh", "timer", NULL };
/* What observes: see bench/point. All but the first seven are tools, trace/NAME.bt. */
static const char *const traces[] = { "off",
				      "out",
				      "count",
				      "record",
				      "events",
				      "profile",
				      "functions",
				      "stages",
				      "batches",
				      "wakeup",
				      "depth",
				      "syscalls",
				      "notifications",
				      "errors",
				      "pollhits",
				      "topguests",
				      "intree-batches",
				      "intree-notifications",
				      "intree-stages",
				      "intree-wakeup",
				      NULL };

const struct axis_info axes[AXIS_COUNT] = {
	[AXIS_WORKLOAD] = { "workload", workloads, 0, 0, NULL },
	[AXIS_SINK] = { "sink", sinks, 0, 0, "stack" },
	[AXIS_GUEST] = { "guest", guest_kinds, 0, 0, "process" },
	[AXIS_SIZE] = { "size", NULL, 60, 65535, "64" },
	[AXIS_BURST] = { "burst", NULL, 1, 1024, "1" },
	[AXIS_QUEUES] = { "queues", NULL, 1, 8, "1" },
	[AXIS_GUESTS] = { "guests", NULL, 1, 32, "1" },
	[AXIS_SERVER] = { "server", servers, 0, 0, NULL },
};

const struct knob_info knobs[] = {
	{ "event_idx", KNOB_GUEST, PROCESS | QEMU, NULL, 0, 1, false, "1" },
	{ "indirect", KNOB_GUEST, PROCESS, NULL, 0, 1, false, "0" },
	{ "mrg_rxbuf", KNOB_GUEST, ANY_GUEST, NULL, 0, 1, false, "1" },
	{ "version_1", KNOB_GUEST, PROCESS, NULL, 0, 1, false, "1" },
	{ "packed", KNOB_GUEST, ANY_GUEST, NULL, 0, 1, false, "0" },
	{ "in_order", KNOB_GUEST, PROCESS, NULL, 0, 1, false, "0" },
	{ "ring", KNOB_GUEST, PROCESS | DPDK, NULL, 64, 1024, true, "256" },
	{ "calls", KNOB_GUEST, PROCESS, NULL, 0, 1, false, "1" },
	{ "pace", KNOB_GUEST, PROCESS, NULL, 0, 1000000000, false, "0" },
	{ "work", KNOB_GUEST, PROCESS, NULL, 0, 1000000, false, "0" },
	{ "policy", KNOB_GUEST, PROCESS, policies, 0, 0, false, "other" },
	{ "offload", KNOB_GUEST, QEMU, NULL, 0, 1, false, "1" },
	{ "rate", KNOB_GUEST, QEMU, NULL, 1, 1000000, false, "3777" },
	{ "regions", KNOB_VHOST, PROCESS, NULL, 1, 509, false, "1" },
	{ "log", KNOB_VHOST, PROCESS, NULL, 0, 1, false, "0" },
	{ "poll_us", KNOB_VHOST, PROCESS | QEMU, NULL, 0, 1000000, false, "0" },
	{ "sndbuf", KNOB_GUEST, PROCESS, NULL, 0, 2147483647, false, "0" },
	{ "zcopytx", KNOB_INTREE, PROCESS, NULL, 0, 1, false, "0" },
	{ "cores", KNOB_RIG, PROCESS, cores, 0, 0, false, "two" },
	{ "publish", KNOB_RIG, PROCESS, publishes, 0, 0, false, "each" },
	{ "copy", KNOB_RIG, PROCESS, NULL, 0, 1, false, "1" },
	{ "trace", KNOB_GUEST, PROCESS, traces, 0, 0, false, "off" },
	{ "worker", KNOB_MODULE, ANY_GUEST, workers, 0, 0, false, "device" },
	{ "tx_batch", KNOB_MODULE, ANY_GUEST, NULL, 1, 256, false, "64" },
	{ "rx_batch", KNOB_MODULE, ANY_GUEST, NULL, 1, 256, false, "64" },
	{ "packet_weight", KNOB_MODULE, ANY_GUEST, NULL, 1, 1048576, false, "256" },
	{ "caller_weight", KNOB_MODULE, ANY_GUEST, NULL, 1, 1048576, false, "128" },
	{ "zerocopy", KNOB_MODULE, ANY_GUEST, NULL, 0, 65535, false, "0" },
	{ "ring_access", KNOB_MODULE, ANY_GUEST, accesses, 0, 0, false, "uaccess" },
	{ "without", KNOB_MODULE, ANY_GUEST, withouts, 0, 0, false, "none" },
	{ "prefetch", KNOB_MODULE, ANY_GUEST, NULL, 0, 1, false, "0" },
	{ "poll_adapt", KNOB_MODULE, ANY_GUEST, NULL, 0, 1, false, "0" },
	{ "shared_poll_us", KNOB_MODULE, ANY_GUEST, NULL, 0, 1000000, false, "50" },
	{ "ioeventfd", KNOB_VMM, QEMU, NULL, 0, 1, false, "1" },
	{ "txmode", KNOB_VMM, QEMU, txmodes, 0, 0, false, "bh" },
};
const size_t knob_count = sizeof(knobs) / sizeof(knobs[0]);

bool parse_number(const char *text, long min, long max, long *number)
{
	char *end;
	long value;

	/* A leading zero would let one number be written in two ways. */
	if (!*text || text[strspn(text, "0123456789")] || (*text == '0' && text[1]))
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	if (number)
		*number = value;
	return true;
}

bool clock_known(const char *name)
{
	return !strcmp(name, "insn") || !strcmp(name, "wall") || !strcmp(name, "native");
}

bool kernel_known(const char *name)
{
	static const char in_releases[] = "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~_-";
	int major, minor, end = 0;

	if (!strcmp(name, "default"))
		return true;
	if (!isdigit((unsigned char)*name) ||
	    sscanf(name, "%2d.%2d%n", &major, &minor, &end) != 2 || name[0] == '0')
		return false;
	/* Older ones lack what the module is built on. */
	if (major < 6 || (major == 6 && minor < 1))
		return false;
	if (!name[end])
		return true;
	/* With what else: a number of Debian's or a local version. Without, a series was meant. */
	return name[end] == '.' && isdigit((unsigned char)name[end + 1]) && strpbrk(name, "-+") &&
	       !name[strspn(name, in_releases)];
}

bool kernel_check(const char *name, char *why, size_t why_size)
{
	if (kernel_known(name))
		return true;
	snprintf(why, why_size, "is not known; allowed: " KERNELS_ALLOWED);
	return false;
}

bool precision_known(const char *text, double *share)
{
	char *end;

	/* strtod also takes 0x10 and 1e1. */
	if (!isdigit((unsigned char)*text) || text[strspn(text, "0123456789.")] != '%')
		return false;
	*share = strtod(text, &end) / 100;
	return !strcmp(end, "%") && *share > 0 && *share < 1;
}

/* A parameter that lab/run sets, or that changes what the lab is. */
static bool labs_own(const char *name, size_t length)
{
	static const char *const own[] = {
		"console",	 "panic",	"oops",		  "tsc",
		"tsc_early_khz", "noapictimer", "no_timer_check", "nokaslr",
		"norandmaps",	 "reboot",	"init",		  "rdinit",
		"root",		 "maxcpus",	"nr_cpus",	  "nosmp",
		"mem",		 "net.ifnames", "clocksource",	  "random.trust_cpu"
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == length && !strncmp(own[i], name, length))
			return true;
	return false;
}

bool append_known(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	size_t name, value;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		name = strspn(text, letters);
		if (!name || *text == '-' || labs_own(text, name))
			return false;
		text += name;
		if (*text == '=') {
			value = strcspn(text + 1, " ");
			if (!value || strcspn(text + 1, "\"'\\$`;&|<>()#*?") < value)
				return false;
			text += 1 + value;
		}
		if (*text && *text != ' ')
			return false;
	}
	return true;
}

int axis_find(const char *name)
{
	for (int i = 0; i < AXIS_COUNT; i++)
		if (!strcmp(axes[i].name, name))
			return i;
	return -1;
}

const struct knob_info *knob_find(const char *name)
{
	for (size_t i = 0; i < knob_count; i++)
		if (!strcmp(knobs[i].name, name))
			return &knobs[i];
	return NULL;
}

/* Packed rings: the bench's own processes and the kernel's vhost_net do not serve them. */
static bool serves_packed(const char *server, const char *guest)
{
	if (!strcmp(server, "userspace"))
		return !strcmp(guest, "qemu");
	return !strcmp(server, "vhostlab") || !strcmp(server, "vhostuser");
}

bool knob_applies(const struct knob_info *knob, const char *server, const char *guest)
{
	/* No ring and no guest: there is nothing to set, but something to trace. */
	if (!strcmp(server, "floor"))
		return !strcmp(knob->name, "trace");
	for (int i = 0; guest_kinds[i]; i++)
		if (!strcmp(guest_kinds[i], guest) && !(knob->guests & 1u << i))
			return false;
	switch (knob->side) {
	case KNOB_GUEST:
		if (!strcmp(knob->name, "in_order"))
			return !strcmp(server, "vhostlab");
		return strcmp(knob->name, "packed") || serves_packed(server, guest);
	case KNOB_RIG:
	case KNOB_VHOST:
		return !strcmp(server, "intree") || !strcmp(server, "vhostlab");
	case KNOB_INTREE:
		return !strcmp(server, "intree");
	case KNOB_MODULE:
		return !strcmp(server, "vhostlab");
	case KNOB_VMM:
		return !strcmp(server, "userspace");
	}
	return false;
}

static void print_allowed(FILE *out, const char *const *words, long min, long max, bool power)
{
	if (!words) {
		fprintf(out, "%s from %ld to %ld", power ? "a power of two" : "a whole number", min,
			max);
		return;
	}
	for (int i = 0; words[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "", words[i]);
}

static bool value_check(const char *const *words, long min, long max, bool power, const char *value,
			long *number, char *why, size_t why_size)
{
	long n = 0;
	FILE *out;

	if (words) {
		for (int i = 0; words[i]; i++)
			if (!strcmp(words[i], value))
				return true;
	} else if (parse_number(value, min, max, &n) && (!power || !(n & (n - 1)))) {
		if (number)
			*number = n;
		return true;
	}
	out = fmemopen(why, why_size, "w");
	if (out) {
		fprintf(out, "is not known; allowed: ");
		print_allowed(out, words, min, max, power);
		fclose(out);
	} else if (why_size) {
		*why = '\0';
	}
	return false;
}

bool axis_check(enum axis axis, const char *value, long *number, char *why, size_t why_size)
{
	const struct axis_info *info = &axes[axis];

	return value_check(info->words, info->min, info->max, false, value, number, why, why_size);
}

bool knob_check(const struct knob_info *knob, const char *value, char *why, size_t why_size)
{
	return value_check(knob->words, knob->min, knob->max, knob->power_of_two, value, NULL, why,
			   why_size);
}

void vocab_print(FILE *out)
{
	static const char *const owners[] = { [KNOB_VHOST] = "intree or vhostlab",
					      [KNOB_INTREE] = "intree",
					      [KNOB_MODULE] = "vhostlab",
					      [KNOB_VMM] = "userspace" };

	for (int i = 0; i < AXIS_COUNT; i++) {
		fprintf(out, "  %-19s ", axes[i].name);
		print_allowed(out, axes[i].words, axes[i].min, axes[i].max, false);
		if (axes[i].fallback)
			fprintf(out, " (default %s)", axes[i].fallback);
		fputc('\n', out);
	}
	for (size_t i = 0; i < knob_count; i++) {
		fprintf(out, "  knob.%-14s ", knobs[i].name);
		print_allowed(out, knobs[i].words, knobs[i].min, knobs[i].max,
			      knobs[i].power_of_two);
		fprintf(out, " (default %s", knobs[i].fallback);
		if (knobs[i].side == KNOB_RIG)
			fputs(", clock native only", out);
		else if (knobs[i].side != KNOB_GUEST)
			fprintf(out, ", server %s only", owners[knobs[i].side]);
		if (knobs[i].guests != ANY_GUEST) {
			const char *before = ", guest ";

			for (int g = 0; guest_kinds[g]; g++) {
				if (!(knobs[i].guests & 1u << g))
					continue;
				fprintf(out, "%s%s", before, guest_kinds[g]);
				before = " or ";
			}
			fputs(" only", out);
		}
		fputs(")\n", out);
	}
}

void vocab_defaults(FILE *out)
{
	for (size_t i = 0; i < knob_count; i++)
		fprintf(out, "%s\"%s\":%s%s%s", i ? "," : "{", knobs[i].name,
			knobs[i].words ? "\"" : "", knobs[i].fallback, knobs[i].words ? "\"" : "");
	fputs("}\n", out);
}

bool duration_known(const char *text, long *ms)
{
	char *unit;

	*ms = strtol(text, &unit, 10);
	if (*text < '1' || *text > '9' || *ms > 3600000)
		return false;
	if (!strcmp(unit, "s"))
		*ms *= 1000;
	else if (strcmp(unit, "ms"))
		return false;
	return *ms >= 10 && *ms <= 3600000;
}
