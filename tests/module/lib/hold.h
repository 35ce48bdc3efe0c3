/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory whose pages come when a test lets them: the device's copy stops
 * at each page it touches for the first time, the test does something, and the
 * copy goes on. So a guest can show more while the device is in the middle of a
 * chain, as often as it likes and without a race.
 */
#ifndef VHOSTLAB_TEST_HOLD_H
#define VHOSTLAB_TEST_HOLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "guest.h"

#define HOLD_GPA  0x100000000ULL
#define HOLD_PAGE 4096u

struct hold {
	uint8_t *mem;
	unsigned int pages;
	/* The device waits for that page. Called from a thread of hold_start(). */
	void (*wanted)(unsigned int page);
	atomic_uint served;
	atomic_bool over;
	pthread_t thread;
	int fd;
};

/* Memory without pages, not yet shown to a device. */
void hold_start(struct hold *h, unsigned int pages, void (*wanted)(unsigned int page));
/* After the device is closed. */
void hold_stop(struct hold *h);
/* The memory table: guest memory, and that of h at HOLD_GPA. Bails out on failure. */
void hold_show(const struct hold *h, struct guest *g);

static inline uint64_t hold_gpa(unsigned int page)
{
	return HOLD_GPA + (uint64_t)page * HOLD_PAGE;
}

#endif
