/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments of pages for frames on their way to the backend. Pages are
 * referenced many times in advance, so that taking a fragment is two
 * subtractions; whoever ends up with a fragment frees it as any page.
 */
#ifndef VHOSTLAB_FRAG_H
#define VHOSTLAB_FRAG_H

#include "vhostlab.h"

bool vhl_frags_refill(struct vhl_frags *f);
void vhl_frags_drain(struct vhl_frags *f);

/*
 * Takes @len bytes, at most PAGE_SIZE and a multiple of the cache line. Owned
 * by the caller; NULL when there is no memory. Sleeps.
 */
static inline void *vhl_frag_get(struct vhl_frags *f, unsigned int len)
{
	if (unlikely(f->left < len) && unlikely(!vhl_frags_refill(f)))
		return NULL;
	f->left -= len;
	f->refs--;
	return f->va + f->left;
}

#endif /* VHOSTLAB_FRAG_H */
