// SPDX-License-Identifier: GPL-2.0-only
/* Log-linear histograms: merging, percentiles. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "sample.h"

bool histogram_add(struct histogram *h, const struct bucket *bucket)
{
	struct bucket grid = bucket_of(bucket->from);
	int at = h->buckets;

	if (grid.from != bucket->from || grid.to != bucket->to)
		return false;
	/* They come in ascending order, so the search is short from the end. */
	while (at && h->bucket[at - 1].from >= bucket->from)
		at--;
	if (at == h->buckets || h->bucket[at].from != bucket->from) {
		h->bucket = checked(realloc(h->bucket, (h->buckets + 1) * sizeof(*h->bucket)));
		memmove(&h->bucket[at + 1], &h->bucket[at], (h->buckets - at) * sizeof(*h->bucket));
		h->bucket[at] = grid;
		h->bucket[at].count = 0;
		h->buckets++;
	}
	h->bucket[at].count += bucket->count;
	h->count += bucket->count;
	return true;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (int i = 0; i < from->buckets; i++)
		histogram_add(to, &from->bucket[i]);
}

double histogram_percentile(const struct histogram *h, double q)
{
	uint64_t place = (uint64_t)ceil(q * h->count), below = 0;
	int i = 0;

	if (!h->count)
		return NAN;
	place = place ? place : 1;
	while (i < h->buckets - 1 && below + h->bucket[i].count < place)
		below += h->bucket[i++].count;
	return h->bucket[i].from + (h->bucket[i].to - 1 - h->bucket[i].from) *
					   (place - below - 0.5) / h->bucket[i].count;
}
