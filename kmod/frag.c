// SPDX-License-Identifier: GPL-2.0-only
/* Fragments of pages: see frag.h. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "frag.h"

/* Large pages spare refills; one page will do when memory is in pieces. */
#define FRAGS_ORDER get_order(32768)
/* More fragments than any page has. */
#define FRAGS_REFS (PAGE_SIZE << FRAGS_ORDER)

/* Whether every fragment of a page has been freed: the references are ours. */
static bool page_idle(const struct vhl_frags *f, unsigned int i)
{
	if (!f->page[i].va || page_ref_count(virt_to_page(f->page[i].va)) != f->page[i].refs)
		return false;
	/* The last user of a fragment is done with it before it is written again. */
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
 * Another page in place of the one that is used up: one whose fragments have
 * all been freed, if there is any, since a fresh one costs its allocation and
 * where the kernel clears what it allocates that, too. False: out of memory.
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
	/* All are on their way, or there is no other yet. */
	i = (f->at + 1) % VHL_FRAG_PAGES;
	page_drop(f, i);
	if (!page_new(f, i))
		return false;
ready:
	/* Added, not set: others may hold a page for a moment, too. */
	page_ref_add(virt_to_page(f->page[i].va), FRAGS_REFS - f->page[i].refs);
	f->at = i;
	f->va = f->page[i].va;
	f->left = f->page[i].size;
	f->refs = FRAGS_REFS;
	return true;
}

/* Gives the pages back; fragments that are on their way keep theirs. */
void vhl_frags_drain(struct vhl_frags *f)
{
	unsigned int i;

	if (f->va)
		f->page[f->at].refs = f->refs;
	for (i = 0; i < VHL_FRAG_PAGES; i++)
		page_drop(f, i);
	memset(f, 0, sizeof(*f));
}
