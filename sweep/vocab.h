/* SPDX-License-Identifier: GPL-2.0-only */
/* The words a configuration may use: axes, their values, and knobs. */
#ifndef PLAN_VOCAB_H
#define PLAN_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* "2s" or "500ms", from 10 ms to an hour, in ms; false for anything else. */
bool duration_known(const char *text, long *ms);

/* Axes in the order in which they are crossed: the first one varies slowest. */
enum axis {
	AXIS_WORKLOAD,
	AXIS_SINK,
	AXIS_GUEST,
	AXIS_SIZE,
	AXIS_BURST,
	AXIS_QUEUES,
	AXIS_GUESTS,
	AXIS_SERVER,
	AXIS_COUNT
};

struct axis_info {
	const char *name;
	const char *const *words; /* allowed words, or NULL for a number */
	long min, max; /* allowed range of a number */
	const char *fallback; /* value when the configuration has none, or NULL */
};

enum knob_side {
	KNOB_GUEST, /* negotiated by the guest: has an effect with every server */
	KNOB_RIG, /* of clock native alone: has an effect with servers intree and vhostlab */
	KNOB_VHOST, /* set in a vhost device: has an effect with servers intree and vhostlab */
	KNOB_INTREE, /* parameter of vhost_net: has an effect with server intree */
	KNOB_MODULE, /* parameter of vhostlab_net: has an effect with server vhostlab */
	KNOB_VMM, /* how QEMU itself serves: has an effect with server userspace */
};

/* Guests with which a knob has an effect. */
enum { PROCESS = 1, QEMU = 2, DPDK = 4, ANY_GUEST = PROCESS | QEMU | DPDK };

struct knob_info {
	const char *name;
	enum knob_side side;
	unsigned int guests; /* a set of PROCESS, QEMU, DPDK */
	const char *const *words; /* allowed words, or NULL for a number */
	long min, max;
	bool power_of_two;
	const char *fallback; /* a knob at its default is not part of a point */
};

extern const struct axis_info axes[AXIS_COUNT];
extern const struct knob_info knobs[];
extern const size_t knob_count;

/* The axis or knob of that name; -1 or NULL when there is none. */
int axis_find(const char *name);
const struct knob_info *knob_find(const char *name);

/* Does the knob change anything for that server and that guest? */
bool knob_applies(const struct knob_info *knob, const char *server, const char *guest);

/*
 * Checks @value and returns true, or writes what is wrong and what is allowed
 * into @why and returns false. A number is stored in @number (may be NULL).
 */
bool axis_check(enum axis axis, const char *value, long *number, char *why, size_t why_size);
bool knob_check(const struct knob_info *knob, const char *value, char *why, size_t why_size);

/* How a sweep takes the time: clock. */
bool clock_known(const char *name);
#define CLOCKS_ALLOWED "insn, wall, native"

/*
 * What lab/kernel may find: default, a series from 6.1 on, or a release of one as
 * Debian or a kernel tree's local version names it.
 */
bool kernel_known(const char *name);
#define KERNELS_ALLOWED \
	"default, a series from 6.1 on such as 6.12, or a release such as 6.1.0-56-amd64"

/* The same with what is allowed in @why. */
bool kernel_check(const char *name, char *why, size_t why_size);

/* Is it a percentage above 0 and below 100? Then *@share is it, from 0 to 1. */
bool precision_known(const char *text, double *share);

/*
 * Is @text one or more parameters for the kernel's command line? Without quotes, and without those
 * that the lab's machine and clock depend on.
 */
bool append_known(const char *text);

/* A whole decimal number in [min, max], nothing before or behind it. */
bool parse_number(const char *text, long min, long max, long *number);

/* Every axis and knob with its allowed values, for `run.sh list`. */
void vocab_print(FILE *out);

/* What every knob is in a point that does not name it, as one JSON object. */
void vocab_defaults(FILE *out);

#endif
