// SPDX-License-Identifier: GPL-2.0-only
/* Pages written and pages named: see dirty.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dirty.h"
#include "nic.h"
#include "tap.h"

#define SOFT_DIRTY BIT64(55)

void dirty_clear(void)
{
	int err = file_put("/proc/self/clear_refs", "4");

	if (err)
		tap_bail("clear_refs: %s", strerror(-err));
}

/* The kernel's notes on n pages from at on, a mark among them. */
static void pages_read(const void *at, uint64_t *entries, size_t n)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0 ||
	    pread(fd, entries, n * 8, (off_t)((uintptr_t)at / LOG_PAGE * 8)) != (ssize_t)(n * 8))
		tap_bail("pagemap: %s", strerror(errno));
}

bool dirty_works(void)
{
	uint8_t *p = log_new();
	uint64_t before[2], after[2];

	p[0] = p[LOG_PAGE] = 1;
	dirty_clear();
	pages_read(p, before, 2);
	p[LOG_PAGE] = 1;
	pages_read(p, after, 2);
	log_free(p);
	return !((before[0] | before[1] | after[0]) & SOFT_DIRTY) && after[1] & SOFT_DIRTY;
}

uint8_t *log_new(void)
{
	uint8_t *p =
		mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		tap_bail("log: %s", strerror(errno));
	return p;
}

void log_free(uint8_t *log)
{
	munmap(log, LOG_BYTES);
}

int log_base(struct guest *g, const uint8_t *log)
{
	uint64_t base = (uintptr_t)log;

	return dev_ioctl(g->fd, VHOST_SET_LOG_BASE, &base);
}

bool dirty_shifted(const struct guest *g, size_t off)
{
	return off < 2 * RING_AREA && !(g->q[0].packed && off % RING_AREA < 0x8000);
}

/* The log as it should be. */
static void log_want(const struct places *p, uint64_t shift, uint64_t ring_shift, uint8_t *want)
{
	static uint64_t entries[GUEST_MEM / LOG_PAGE];

	for (unsigned int i = 0; i < p->n; i++) {
		size_t n = places_len(p, i) / LOG_PAGE, off = i * p->piece;

		pages_read(places_at(p, off), entries, n);
		for (size_t k = 0; k < n; k++, off += LOG_PAGE) {
			uint64_t page = (gpa_of(off) + shift) / LOG_PAGE;

			if (dirty_shifted(p->g, off))
				page += ring_shift / LOG_PAGE;
			if (entries[k] & SOFT_DIRTY)
				want[page / 8] |= (uint8_t)(1 << page % 8);
		}
	}
}

void dirty_compare(const struct places *p, const uint8_t *log, uint64_t shift, uint64_t ring_shift,
		   const char *what)
{
	static uint8_t want[LOG_BYTES];
	unsigned int missing = 0, extra = 0, named = 0;

	memset(want, 0, sizeof(want));
	log_want(p, shift, ring_shift, want);
	for (size_t i = 0; i < LOG_BYTES; i++) {
		unsigned int lacks = want[i] & ~log[i], more = log[i] & ~want[i];

		named += (unsigned int)__builtin_popcount(log[i]);
		missing += (unsigned int)__builtin_popcount(lacks);
		extra += (unsigned int)__builtin_popcount(more);
		if (lacks | more)
			tap_note(
				"8 pages at %llx: %02x written, not named, %02x named, not written",
				(unsigned long long)i * 8 * LOG_PAGE, lacks, more);
	}
	tap_ok(!missing && !extra, "%s: %u pages named, %u missing, %u too many", what, named,
	       missing, extra);
}
