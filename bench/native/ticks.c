// SPDX-License-Identifier: GPL-2.0-only
/* Time in ticks: see ticks.h. */
#include "ticks.h"

#include <cpuid.h>
#include <time.h>
#include <x86intrin.h>

/* CPUID: a time stamp counter that runs at one rate (invariant), and rdtscp. */
static bool usable(void)
{
	static int known = -1;
	unsigned int a, b, c, d;

	if (known < 0)
		known = __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1 << 8 &&
			__get_cpuid(0x80000001, &a, &b, &c, &d) && d & 1 << 27;
	return known;
}

static uint64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

uint64_t ticks_now(void)
{
	unsigned int cpu;

	return usable() ? __rdtscp(&cpu) : monotonic();
}

void ticks_begin(struct ticks *t)
{
	t->at = monotonic();
	t->tick = ticks_now();
}

void ticks_end(struct ticks *t)
{
	uint64_t at = monotonic(), tick = ticks_now();

	t->ns = usable() && tick > t->tick ? (double)(at - t->at) / (tick - t->tick) : 1;
}

double ticks_ghz(const struct ticks *t)
{
	uint64_t best = UINT64_MAX;

	if (!usable())
		return 0;
	/* The fastest of some: the others were interrupted. */
	for (int i = 0; i < 5; i++) {
		unsigned long turns = 1000000;
		uint64_t from = ticks_now(), took;

		__asm__ __volatile__("1: dec %0; jnz 1b" : "+r"(turns)::"cc");
		took = ticks_now() - from;
		best = took < best ? took : best;
	}
	return 1000000 / (best * t->ns);
}

const char *ticks_name(void)
{
	return usable() ? "rdtscp" : "clock_gettime";
}
