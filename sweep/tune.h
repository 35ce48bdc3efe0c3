/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the measuring machine's settings disturbs a measurement on given processors. */
#ifndef HOST_TUNE_H
#define HOST_TUNE_H

#include "../bench/lib/cpus.h"

/* A sysctl that matters here. */
struct tune_sysctl {
	const char *name; /* as sysctl(8) has it */
	const char *value; /* that disturbs least */
	const char *what;
};

#define TUNE_SYSCTLS 4
extern const struct tune_sysctl tune_sysctls[TUNE_SYSCTLS];

/* The file of it below /proc/sys, in @path. */
void tune_sysctl_path(const struct tune_sysctl *s, char *path, size_t size);

/*
 * Changes them, each by way of @journal, and says on stderr what. RC_FAIL
 * where the journal cannot be written; what the kernel refuses is only counted.
 */
int tune(const char *journal, const struct cpus *c);

/* Says in one line on stderr what tune() would change; nothing where that is nothing. */
void tune_advise(const struct cpus *c);

#endif
