// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log (VHOST_F_LOG_ALL): a bitmap in the owner's memory, one bit per
 * 4 KiB of guest memory, which a hypervisor reads and clears during migration.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "vhostlab.h"
#include "log.h"
#include "rule.h"
#include "trace.h"
#include "user.h"

/*
 * The aligned word with the bit of guest page @page, and the bit in *bit. A client
 * may place the bitmap at any byte address; the word may then start before the
 * bitmap, but it is in the same page of memory and its other bits do not change.
 * An unaligned word could cross a cache line, and a locked access to it would be
 * a split lock, which is fatal in the kernel where the processor traps split
 * locks. Bits are numbered as by set_bit() from an aligned address on, as the
 * in-tree module does and clients expect.
 */
static unsigned long __user *log_word(const struct vhl_dev *dev, u64 page, unsigned long *bit)
{
	unsigned long at = (unsigned long)dev->log_base + page / BITS_PER_BYTE;
	unsigned long in = at % sizeof(long);

	*bit = BIT(in * BITS_PER_BYTE + page % BITS_PER_BYTE);
	return (unsigned long __user *)(at - in);
}

#ifdef __try_cmpxchg_user
/*
 * Sets one bit with an atomic on user memory. The word is read first: most pages
 * are already dirty, and then nothing is written. Returns 0 or -EFAULT; may sleep.
 */
static int log_set_bit(unsigned long __user *word, unsigned long bit)
{
	unsigned long old;

	if (should_fail_usercopy() || !access_ok(word, sizeof(*word)) || __get_user(old, word))
		return -EFAULT;
	while (!(old & bit)) {
		int err = __try_cmpxchg_user(word, &old, old | bit, fault);

		if (!err)
			return 0;
		if (err < 0)
			return -EFAULT;
	}
	return 0;
}
#else
/* Without such an atomic: pins the page and sets the bit through a kernel mapping. */
static int log_set_bit(unsigned long __user *word, unsigned long bit)
{
	unsigned long addr = (unsigned long)word;
	struct page *page;
	unsigned long *base;

	if (pin_user_pages_fast(addr, 1, FOLL_WRITE, &page) != 1)
		return -EFAULT;
	base = kmap_local_page(page);
	set_bit(__ffs(bit), base + offset_in_page(addr) / sizeof(*base));
	kunmap_local(base);
	unpin_user_pages_dirty_lock(&page, 1, true);
	return 0;
}
#endif

/* Counts and reports a write that could not be logged. Returns -EFAULT. Caller holds vq->mutex. */
int vhl_log_failed(struct vhl_vq *vq)
{
	vq->stats.log_errors++;
	vhl_rule_broken(vq, VHL_RULE_LOG);
	return -EFAULT;
}

/*
 * Marks guest memory [gpa, gpa + len) dirty; must be called after the write.
 * Returns 0, or -EFAULT after counting it and signalling the error eventfd. Caller
 * holds vq->mutex and runs in the owner's mm; may sleep.
 */
int vhl_log_write(struct vhl_vq *vq, u64 gpa, u64 len)
{
	u64 page = gpa / VHL_LOG_PAGE;
	u64 last;
	int err = 0;

	if (!len)
		return 0;
	last = (gpa + len - 1) / VHL_LOG_PAGE;

	/* The hypervisor may be clearing a bit that is still set: the data must
	 * be visible before the bit is read.
	 */
	smp_mb();
	for (; page <= last && !err; page++) {
		unsigned long bit;
		unsigned long __user *word = log_word(vq->dev, page, &bit);

		err = log_set_bit(word, bit);
		vq->stats.log_pages += !err;
	}
	trace_log_write(vq, gpa, len, err);
	return err ? vhl_log_failed(vq) : 0;
}

/* The end of the part of [at, end) that regions cover without a gap, from @at on. */
static u64 log_covered(const struct vhl_mem *mem, u64 at, u64 end)
{
	u64 from;
	u32 i;

	/* Regions are sorted by guest address; one pass is nearly always enough. */
	do {
		from = at;
		for (i = 0; i < mem->n && at < end; i++)
			if (at - mem->r[i].hva < mem->r[i].size)
				at = mem->r[i].hva + mem->r[i].size;
		cond_resched();
	} while (at != from && at < end);
	return at;
}

/*
 * Marks the owner's memory [hva, hva + len) dirty at every guest address it has.
 * The log is indexed by guest-physical addresses, which an I/O virtual address
 * does not give, so the memory table is searched by hva. Memory without a guest
 * address cannot be marked, and a migration would lose what was written there:
 * that is an error, like a log that cannot be written. Context and result as above.
 */
int vhl_log_hva(struct vhl_vq *vq, u64 hva, u64 len)
{
	const struct vhl_mem *mem = vq->dev->mem;
	int err = 0;
	u32 i;

	if (!len)
		return 0;
	for (i = 0; mem && i < mem->n && !err; i++) {
		const struct vhl_region *r = &mem->r[i];
		u64 first = max(hva, r->hva), end = min(hva + len, r->hva + r->size);

		if (first >= end)
			continue;
		err = vhl_log_write(vq, r->gpa + (first - r->hva), end - first);
		/* All regions may map the same memory: each marks it again. */
		cond_resched();
	}
	if (err)
		return err;
	return mem && log_covered(mem, hva, hva + len) >= hva + len ? 0 : vhl_log_failed(vq);
}

/*
 * Signals the log eventfd, if any, unless @err is set. Returns @err. Caller holds
 * vq->mutex; does not sleep.
 */
int vhl_log_told(struct vhl_vq *vq, int err)
{
	if (!err && vq->dev->log_ctx)
		vhl_eventfd_signal(vq->dev->log_ctx);
	return err;
}

/*
 * Whether a log at @base, up to the bit of guest address @last, lies in the user
 * address space; whether its pages exist shows when they are written. Does not sleep.
 */
bool vhl_log_reaches(const void __user *base, u64 last)
{
	u64 end = last / VHL_LOG_PAGE / 8 + 1;

	return end == (unsigned long)end && access_ok(base, end);
}

/*
 * vhl_log_reaches() for every guest address of @mem. Caller holds dev->mutex or a
 * vq->mutex; does not sleep.
 */
bool vhl_log_ok(u64 __user *base, const struct vhl_mem *mem)
{
	u64 last = 0;
	u32 i;

	if (!mem)
		return true;
	for (i = 0; i < mem->n; i++)
		last = max(last, mem->r[i].gpa + mem->r[i].size - 1);
	return vhl_log_reaches(base, last);
}
