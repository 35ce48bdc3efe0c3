// SPDX-License-Identifier: GPL-2.0-only
/* What a guest puts into its rings, right or wrong: see oddguest.h. */
#include <string.h>

#include "nic.h"
#include "oddguest.h"

#define CHAIN	 16u /* descriptors of a chain at most, without a loop */
#define TABLE	 900u /* slot of indirect tables */
#define NEXT	 VRING_DESC_F_NEXT
#define WRITE	 VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

struct odd_totals odd_totals;

static unsigned int at[2]; /* where the next chain begins in the descriptor table */

uint64_t odd_number(struct dice *d, unsigned int num)
{
	static const uint64_t ends[] = { 0,	     1,		 15,	 16,	  17,
					 0x7fff,     0x8000,	 0xffff, 0x10000, 65537 * 16,
					 1ULL << 31, 1ULL << 32, ~0ULL,	 ~0U - 1, GUEST_MEM };

	switch (below(d, 4)) {
	case 0:
		return below(d, 256);
	case 1:
		return ends[below(d, sizeof(ends) / sizeof(*ends))];
	case 2:
		return num + below(d, 4) - 1;
	default:
		return below(d, 65536);
	}
}

static uint64_t odd_address(struct dice *d)
{
	static const uint64_t ends[] = { 0, GUEST_GPA - 1, GUEST_GPA + GUEST_MEM - 1, 1ULL << 63,
					 ~0ULL };
	uint64_t n = below(d, 256);

	return n < 5 ? ends[n] : GUEST_GPA + (n << 12) + below(d, 2) * 4090;
}

static void desc_mutate(struct dice *d, struct vring_desc *s, unsigned int num)
{
	switch (below(d, 4)) {
	case 0:
		s->addr = odd_address(d);
		break;
	case 1:
		s->len = (uint32_t)odd_number(d, num);
		break;
	case 2:
		s->flags ^= (uint16_t)(1u << below(d, 3));
		break;
	default:
		s->next = (uint16_t)odd_number(d, num);
		break;
	}
	odd_totals.mutations++;
}

/* The header of a frame: none, or fields of an offload, right or wrong. */
static void header(struct dice *d, uint8_t *to)
{
	struct virtio_net_hdr h = { 0 };

	if (one_in(d, 2)) {
		h.flags = (uint8_t)below(d, 8);
		h.gso_type = (uint8_t)below(d, 256);
		h.hdr_len = (uint16_t)odd_number(d, 54);
		h.gso_size = (uint16_t)odd_number(d, 536);
		h.csum_start = (uint16_t)below(d, 256);
		h.csum_offset = (uint16_t)below(d, 256);
		odd_totals.mutations++;
	}
	memset(to, 0, 12);
	memcpy(to, &h, sizeof(h));
}

/* The parts of one buffer, linked in their order from the first index on; which is 0 in a table. */
static unsigned int chain(struct dice *d, struct vring_desc *c, const struct ring *r,
			  unsigned int first, unsigned int num)
{
	static const uint32_t lengths[] = { 60, 64, 200, 1514, 3000, 9000, 60000, 14 };
	static uint32_t seq;
	unsigned int n = 1 + (unsigned int)below(d, CHAIN), hdr = r->g->hdr_len, off = 0;
	bool many = one_in(d, 4);
	uint32_t len = hdr + lengths[below(d, 8)], part;
	size_t place = len > SLOT_SIZE ? BIG + below(d, 4) * 0x10000 : slot(1 + below(d, 64));

	n = many ? n : 1 + n % 3;
	part = n > 1 ? (len - hdr) / (n - 1) : len;
	if (r->index == TX) {
		header(d, r->g->mem + place);
		frame_make(r->g->mem + place + hdr, len - hdr < 22 ? 22 : len - hdr, seq++);
	}
	for (unsigned int i = 0; i < n; i++) {
		uint32_t l = i == n - 1 ? len - off : i || one_in(d, 2) ? part : hdr;

		c[i] = (struct vring_desc){ gpa_of(place + off), l, i < n - 1 ? NEXT : 0,
					    (uint16_t)((first + i + 1) % num) };
		c[i].flags |= r->index == RX ? WRITE : 0;
		off += l;
	}
	for (unsigned int m = (unsigned int)below(d, 4); m > 1; m--)
		desc_mutate(d, &c[below(d, n)], num);
	return n;
}

/* Puts the chain into a table in guest memory, and a descriptor of that into its place. */
static void into_table(struct dice *d, struct vring_desc *c, unsigned int n, const struct ring *r)
{
	size_t place = slot(TABLE + 4 * r->index + (unsigned int)below(d, 4));

	/* Flags are where the other layout has them, too; there is no id in a table. */
	for (unsigned int i = 0; r->packed && i < n; i++)
		((struct vring_packed_desc *)(void *)c)[i].flags = c[i].flags;
	memcpy(r->g->mem + place, c, n * sizeof(*c));
	c[0] = (struct vring_desc){ gpa_of(place), n * (uint32_t)sizeof(*c), INDIRECT, 0 };
	if (one_in(d, 4))
		desc_mutate(d, &c[0], r->num);
}

/* In place: packed.c would follow the descriptors, and these may be wrong. */
static void publish_packed(struct ring *r, const struct vring_desc *c, unsigned int n)
{
	struct packed_at *to = &r->p.avail;
	struct vring_packed_desc *head = &r->p.ring[to->i];
	uint16_t id = to->i, first = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct vring_packed_desc *p = &r->p.ring[to->i];
		uint16_t flags = c[i].flags | (to->wrap ? PACKED_AVAIL : PACKED_USED);

		p->addr = c[i].addr;
		p->len = c[i].len;
		p->id = id;
		if (i)
			p->flags = flags;
		else
			first = flags;
		if (++to->i == r->num) {
			to->i = 0;
			to->wrap = !to->wrap;
		}
	}
	__atomic_store_n(&head->flags, first, __ATOMIC_RELEASE);
}

void odd_from(const struct ring *r, unsigned int index)
{
	at[r->index] = index;
}

void odd_offer(struct dice *d, struct ring *r)
{
	unsigned int *from = &at[r->index], n;
	bool table = one_in(d, 4);
	struct vring_desc c[CHAIN];

	n = chain(d, c, r, table ? 0 : *from, table ? CHAIN : r->num);
	if (table) {
		into_table(d, c, n, r);
		n = 1;
	}
	odd_totals.chains++;
	if (r->packed) {
		publish_packed(r, c, n < r->num ? n : r->num);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		r->desc[(*from + i) % r->num] = c[i];
	ring_publish(r, (uint16_t)*from);
	*from = (*from + n) % r->num;
}

void odd_scribble(struct dice *d, struct ring *r)
{
	struct vring_desc *desc = (void *)(r->g->mem + r->off_desc);
	uint16_t *avail = (void *)(r->g->mem + r->off_avail);
	uint16_t *used = (void *)(r->g->mem + r->off_used);

	switch (below(d, 6)) {
	case 0:
		desc_mutate(d, &desc[below(d, r->num)], r->num);
		break;
	case 1:
		avail[1] = (uint16_t)(avail[1] + odd_number(d, r->num));
		break;
	case 2:
		avail[0] = (uint16_t)below(d, 4);
		break;
	case 3:
		avail[2 + below(d, r->num + 1)] = (uint16_t)odd_number(d, r->num);
		break;
	case 4:
		used[below(d, 4 * r->num + 3)] = (uint16_t)odd_number(d, r->num);
		break;
	default:
		((uint8_t *)desc)[below(d, 16 * r->num)] = (uint8_t)below(d, 256);
		break;
	}
	odd_totals.mutations++;
}
