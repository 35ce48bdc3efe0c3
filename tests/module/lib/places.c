// SPDX-License-Identifier: GPL-2.0-only
/* Where the device sees guest memory: see places.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "places.h"
#include "tap.h"

#define PAGE 4096u

size_t places_len(const struct places *p, unsigned int i)
{
	return i < p->n - 1 ? p->piece : p->len - i * p->piece;
}

/* Neighbours in guest memory are not neighbours here. */
static uint8_t *place(const struct places *p, unsigned int i, unsigned int side)
{
	return p->arena + ((size_t)(side ? i : p->n - 1 - i) * 2 + side) * p->stride;
}

static void map_piece(const struct places *p, unsigned int i, unsigned int side)
{
	if (mmap(place(p, i, side), places_len(p, i), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, p->g->memfd, (off_t)(i * p->piece)) == MAP_FAILED)
		tap_bail("map piece %u: %s", i, strerror(errno));
}

static uint8_t *forbidden(uint8_t *at, size_t len, int flags)
{
	uint8_t *p = mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags,
			  -1, 0);

	if (p == MAP_FAILED)
		tap_bail("reserve address space: %s", strerror(errno));
	return p;
}

void places_init(struct places *p, struct guest *g, size_t len, unsigned int n)
{
	memset(p, 0, sizeof(*p));
	p->g = g;
	p->n = n;
	p->len = len;
	p->piece = len / n / PAGE * PAGE;
	p->stride = places_len(p, n - 1) + PAGE;
	p->arena_len = 2 * n * p->stride;
	p->arena = forbidden(NULL, p->arena_len, 0);
	for (unsigned int i = 0; i < n; i++)
		map_piece(p, i, 0);
}

void places_free(struct places *p)
{
	munmap(p->arena, p->arena_len);
}

uint8_t *places_at(const struct places *p, size_t off)
{
	unsigned int i = places_piece(p, off);

	return place(p, i, p->side[i]) + (off - i * p->piece);
}

unsigned int places_piece(const struct places *p, size_t off)
{
	/* The last one has what was left over. */
	return off / p->piece < p->n ? (unsigned int)(off / p->piece) : p->n - 1;
}

void places_move(struct places *p, unsigned int i)
{
	p->side[i] = !p->side[i];
	map_piece(p, i, p->side[i]);
}

void places_leave(struct places *p, unsigned int i)
{
	forbidden(place(p, i, !p->side[i]), places_len(p, i), MAP_FIXED);
}

int places_set_table(const struct places *p, uint64_t shift)
{
	static union {
		struct vhost_memory head;
		uint8_t room[sizeof(struct vhost_memory) +
			     PLACES_MAX * sizeof(struct vhost_memory_region)];
	} table;

	table.head.nregions = p->n;
	for (unsigned int i = 0; i < p->n; i++)
		table.head.regions[i] = (struct vhost_memory_region){
			.guest_phys_addr = gpa_of(i * p->piece) + shift,
			.memory_size = places_len(p, i),
			.userspace_addr = (uintptr_t)places_at(p, i * p->piece),
		};
	return dev_ioctl(p->g->fd, VHOST_SET_MEM_TABLE, &table);
}

int places_set_rings(const struct places *p, uint64_t log_shift)
{
	int err = 0;

	for (unsigned int i = 0; i < 2 && !err; i++) {
		struct ring *q = &p->g->q[i];
		struct vhost_vring_addr a = {
			.index = i,
			.flags = log_shift != PLACES_NO_LOG,
			.desc_user_addr = (uintptr_t)places_at(p, q->off_desc),
			.avail_user_addr = (uintptr_t)places_at(p, q->off_avail),
			.used_user_addr = (uintptr_t)places_at(p, q->off_used),
		};

		if (a.flags)
			a.log_guest_addr = gpa_of(q->off_used) + log_shift;
		err = dev_ioctl(p->g->fd, VHOST_SET_VRING_ADDR, &a);
	}
	return err;
}
