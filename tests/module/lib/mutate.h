/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile guest: two vCPUs change rings, indirect tables, headers and frames at random while the
 * device serves them, and a far end sends frames and takes them. Devices by chance: every ring size
 * from 1 to 32768, layout, access to rings, threading model, backend and feature. Around the rings
 * and around what the memory table and the log show lie canaries.
 */
#ifndef VHOSTLAB_TEST_MUTATE_H
#define VHOSTLAB_TEST_MUTATE_H

#include <stdatomic.h>

#include "anything.h"
#include "nic.h"

/* Of all devices together. */
struct mutations {
	atomic_ulong mutations, repairs, refused; /* of queues that had stopped */
	unsigned long devices, served, broken; /* frames; rules that the device found broken */
	char what[300]; /* the last device, and what became of it */
};

/*
 * One device under 40,000 mutations; its knobs are set by chance, and stay so. False when a byte
 * outside of what it may write to has changed, or when it does not serve the next frames.
 * @alone: there is no other device, so that counters are its own.
 */
bool mutate_device(struct mutations *totals, struct tap *tap, bool alone, struct dice *d);
/* All those knobs as they are by default. */
void mutate_knobs_back(void);

#endif
