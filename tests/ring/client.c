// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory, and what of it the device may touch. A guest cannot be allowed to make the
 * device read or write memory of its client that is neither a ring, nor in the memory table (or the
 * IOTLB, with the access that an entry allows), nor the dirty log: each access is looked up here.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "area.h"
#include "ring.h"

/* More than any run needs: its weights allow some thousand descriptors. */
#define MOST_ACCESSES 400000

static u8 *memory;
static struct vhl_dev *device;
static struct input *changes;
static unsigned int period, loads, accesses;
static u32 hole_at;

void fail(const char *what)
{
	fprintf(stderr, "ring: %s\n", what);
	abort();
}

u8 take8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

u16 take16(struct input *in)
{
	u16 low = take8(in);

	return low | take8(in) << 8;
}

u32 take32(struct input *in)
{
	u32 low = take16(in);

	return low | (u32)take16(in) << 16;
}

void client_begin(struct vhl_dev *dev, struct input *guest, unsigned int every, u32 hole)
{
	if (!memory) {
		memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
		if (memory == MAP_FAILED)
			fail("no memory for the client");
	}
	device = dev;
	changes = guest;
	period = every;
	loads = 0;
	accesses = 0;
	hole_at = hole & ~(u32)(PAGE_SIZE - 1);
}

void client_end(void)
{
	device = NULL;
	/* All of it reads as zeros the next time. */
	if (madvise(memory, MEMORY, MADV_DONTNEED))
		fail("the client's memory cannot be emptied");
}

void *client(u32 off)
{
	return memory + off;
}

void client_run(void)
{
	accesses = 0;
}

bool user_space(const void *p, size_t n)
{
	const u64 top = (1ULL << 47) - PAGE_SIZE;
	u64 at = (u64)(uintptr_t)p;

	return n <= top && at <= top - n;
}

/* Whether [at, at + n) is in the @size bytes at @start. */
static bool within(u64 at, size_t n, u64 start, u64 size)
{
	return at >= start && at - start <= size && n <= size - (at - start);
}

static bool within_areas(u64 at, size_t n, bool write)
{
	for (int q = 0; q < VHL_NVQS; q++) {
		struct vhl_vq *vq = &device->vqs[q];

		if (!vq->area_set || vq->iotlb)
			continue;
		for (int area = 0; area < VHL_NAREAS; area++) {
			/* The device starts with the index that its used ring has. */
			if (write && area != VHL_USED && !(area == VHL_DESC && vq->packed))
				continue;
			if (within(at, n, (u64)(uintptr_t)vq->area[area], vhl_area_size(vq, area)))
				return true;
		}
	}
	return false;
}

static bool within_regions(u64 at, size_t n)
{
	for (u32 i = 0; device->mem && i < device->mem->n; i++)
		if (within(at, n, device->mem->r[i].hva, device->mem->r[i].size))
			return true;
	return false;
}

static bool within_iotlb(u64 at, size_t n, bool write)
{
	struct interval_tree_node *node = device->tlb.tree.first;

	for (; node; node = node->next) {
		struct vhl_region *r = &container_of(node, struct vhl_iova, node)->r;

		if (r->perm & (write ? VHOST_ACCESS_WO : VHOST_ACCESS_RO) &&
		    within(at, n, r->hva, r->size))
			return true;
	}
	return false;
}

static void check(u64 at, size_t n, bool write)
{
	u64 base = (u64)(uintptr_t)memory;

	if (++accesses > MOST_ACCESSES)
		fail("a run that does not end");
	if (within(at, n, base + ARGS, MEMORY - ARGS) || within_areas(at, n, write))
		return;
	/* A word of the log may begin before the log does: log.c. */
	if (device->log_base && within(at, n, (u64)(uintptr_t)device->log_base & ~7ULL, ARGS - LOG))
		return;
	if (device->tlb.on ? within_iotlb(at, n, write) : within_regions(at, n))
		return;
	fail(write ? "writes memory that it was not given" : "reads memory that it was not given");
}

/* Whether the client has memory there. */
static bool mapped(u64 at, size_t n)
{
	u64 base = (u64)(uintptr_t)memory;

	return within(at, n, base, MEMORY) &&
	       (at + n <= base + hole_at || at >= base + hole_at + PAGE_SIZE);
}

/*
 * The guest changes memory near what is read now: two bytes, from 14 before it to 17 after. To any
 * value; to one that is a little larger, as an index; or a packed descriptor is available or not.
 */
static void change(u64 at)
{
	u8 how = take8(changes);
	u64 to = at + (how & 31) - 14;
	u16 value, now;

	if (!mapped(to, sizeof(value)) || to >= (u64)(uintptr_t)memory + LOG)
		return;
	memcpy(&now, (void *)(uintptr_t)to, sizeof(now));
	switch (how >> 6) {
	case 0:
		value = now + (take8(changes) & 31);
		break;
	case 1:
		value = now ^ (1 << VRING_PACKED_DESC_F_AVAIL | 1 << VRING_PACKED_DESC_F_USED);
		break;
	default:
		value = take16(changes);
		break;
	}
	memcpy((void *)(uintptr_t)to, &value, sizeof(value));
}

int user_load(void *to, const void *from, size_t n)
{
	u64 at = (u64)(uintptr_t)from;

	check(at, n, false);
	if (!mapped(at, n))
		return -EFAULT;
	if (period && ++loads % period == 0 && changes->left)
		change(at);
	memcpy(to, from, n);
	return 0;
}

int user_store(void *to, const void *from, size_t n)
{
	u64 at = (u64)(uintptr_t)to;

	check(at, n, true);
	if (!mapped(at, n))
		return -EFAULT;
	memcpy(to, from, n);
	return 0;
}
