// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver side of a packed virtqueue (virtio 1.2, section 2.8). A chain's
 * id is the number of its slot; ids go round in a free list, so that they say
 * nothing about the order in which the device returns chains.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "vring.h"

#define LOAD(p)		    __atomic_load_n(p, __ATOMIC_RELAXED)
#define LOAD_ACQUIRE(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v)	    __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#define AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1u << VRING_PACKED_DESC_F_USED)
#define WRAP  (1u << VRING_PACKED_EVENT_F_WRAP_CTR)

/* Each event structure in a cache line of its own. */
#define EVENT_ALIGN 64
#define PAGE	    4096
/* No chain was added yet. */
#define NONE UINT16_MAX

#define noinline __attribute__((noinline))

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t event_offset(unsigned int num)
{
	return round_up(num * sizeof(struct vring_packed_desc), EVENT_ALIGN);
}

size_t vring_packed_bytes(unsigned int num)
{
	return round_up(event_offset(num) + 2 * EVENT_ALIGN, PAGE);
}

/* On by at most a turn; AVAIL and USED change their meaning at the ring's end. */
static inline void step(const struct vring_driver *v, struct vring_at *at, unsigned int n)
{
	at->d += n;
	if (at->d >= v->packed.end) {
		at->d -= v->num;
		at->bits ^= AVAIL | USED;
	}
}

/* A descriptor goes into the ring; only the first of many waits for its flags. */
static inline void put(struct vring_driver *v, const struct vring_seg *s, uint16_t id,
		       uint16_t flags)
{
	struct vring_packed *p = &v->packed;
	struct vring_packed_desc *d = p->avail.d;

	flags |= p->avail.bits;
	d->addr = s->gpa;
	d->len = s->len;
	d->id = id;
	if (d == p->first && !p->first_flags)
		p->first_flags = flags;
	else
		STORE_RELEASE(&d->flags, flags);
	step(v, &p->avail, 1);
}

static void fill_table(struct vring_packed_desc *t, const struct vring_seg *segs, unsigned int out,
		       unsigned int total)
{
	for (unsigned int i = 0; i < total; i++)
		t[i] = (struct vring_packed_desc){ segs[i].gpa, segs[i].len, 0,
						   i < out ? 0 : VRING_DESC_F_WRITE };
}

/* Takes a slot for a chain; its id. */
static inline uint16_t take_slot(struct vring_driver *v, uint32_t cookie, unsigned int descs)
{
	uint16_t id = v->free_head;
	struct vring_slot *slot = &v->slot[id];

	v->free_head = slot->next;
	v->free_count -= descs;
	slot->cookie = cookie;
	slot->descs = descs;
	if (descs != v->packed.each)
		v->packed.each = v->packed.each == NONE ? descs : 0;
	return id;
}

/* Anything but one buffer; by itself, so that the one has nothing to do with it. */
static noinline bool add_chain(struct vring_driver *v, const struct vring_seg *segs,
			       unsigned int out, unsigned int in, uint32_t cookie,
			       struct vring_desc *table, uint64_t table_gpa)
{
	unsigned int total = out + in, descs = table ? 1 : total;
	uint16_t id;

	if (!total || v->free_count < descs)
		return false;
	id = take_slot(v, cookie, descs);
	if (table) {
		const struct vring_seg one = { table_gpa, total * sizeof(*table) };

		fill_table((struct vring_packed_desc *)table, segs, out, total);
		put(v, &one, id, VRING_DESC_F_INDIRECT);
		return true;
	}
	for (unsigned int i = 0; i < total; i++)
		put(v, &segs[i], id,
		    (i < out ? 0 : VRING_DESC_F_WRITE) | (i + 1 < total ? VRING_DESC_F_NEXT : 0));
	return true;
}

static bool packed_add(struct vring_driver *v, const struct vring_seg *segs, unsigned int out,
		       unsigned int in, uint32_t cookie, struct vring_desc *table,
		       uint64_t table_gpa)
{
	if (out + in != 1 || table)
		return add_chain(v, segs, out, in, cookie, table, table_gpa);
	if (!v->free_count)
		return false;
	put(v, segs, take_slot(v, cookie, 1), in ? VRING_DESC_F_WRITE : 0);
	return true;
}

static void packed_publish(struct vring_driver *v)
{
	struct vring_packed *p = &v->packed;

	if (!p->first_flags)
		return;
	/* The first one's flags show all of them. */
	STORE_RELEASE(&p->first->flags, p->first_flags);
	p->first_flags = 0;
	p->unasked += p->avail.d - p->first + (p->avail.d > p->first ? 0 : v->num);
	p->first = p->avail.d;
}

/* A position as the event structures have it. */
static uint16_t off_wrap(const struct vring_driver *v, const struct vring_at *at)
{
	return (at->d - v->packed.ring) | (at->bits & AVAIL ? WRAP : 0);
}

static bool packed_need_kick(struct vring_driver *v)
{
	struct vring_packed *p = &v->packed;
	uint16_t here = off_wrap(v, &p->avail), new = here & ~WRAP, old = new - p->unasked;
	uint16_t flags, event;

	/* The descriptors must be out before the device's wish is read. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!p->unasked)
		return false;
	p->unasked = 0;
	flags = LOAD_ACQUIRE(&p->device->flags);
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	event = LOAD(&p->device->off_wrap);
	/* In another turn of the ring than where we are: the one before. */
	if ((event ^ here) & WRAP)
		return vring_need_event((event & ~WRAP) - v->num, new, old);
	return vring_need_event(event & ~WRAP, new, old);
}

static inline bool is_used(const struct vring_at *at)
{
	return (LOAD_ACQUIRE(&at->d->flags) & (AVAIL | USED)) == at->bits;
}

static unsigned int packed_used_pending(struct vring_driver *v)
{
	struct vring_packed *p = &v->packed;
	unsigned int n = p->seen, each = p->each, descs;
	struct vring_at at = p->scan;

	if (each) {
		for (; n < v->num && is_used(&at); n++)
			step(v, &at, each);
	} else {
		for (; n < v->num && is_used(&at); n++) {
			uint16_t id = LOAD(&at.d->id);

			descs = id < v->num ? v->slot[id].descs : 0;
			if (!descs)
				return n + 1; /* nonsense: for get_used() to say so */
			step(v, &at, descs);
		}
	}
	p->seen = n;
	p->scan = at;
	return n;
}

/* Looks for more, by itself as above. */
static noinline int get_used_anew(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	if (!v->op.used_pending(v))
		return 0;
	return v->packed.seen ? v->op.get_used(v, cookie, len) : -1;
}

static int packed_get_used(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	struct vring_packed *p = &v->packed;
	const struct vring_packed_desc *d = p->used.d;
	struct vring_slot *slot;
	uint16_t id;

	if (!p->seen)
		return get_used_anew(v, cookie, len);
	id = LOAD(&d->id);
	slot = &v->slot[id];
	if (id >= v->num || !slot->descs)
		return -1;
	p->seen--;
	*cookie = slot->cookie;
	/* Without that flag the length means nothing (section 2.8.4). */
	*len = d->flags & VRING_DESC_F_WRITE ? d->len : 0;
	step(v, &p->used, slot->descs);
	v->free_count += slot->descs;
	slot->descs = 0;
	slot->next = v->free_head;
	v->free_head = id;
	return 1;
}

/* In order: chains of the batch that begins at p->scan, 0 when they are not outstanding. */
static unsigned int batch_at(const struct vring_driver *v)
{
	const struct vring_packed *p = &v->packed;
	unsigned int first = p->oldest + p->seen, n;
	uint16_t id = LOAD(&p->scan.d->id);

	if (first >= v->num)
		first -= v->num;
	if (id >= v->num || !v->slot[id].descs)
		return 0;
	n = id + 1 + (id < first ? v->num : 0) - first;
	return n + p->seen <= v->num ? n : 0;
}

static unsigned int in_order_pending(struct vring_driver *v)
{
	struct vring_packed *p = &v->packed;

	while (p->seen < v->num && is_used(&p->scan)) {
		unsigned int n = batch_at(v), i = p->oldest + p->seen;

		if (!n)
			return p->seen + 1; /* nonsense: for get_used() to say so */
		p->seen += n;
		if (p->each)
			step(v, &p->scan, n * p->each);
		else
			for (; n; n--, i++)
				step(v, &p->scan, v->slot[i % v->num].descs);
	}
	return p->seen;
}

static int in_order_get_used(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	struct vring_packed *p = &v->packed;
	const struct vring_packed_desc *d = p->used.d;
	struct vring_slot *slot = &v->slot[p->oldest];

	if (!p->seen)
		return get_used_anew(v, cookie, len);
	p->seen--;
	*cookie = slot->cookie;
	/* Only what the device has read comes in batches; there are no lengths in them. */
	*len = d->flags & VRING_DESC_F_WRITE ? d->len : 0;
	step(v, &p->used, slot->descs);
	v->free_count += slot->descs;
	slot->descs = 0;
	p->oldest = slot->next;
	return 1;
}

void vring_packed_in_order(struct vring_driver *v)
{
	v->op.get_used = in_order_get_used;
	v->op.used_pending = in_order_pending;
	v->slot[v->num - 1].next = 0;
}

static void packed_mute(struct vring_driver *v)
{
	STORE(&v->packed.driver->flags, VRING_PACKED_EVENT_FLAG_DISABLE);
}

static bool packed_arm(struct vring_driver *v, unsigned int count)
{
	struct vring_packed *p = &v->packed;
	struct vring_at at = p->used;

	if (v->event_idx) {
		/* Where that chain will lie; when that is not known, the next one. */
		if (p->each && (count - 1) * p->each < v->num) {
			step(v, &at, (count - 1) * p->each);
		} else {
			if (v->op.used_pending(v) >= count)
				return true;
			at = p->scan;
		}
		STORE(&p->driver->off_wrap, off_wrap(v, &at));
		STORE_RELEASE(&p->driver->flags, VRING_PACKED_EVENT_FLAG_DESC);
	} else {
		STORE(&p->driver->flags, VRING_PACKED_EVENT_FLAG_ENABLE);
	}
	/* The wish must be out before the ring is looked at again. */
	atomic_thread_fence(memory_order_seq_cst);
	return (is_used(&p->scan) ? v->op.used_pending(v) : p->seen) >= count;
}

int vring_packed_open(struct vring_driver *v, unsigned int num, bool event_idx, void *mem)
{
	struct vring_packed *p = &v->packed;
	char *events = (char *)mem + event_offset(num);

	memset(v, 0, sizeof(*v));
	v->op = (struct vring_ops){ packed_add,	     packed_publish,	  packed_need_kick,
				    packed_get_used, packed_used_pending, packed_mute,
				    packed_arm };
	v->num = num;
	v->event_idx = event_idx;
	p->ring = mem;
	p->end = p->ring + num;
	p->driver = (struct vring_packed_desc_event *)events;
	p->device = (struct vring_packed_desc_event *)(events + EVENT_ALIGN);
	v->area[0] = p->ring;
	v->area[1] = p->driver;
	v->area[2] = p->device;
	/* Section 2.8.1: both wrap counters start at 1. */
	p->avail = (struct vring_at){ p->ring, AVAIL };
	p->used = p->scan = (struct vring_at){ p->ring, AVAIL | USED };
	p->first = p->ring;
	p->each = NONE;
	v->slot = calloc(num, sizeof(*v->slot));
	if (!v->slot)
		return fail(RC_FAIL, "out of memory: ring of %u: give the machine more", num);
	for (unsigned int i = 0; i < num; i++)
		v->slot[i].next = i + 1;
	v->free_count = num;
	packed_mute(v);
	return RC_OK;
}
