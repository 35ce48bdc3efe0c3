/* SPDX-License-Identifier: GPL-2.0-only */
/* Quantiles of what one measurement has many of. */
#ifndef VL_QUANTILE_H
#define VL_QUANTILE_H

#include <math.h>
#include <stdint.h>

/* The index in n sorted values of the smallest that at least the share q of all does not exceed. */
static inline uint64_t quantile_rank(uint64_t n, double q)
{
	uint64_t rank = ceil(q * n);

	return rank ? rank - 1 : 0;
}

#endif
