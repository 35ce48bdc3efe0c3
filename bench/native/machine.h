/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What single steps of a virtqueue cost on this machine, each measured by itself between two pinned
 * threads or in one: see machine.c for what each window does.
 */
#ifndef NATIVE_MACHINE_H
#define NATIVE_MACHINE_H

#include "lib/common.h"

#define MACHINE_WINDOWS 400

struct machine_constant {
	const char *name; /* as constant_names[], or one of the model's others */
	const char *what; /* in a sentence */
	double ns[MACHINE_WINDOWS]; /* of each window, sorted */
	unsigned int windows;
};

/*
 * Measures all of them on the processors @cpu (which may be equal: then those of two processors are
 * left out). @all has room for @most; *n is how many there are. Returns an RC_ value after one line
 * on stderr.
 */
int machine_measure(const int cpu[2], struct machine_constant *all, unsigned int most,
		    unsigned int *n);

/*
 * How long a line that cpu[1] wrote takes to cpu[0], in ns: the median of all windows, the constant
 * `line`. It tells how close a hypervisor has put the two processors just now. Returns as above.
 */
int machine_line(const int cpu[2], double *ns);

#endif
