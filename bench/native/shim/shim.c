// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel is not inline: pages, the processor's kind of copies, warnings. */
#include <cpuid.h>
#include <stdio.h>

bool shim_copies = true;
bool shim_erms;
char *shim_blocks;
struct page shim_page[SHIM_BLOCKS];

void shim_bug(const char *what)
{
	fprintf(stderr, "vhostlab: native: %s: the server is wrong: report it\n", what);
	exit(1);
}

/* CPUID leaf 7: enhanced rep movsb, as X86_FEATURE_ERMS. */
static void __attribute__((constructor)) look_at_cpu(void)
{
	unsigned int a, b, c, d;

	shim_erms = __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & 1 << 9;
}

struct page *shim_alloc_pages(unsigned int order)
{
	(void)order;
	if (!shim_blocks) {
		shim_blocks = aligned_alloc(1 << SHIM_BLOCK_SHIFT, SHIM_BLOCKS << SHIM_BLOCK_SHIFT);
		if (!shim_blocks)
			return NULL;
		memset(shim_blocks, 0, SHIM_BLOCKS << SHIM_BLOCK_SHIFT);
	}
	for (unsigned int i = 0; i < SHIM_BLOCKS; i++) {
		if (shim_page[i].refs)
			continue;
		shim_page[i].refs = 1;
		return &shim_page[i];
	}
	return NULL;
}

void shim_free_page(struct page *page)
{
	/* Its count is 0: it may be had again. */
	(void)page;
}
