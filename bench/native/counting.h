/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rig's side of counting what it executes (counted.h): all of this does nothing unless the rig
 * was started by the program counted.
 */
#ifndef NATIVE_COUNTING_H
#define NATIVE_COUNTING_H

#include "counted.h"
#include "driver.h"

/* Whether this run is counted: it maps the file. Also false, after a line on stderr, on errors. */
bool counting_open(void);
/* Says where the rings of @d are, and how many threads execute the sides. */
void counting_places(struct driver *d, unsigned int sides);
/* The server whose code is named as the server's while it runs; the driver's is all else. */
const struct rig_server *counting_server(const struct rig_server *real);
/* The calling thread is this side; returns when the other one has said so, too. */
void counting_side(unsigned int side);
/* For the server's thread: waits until the driver's is about to call counting_side(). */
void counting_await(void);
void counting_phase(uint64_t phase);
/* Of the counted pass. */
void counting_result(uint64_t packets, uint64_t served, uint64_t kicks, uint64_t calls);

#endif
