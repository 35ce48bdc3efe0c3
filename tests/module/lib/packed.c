// SPDX-License-Identifier: GPL-2.0-only
/* A packed ring behind the face of a split one: see packed.h. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "tap.h"

#define BITS (PACKED_AVAIL | PACKED_USED)
#define WRAP (1u << VRING_PACKED_EVENT_F_WRAP_CTR)

static struct packed_at at_count(const struct ring *q, uint16_t count)
{
	return (struct packed_at){ (uint16_t)(count % q->num), !(count / q->num & 1) };
}

static void step(const struct ring *q, struct packed_at *at, unsigned int n)
{
	at->i = (uint16_t)(at->i + n);
	if (at->i >= q->num) {
		at->i = (uint16_t)(at->i - q->num);
		at->wrap = !at->wrap;
	}
}

static uint16_t off_wrap(struct packed_at at)
{
	return (uint16_t)(at.i | (at.wrap ? WRAP : 0));
}

uint32_t packed_base(const struct ring *q, uint16_t count)
{
	uint32_t pos = off_wrap(at_count(q, count));

	return pos | pos << 16;
}

int packed_count(struct ring *q, uint32_t base)
{
	unsigned int i = base & (WRAP - 1), ahead;
	struct packed_at used = q->p.used;

	if (base >> 16 != (base & 0xffff) || i >= q->num)
		return -EPROTO;
	ahead = (i + q->num - used.i) % q->num;
	step(q, &used, ahead);
	if (used.wrap != !!(base & WRAP))
		ahead += q->num;
	return (uint16_t)(q->p.used_descs + ahead);
}

void packed_layout(struct ring *q, uint16_t count)
{
	struct packed *p = &q->p;

	if (!p->shadow)
		p->shadow = malloc(RING_AREA);
	if (!p->shadow)
		tap_bail("no memory");
	memset(p->shadow, 0, RING_AREA);
	p->ring = (void *)(q->g->mem + q->off_desc);
	p->driver = (void *)(q->g->mem + q->off_avail);
	p->device = (void *)(q->g->mem + q->off_used);
	q->desc = (void *)p->shadow;
	q->avail = (void *)(p->shadow + 0x8000);
	q->used = (void *)(p->shadow + 0x10000);
	q->used->idx = q->avail->idx = count;
	p->avail = p->used = at_count(q, count);
	p->used_descs = count;
	p->unasked = 0;
	/* What is there is neither available nor used, whichever turn this is. */
	for (unsigned int i = 0; i < q->num; i++)
		p->ring[i].flags = (i < p->avail.i) == p->avail.wrap ? BITS : 0;
}

/* In place, so that it may be done twice: flags are where both layouts look. */
static void pack_table(struct guest *g, const struct vring_desc *d)
{
	size_t off = (size_t)(d->addr - GUEST_GPA);
	struct vring_packed_desc *to;

	if (d->addr < GUEST_GPA || off >= GUEST_MEM || d->len % sizeof(*to) ||
	    d->len > GUEST_MEM - off)
		return;
	to = (void *)(g->mem + off);
	for (unsigned int i = 0; i < d->len / sizeof(*to); i++)
		to[i].id = to[i].flags = to[i].id & (VRING_DESC_F_WRITE | VRING_DESC_F_INDIRECT);
}

void packed_publish(struct ring *q, uint16_t head)
{
	struct packed *p = &q->p;
	struct vring_packed_desc *first = &p->ring[p->avail.i];
	uint16_t first_flags = 0, flags, n = 0, i = head;

	do {
		const struct vring_desc *s = &q->desc[i];
		struct vring_packed_desc *d = &p->ring[p->avail.i];

		if (i >= RING_MAX)
			tap_bail("no descriptor %u", i);
		if (s->flags & VRING_DESC_F_INDIRECT)
			pack_table(q->g, s);
		d->addr = s->addr;
		d->len = s->len;
		d->id = head;
		flags = s->flags | (p->avail.wrap ? PACKED_AVAIL : PACKED_USED);
		if (n++)
			d->flags = flags;
		else
			first_flags = flags;
		step(q, &p->avail, 1);
		i = s->next;
	} while (flags & VRING_DESC_F_NEXT && n < q->num);
	p->descs[head] = n;
	p->order[q->avail_idx++ % PACKED_KEEP] = head;
	p->unasked = (uint16_t)(p->unasked + n);
	__atomic_store_n(&first->flags, first_flags, __ATOMIC_RELEASE);
}

void packed_sync(struct ring *q)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct packed *p = &q->p;
	uint16_t idx;

	pthread_mutex_lock(&lock);
	for (idx = q->used->idx; idx != q->avail_idx;) {
		const struct vring_packed_desc *d = &p->ring[p->used.i];
		uint16_t flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE), head, last;
		unsigned int descs = 0;

		if ((flags & BITS) != (p->used.wrap ? BITS : 0))
			break;
		last = d->id;
		do {
			/* With IN_ORDER the last of several speaks for all. */
			bool fold = q->g->features & F_ORDER;

			head = fold ? p->order[idx % PACKED_KEEP] : last;
			q->used->ring[idx++ % PACKED_KEEP] =
				(struct vring_used_elem){ head,
							  flags & VRING_DESC_F_WRITE ? d->len : 0 };
			descs += head < PACKED_KEEP ? p->descs[head] : 1;
		} while (head != last && idx != q->avail_idx);
		step(q, &p->used, descs);
		p->used_descs = (uint16_t)(p->used_descs + descs);
	}
	__atomic_store_n(&q->used->idx, idx, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

/* Chains are taken for single descriptors, as they are where this is used. */
void packed_call_at(struct ring *q, uint16_t used)
{
	struct packed_at at = q->p.used;
	bool event = q->g->features & F_EVENT;

	step(q, &at, (uint16_t)(used - q->p.used_descs) % q->num);
	__atomic_store_n(&q->p.driver->off_wrap, off_wrap(at), __ATOMIC_RELAXED);
	__atomic_store_n(&q->p.driver->flags,
			 event ? VRING_PACKED_EVENT_FLAG_DESC : VRING_PACKED_EVENT_FLAG_ENABLE,
			 __ATOMIC_RELEASE);
}

bool packed_wants_kick(struct ring *q)
{
	uint16_t flags = __atomic_load_n(&q->p.device->flags, __ATOMIC_ACQUIRE);
	uint16_t event = __atomic_load_n(&q->p.device->off_wrap, __ATOMIC_RELAXED);
	uint16_t new = q->p.avail.i, old = (uint16_t)(new - q->p.unasked);

	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	if (!!(event & WRAP) != q->p.avail.wrap)
		return vring_need_event((uint16_t)((event & (WRAP - 1)) - q->num), new, old);
	return vring_need_event(event & (WRAP - 1), new, old);
}
