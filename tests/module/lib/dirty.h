/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the device wrote, as the processor saw it: the kernel marks each page
 * of a mapping that is written through it (soft-dirty). The device has a
 * mapping of its own (places.h), so the marks there are the device's alone,
 * whatever it wrote and whether or not that changed anything. Beside it the
 * dirty log, which has to name the same pages.
 */
#ifndef VHOSTLAB_TEST_DIRTY_H
#define VHOSTLAB_TEST_DIRTY_H

#include "places.h"

#define LOG_PAGE 4096u
/* The log has bits for guest memory and for as much again behind it. */
#define LOG_PAGES ((GUEST_GPA + 0x10000000ULL) / LOG_PAGE)
#define LOG_BYTES (LOG_PAGES / 8)

/* False where this kernel does not mark pages; says why. */
bool dirty_works(void);
uint8_t *log_new(void);
void log_free(uint8_t *log);
int log_base(struct guest *g, const uint8_t *log);

static inline bool log_names(const uint8_t *log, uint64_t gpa)
{
	return log[gpa / LOG_PAGE / 8] >> gpa / LOG_PAGE % 8 & 1;
}

/* Whether the log knows that offset by the address that was set for the rings. */
bool dirty_shifted(const struct guest *g, size_t off);

/* No page of this process is marked any more. */
void dirty_clear(void);
/*
 * One test line: the log names what was written through the places, and
 * nothing else. The log may know memory shift bytes behind where it is
 * usually, and the rings ring_shift bytes behind that.
 */
void dirty_compare(const struct places *p, const uint8_t *log, uint64_t shift, uint64_t ring_shift,
		   const char *what);

#endif
