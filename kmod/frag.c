// SPDX-License-Identifier: GPL-2.0-only
/* Fragments of pages: see frag.h. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "frag.h"

/* Large pages spare refills; one page will do when memory is in pieces. */
#define FRAGS_ORDER get_order(32768)
/* More fragments than any page has. */
#define FRAGS_REFS (PAGE_SIZE << FRAGS_ORDER)

/*
 * A fresh page in place of the one that is used up, or that one again when
 * all its fragments have been freed meanwhile. False: out of memory.
 */
bool vhl_frags_refill(struct vhl_frags *f)
{
	struct page *page;

	if (f->va) {
		page = virt_to_page(f->va);
		if (page_ref_sub_and_test(page, f->refs)) {
			set_page_count(page, FRAGS_REFS);
			goto ready;
		}
		f->va = NULL;
	}
	f->size = PAGE_SIZE << FRAGS_ORDER;
	page = alloc_pages((GFP_KERNEL & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP | __GFP_NOWARN |
				   __GFP_NORETRY,
			   FRAGS_ORDER);
	if (!page) {
		f->size = PAGE_SIZE;
		page = alloc_page(GFP_KERNEL);
	}
	if (!page) {
		f->left = 0;
		return false;
	}
	page_ref_add(page, FRAGS_REFS - 1);
	f->va = page_address(page);
ready:
	f->refs = FRAGS_REFS;
	f->left = f->size;
	return true;
}

/* Gives the page back; fragments that are on their way keep it. */
void vhl_frags_drain(struct vhl_frags *f)
{
	if (f->va)
		__page_frag_cache_drain(virt_to_page(f->va), f->refs);
	memset(f, 0, sizeof(*f));
}
