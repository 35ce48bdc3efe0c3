// SPDX-License-Identifier: GPL-2.0-only
/* The device side of a split virtqueue, for the servers in a process. */
#include "devring.h"

#include <stdatomic.h>

#include "guest/vring.h"

#define LOAD(p)		    __atomic_load_n(p, __ATOMIC_RELAXED)
#define LOAD_ACQUIRE(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v)	    __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

void devring_open(struct devring *r, char *mem, size_t bytes, uint64_t gpa, size_t offset,
		  unsigned int num, bool event_idx)
{
	struct vring_driver layout;

	*r = (struct devring){
		.num = num, .event_idx = event_idx, .mem = mem, .bytes = bytes, .gpa = gpa
	};
	vring_layout(&layout, num, mem + offset);
	r->desc = layout.desc;
	r->avail = layout.avail;
	r->used = layout.used;
}

static uint16_t *avail_event(struct devring *r)
{
	return (uint16_t *)&r->used->ring[r->num];
}

/* Guest memory at an address the driver gave, or NULL when it is not all ours. */
static char *translate(const struct devring *r, uint64_t gpa, uint64_t len)
{
	if (gpa < r->gpa || gpa - r->gpa > r->bytes || len > r->bytes - (gpa - r->gpa))
		return NULL;
	return r->mem + (gpa - r->gpa);
}

/* Walks one table of descriptors from `at`; follows at most one indirection. */
static int walk(const struct devring *r, const struct vring_desc *table, unsigned int entries,
		unsigned int at, bool indirect, struct devchain *c)
{
	for (unsigned int hops = 0; hops < entries; hops++) {
		struct vring_desc d;
		char *p;

		if (at >= entries)
			return -1;
		d = table[at];
		p = translate(r, d.addr, d.len);
		if (!p)
			return -1;
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (indirect || d.flags & VRING_DESC_F_NEXT || !d.len || d.len % sizeof(d))
				return -1;
			return walk(r, (struct vring_desc *)p, d.len / sizeof(d), 0, true, c);
		}
		if (c->out + c->in == DEVRING_MAX_IOV)
			return -1;
		c->iov[c->out + c->in] = (struct iovec){ p, d.len };
		if (d.flags & VRING_DESC_F_WRITE)
			c->in++;
		else if (c->in)
			return -1; /* to read after to write: 2.7.4.2 forbids it */
		else
			c->out++;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return 1;
		at = d.next;
	}
	return -1; /* a loop */
}

int devring_pop(struct devring *r, struct devchain *c)
{
	if (r->next_avail == r->avail_seen) {
		r->avail_seen = LOAD_ACQUIRE(&r->avail->idx);
		if (r->next_avail == r->avail_seen)
			return 0;
		if ((uint16_t)(r->avail_seen - r->next_avail) > r->num)
			return -1;
	}
	c->head = r->avail->ring[r->next_avail & (r->num - 1)];
	c->out = c->in = 0;
	if (walk(r, r->desc, r->num, c->head, false, c) < 0)
		return -1;
	r->next_avail++;
	return 1;
}

void devring_unpop(struct devring *r, unsigned int n)
{
	r->next_avail -= n;
}

void devring_push(struct devring *r, uint16_t head, uint32_t len)
{
	struct vring_used_elem *e = &r->used->ring[r->next_used++ & (r->num - 1)];

	e->id = head;
	e->len = len;
}

bool devring_flush(struct devring *r)
{
	uint16_t old = r->signalled;

	if (old == r->next_used)
		return false;
	STORE_RELEASE(&r->used->idx, r->next_used);
	r->signalled = r->next_used;
	/* The index must be visible before the driver's event field is read. */
	atomic_thread_fence(memory_order_seq_cst);
	if (r->event_idx)
		return vring_need_event(LOAD(&r->avail->ring[r->num]), r->next_used, old);
	return !(LOAD(&r->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

void devring_mute(struct devring *r)
{
	/* With the event index a stale event is as good as a flag. */
	if (!r->event_idx)
		STORE(&r->used->flags, VRING_USED_F_NO_NOTIFY);
}

bool devring_arm(struct devring *r)
{
	if (r->event_idx)
		STORE(avail_event(r), r->avail_seen);
	else
		STORE(&r->used->flags, 0);
	atomic_thread_fence(memory_order_seq_cst);
	return LOAD_ACQUIRE(&r->avail->idx) != r->avail_seen;
}
