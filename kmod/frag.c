// SPDX-License-Identifier: GPL-2.0-only
/* Page fragments: see frag.h. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "frag.h"

/* Large pages mean fewer refills; when memory is fragmented, single pages are used. */
#define FRAGS_ORDER get_order(32768)
/* References taken in advance: more than a page has fragments. */
#define FRAGS_REFS (PAGE_SIZE << FRAGS_ORDER)

/* Whether every fragment of a page has been freed: all references are those of @f. */
static bool page_idle(const struct vhl_frags *f, unsigned int i)
{
	if (!f->page[i].va || page_ref_count(virt_to_page(f->page[i].va)) != f->page[i].refs)
		return false;
	/* The last user's accesses come before the fragment is written again. */
	smp_mb();
	return true;
}

static void page_drop(struct vhl_frags *f, unsigned int i)
{
	if (f->page[i].va)
		__page_frag_cache_drain(virt_to_page(f->page[i].va), f->page[i].refs);
	f->page[i].va = NULL;
}

static bool page_new(struct vhl_frags *f, unsigned int i)
{
	unsigned int size = PAGE_SIZE << FRAGS_ORDER;
	struct page *page;

	page = alloc_pages((GFP_KERNEL & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP | __GFP_NOWARN |
				   __GFP_NORETRY,
			   FRAGS_ORDER);
	if (!page) {
		size = PAGE_SIZE;
		page = alloc_page(GFP_KERNEL);
	}
	if (!page)
		return false;
	f->page[i].va = page_address(page);
	f->page[i].size = size;
	f->page[i].refs = 1;
	return true;
}

/*
 * Replaces the current page, which is used up. Reuses a page whose fragments have
 * all been freed, if there is one: a new page costs its allocation, and on a
 * kernel with init_on_alloc also clearing it. Returns false when there is no
 * memory. May sleep.
 */
bool vhl_frags_refill(struct vhl_frags *f)
{
	unsigned int i, k;

	if (f->va)
		f->page[f->at].refs = f->refs;
	f->va = NULL;
	f->left = 0;
	for (k = 0, i = f->at; k < VHL_FRAG_PAGES; k++, i = (i + 1) % VHL_FRAG_PAGES)
		if (page_idle(f, i))
			goto ready;
	/* All pages have fragments in use, or are not allocated yet. */
	i = (f->at + 1) % VHL_FRAG_PAGES;
	page_drop(f, i);
	if (!page_new(f, i))
		return false;
ready:
	/* Added, not set: other code may hold a reference to the page for a moment. */
	page_ref_add(virt_to_page(f->page[i].va), FRAGS_REFS - f->page[i].refs);
	f->at = i;
	f->va = f->page[i].va;
	f->left = f->page[i].size;
	f->refs = FRAGS_REFS;
	return true;
}

/* Frees the pages; a page with fragments in use is freed by the last of them. */
void vhl_frags_drain(struct vhl_frags *f)
{
	unsigned int i;

	if (f->va)
		f->page[f->at].refs = f->refs;
	for (i = 0; i < VHL_FRAG_PAGES; i++)
		page_drop(f, i);
	memset(f, 0, sizeof(*f));
}
