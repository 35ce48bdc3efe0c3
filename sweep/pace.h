/* SPDX-License-Identifier: GPL-2.0-only */
/* How long the rest of a sweep takes: the model of estimate.c, corrected by what was measured. */
#ifndef PROGRESS_PACE_H
#define PROGRESS_PACE_H

enum pace_end {
	PACE_WHOLE, /* a measurement took this long */
	PACE_SKIPPED, /* it cannot be made here: no other server's takes this long */
	PACE_SPOILED, /* it failed or hung, and says nothing of others */
};

/* Reads what plan --pace printed: the number of its last step, 0 when there is none. */
long pace_read(const char *path);

/* The measured times of an earlier part of this sweep; a file that is not there is empty. */
void pace_remember(const char *path);

/* Writes them, those of the most general kinds: a hint, so that failing is no error. */
void pace_keep(const char *path);

/* Step number @step of the schedule took @seconds. */
void pace_measured(long step, double seconds, enum pace_end end);

/*
 * Seconds left when step @step has been running for @seconds. Step 0 is the start,
 * before any measurement. Negative when nothing is known.
 */
double pace_left(long step, double seconds);

#endif
