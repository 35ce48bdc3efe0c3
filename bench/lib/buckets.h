/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one grid of all latency histograms: below 64 a bucket holds one value,
 * above it each power of two has 32 equal ones, so a bucket is never wider than
 * a 32nd of what it holds. Histograms on one grid are merged by adding counts.
 */
#ifndef BENCH_BUCKETS_H
#define BENCH_BUCKETS_H

#include <stdint.h>

/* Values from @from up to, not including, @to. */
struct bucket {
	uint64_t from, to, count;
};

/* The bucket that @value belongs to, holding one. */
static inline struct bucket bucket_of(uint64_t value)
{
	unsigned int shift = value < 64 ? 0 : 63 - __builtin_clzll(value) - 5;
	uint64_t from = value >> shift << shift;

	return (struct bucket){ from, from + (1ULL << shift), 1 };
}

#endif
