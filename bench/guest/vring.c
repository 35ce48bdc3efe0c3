// SPDX-License-Identifier: GPL-2.0-only
/* The driver side of a split virtqueue. */
#include "vring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the rings are written in the machine's own byte order, which must be little-endian"
#endif

#define LOAD(p)		    __atomic_load_n(p, __ATOMIC_RELAXED)
#define LOAD_ACQUIRE(p)	    __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v)	    __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* The used ring starts on a page of its own, as the legacy layout wants it. */
#define USED_ALIGN 4096

static size_t used_offset(unsigned int num)
{
	size_t end = num * sizeof(struct vring_desc) + (3 + num) * sizeof(uint16_t);

	return (end + USED_ALIGN - 1) & ~(size_t)(USED_ALIGN - 1);
}

size_t vring_bytes(unsigned int num)
{
	size_t end = used_offset(num) + 3 * sizeof(uint16_t) + num * sizeof(struct vring_used_elem);

	return (end + USED_ALIGN - 1) & ~(size_t)(USED_ALIGN - 1);
}

/* Each side's event index lives just behind the other side's ring. */
static uint16_t *used_event(struct vring_driver *v)
{
	return &v->avail->ring[v->num];
}

static uint16_t *avail_event(struct vring_driver *v)
{
	return (uint16_t *)&v->used->ring[v->num];
}

void vring_layout(struct vring_driver *v, unsigned int num, void *mem)
{
	char *base = mem;

	v->num = num;
	v->desc = mem;
	v->avail = (struct vring_avail *)(base + num * sizeof(struct vring_desc));
	v->used = (struct vring_used *)(base + used_offset(num));
}

static void fill_chain(struct vring_desc *d, const struct vring_seg *s, bool write, bool last,
		       uint16_t next)
{
	d->addr = s->gpa;
	d->len = s->len;
	d->flags = (write ? VRING_DESC_F_WRITE : 0) | (last ? 0 : VRING_DESC_F_NEXT);
	d->next = next;
}

static bool split_add(struct vring_driver *v, const struct vring_seg *segs, unsigned int out,
		      unsigned int in, uint32_t cookie, struct vring_desc *table,
		      uint64_t table_gpa)
{
	unsigned int total = out + in, descs = table ? 1 : total;
	uint16_t head = v->free_head, at = head;

	if (!total || v->free_count < descs)
		return false;
	if (table) {
		v->free_head = v->desc[head].next;
		for (unsigned int i = 0; i < total; i++)
			fill_chain(&table[i], &segs[i], i >= out, i + 1 == total, i + 1);
		v->desc[head].addr = table_gpa;
		v->desc[head].len = total * sizeof(*table);
		v->desc[head].flags = VRING_DESC_F_INDIRECT;
	} else {
		for (unsigned int i = 0; i < total; i++) {
			uint16_t next = v->desc[at].next;

			fill_chain(&v->desc[at], &segs[i], i >= out, i + 1 == total, next);
			at = next;
		}
		v->free_head = at;
	}
	v->free_count -= descs;
	v->slot[head].cookie = cookie;
	v->slot[head].descs = descs;
	v->avail->ring[v->avail_shadow++ & (v->num - 1)] = head;
	return true;
}

static void split_publish(struct vring_driver *v)
{
	/* Descriptors and ring entries first, then the index that shows them. */
	STORE_RELEASE(&v->avail->idx, v->avail_shadow);
}

static bool split_need_kick(struct vring_driver *v)
{
	uint16_t old = v->kicked;

	/* The index must be out before the device's wish is read (2.7.10). */
	atomic_thread_fence(memory_order_seq_cst);
	v->kicked = v->avail_shadow;
	if (old == v->avail_shadow)
		return false;
	if (v->event_idx)
		return vring_need_event(LOAD(avail_event(v)), v->avail_shadow, old);
	return !(LOAD(&v->used->flags) & VRING_USED_F_NO_NOTIFY);
}

static unsigned int split_used_pending(struct vring_driver *v)
{
	return (uint16_t)(LOAD_ACQUIRE(&v->used->idx) - v->last_used);
}

static int split_get_used(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	const struct vring_used_elem *e;
	uint16_t tail;
	uint32_t id;

	if (!split_used_pending(v))
		return 0;
	e = &v->used->ring[v->last_used & (v->num - 1)];
	id = e->id;
	if (id >= v->num || !v->slot[id].descs)
		return -1;
	*cookie = v->slot[id].cookie;
	*len = e->len;

	/* Hand the chain back to the free list, head first. */
	tail = id;
	for (unsigned int i = 1; i < v->slot[id].descs; i++)
		tail = v->desc[tail].next;
	v->desc[tail].next = v->free_head;
	v->free_head = id;
	v->free_count += v->slot[id].descs;
	v->slot[id].descs = 0;
	v->last_used++;
	return 1;
}

/*
 * The same in order. The ring of avail entries remembers what was given; the
 * free descriptors lie behind it, so there is no list of them to keep.
 */
static int split_get_used_in_order(struct vring_driver *v, uint32_t *cookie, uint32_t *len)
{
	unsigned int at = v->last_used & (v->num - 1);
	uint16_t head = v->avail->ring[at];
	struct vring_slot *slot = &v->slot[head];

	if (!split_used_pending(v))
		return 0;
	*len = 0;
	if (!v->in_batch) {
		uint32_t id = v->used->ring[at].id;

		if (id >= v->num || !v->slot[id].descs)
			return -1;
		v->batch_id = id;
		v->batch_len = v->used->ring[at].len;
		v->in_batch = true;
	}
	if (!slot->descs)
		return -1;
	if (head == v->batch_id) {
		*len = v->batch_len;
		v->in_batch = false;
	}
	*cookie = slot->cookie;
	v->free_count += slot->descs;
	slot->descs = 0;
	v->last_used++;
	return 1;
}

static void split_mute(struct vring_driver *v)
{
	if (v->event_idx)
		/* Just behind: the index must wrap around before it is passed. */
		STORE(used_event(v), (uint16_t)(v->last_used - 1));
	else
		STORE(&v->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

static bool split_arm(struct vring_driver *v, unsigned int count)
{
	if (v->event_idx)
		STORE(used_event(v), (uint16_t)(v->last_used + count - 1));
	else
		STORE(&v->avail->flags, 0);
	/* The wish must be out before the used index is read again. */
	atomic_thread_fence(memory_order_seq_cst);
	return split_used_pending(v) >= count;
}

int vring_open(struct vring_driver *v, unsigned int num, bool event_idx, void *mem)
{
	memset(v, 0, sizeof(*v));
	v->op = (struct vring_ops){ split_add,	    split_publish,	split_need_kick,
				    split_get_used, split_used_pending, split_mute,
				    split_arm };
	vring_layout(v, num, mem);
	v->area[0] = v->desc;
	v->area[1] = v->avail;
	v->area[2] = v->used;
	v->event_idx = event_idx;
	v->slot = calloc(num, sizeof(*v->slot));
	if (!v->slot)
		return fail(RC_FAIL, "out of memory: ring of %u: give the machine more", num);
	for (unsigned int i = 0; i < num; i++)
		v->desc[i].next = i + 1;
	v->free_count = num;
	split_mute(v);
	return RC_OK;
}

void vring_in_order(struct vring_driver *v)
{
	v->op.get_used = split_get_used_in_order;
	v->desc[v->num - 1].next = 0;
}

void vring_close(struct vring_driver *v)
{
	free(v->slot);
	v->slot = NULL;
}
