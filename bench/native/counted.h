/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the native rig, executed by QEMU's user mode, and QEMU's plugin (lab/plugin/lines.c) tell
 * each other through a file that both map: where the parts of the rings are, when to count, the
 * constants of the machine, and what was counted. The program counted.c fills in the constants,
 * starts both, and reads the counts. The plugin looks at the rig's stores to @mark and @phase.
 */
#ifndef NATIVE_COUNTED_H
#define NATIVE_COUNTED_H

#include <stdint.h>

/* The environment variable that names the file. */
#define COUNTED_FILE "VHOSTLAB_COUNTED"

/* What an address belongs to; in the JSON of a count by these names, see counted.c. */
enum counted_place {
	PLACE_DESC, /* descriptors, and tables of indirect ones */
	PLACE_AVAIL, /* the driver's index and entries */
	PLACE_USED, /* the device's */
	PLACE_FLAGS, /* notification settings: flags, event indices, event structures */
	PLACE_PAYLOAD, /* headers and frames */
	PLACE_BELL, /* doorbells */
	PLACE_OWN, /* all else: state of either side, stacks, the tap's frames */
	PLACES
};

/* Constants of the machine, in picoseconds each. */
enum constant {
	CONST_INSTRUCTION, /* of straight ring code, its own caches hit */
	CONST_LINE, /* a line that the other processor wrote is loaded, and waited for */
	CONST_LINE_MORE, /* the same, while another one is under way */
	CONST_LINE_STORE, /* a store to a line that the other processor has, one of a stream */
	CONST_LOCKED, /* a locked operation on an own line, which is the kernel's full barrier */
	CONST_WINDOW, /* an lfence, as at the begin of a window of user memory */
	CONST_PAUSE,
	CONST_COPY, /* a string operation by bytes, of 64 */
	CONST_WORDS, /* one by words, of 8 */
	CONST_COPY_MORE, /* each 64 bytes more of either */
	CONSTANTS
};

/* Counts of a side between phase 2 and phase 3. */
struct counted_side {
	uint64_t instructions; /* all; of them */
	uint64_t polling; /* between two pauses that are close: the side waits */
	uint64_t locked, windows, pauses;
	/* string operations by bytes, and by words; 64 bytes of either beyond the first */
	uint64_t copies, words, copied;
	uint64_t touched[PLACES]; /* turns to another line of that place */
	uint64_t alone[PLACES], more[PLACES], stored[PLACES]; /* lines that travelled, by kind */
	uint64_t drained; /* locked operations that waited for such a store */
	uint64_t ps, polling_ps; /* the sum of constants times counts; of polling */
};

/* Values of @phase. */
enum { COUNTED_OFF, COUNTED_WARM, COUNTED_ON, COUNTED_DONE };

struct counted {
	/* Written by the rig. */
	uint64_t self; /* its address of this structure */
	uint64_t sides; /* threads: 2, or 1 in turns */
	uint64_t mark[2]; /* stored to by a thread: it is this side, and waits for the other */
	uint64_t phase;
	uint64_t side; /* in turns: whose code runs */
	uint64_t packets, kicks, calls; /* of the counted pass */
	uint64_t served; /* packets that the server was done with in it; it may be ahead or behind */
	uint64_t regions;
	struct {
		uint64_t from, to, place;
	} region[24]; /* the first that has an address counts */

	uint64_t constant[CONSTANTS]; /* by the program that starts both */

	/* Written by the plugin. */
	struct counted_side of[2]; /* driver, server */
	uint64_t elapsed; /* ps from phase 2 to phase 3, on the driver's clock */
};

#endif
