/* SPDX-License-Identifier: GPL-2.0-only */
/* Driver and server on their processors, and the time that they take. */
#ifndef NATIVE_PAIR_H
#define NATIVE_PAIR_H

#include "driver.h"

struct pair_result {
	uint64_t packets, lost, corrupt, misordered;
	uint64_t kicks, calls;
	double seconds; /* of all windows */
	double *window; /* ns per buffer of each, sorted; owned */
	unsigned int windows;
	/* ns per buffer of a pass of its own in which each side is not waiting; NAN in turns */
	double driver_busy, server_busy;
	double ghz; /* of the driver's processor, right after the windows; 0: not known */
	int cpu[2]; /* of the driver, of the server */
	double line[2]; /* ns of a line's way, before all passes and after; NAN in turns */
};

/* Measures what @o asks for. Returns an RC_ value after one line on stderr; free @r's windows. */
int pair_run(const struct options *o, struct pair_result *r);

#endif
