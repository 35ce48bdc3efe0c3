// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest writes into its ring. The bytes of the input are read so that most of what comes out
 * is nearly right: a parser refuses what is all wrong at the first look.
 */
#include "ring.h"

/* An address of the guest: mostly in a region of the memory, near its start or its end. */
static u64 address(struct vhl_vq *vq, struct input *in)
{
	const struct vhl_mem *mem = vq->dev->mem;
	u8 how = take8(in);
	u16 off = take16(in);
	const struct vhl_region *r;

	if (how == 0xff || !mem || !mem->n)
		return (u64)take32(in) << (off & 31);
	r = &mem->r[how % mem->n];
	return how & 0x40 ? r->gpa + r->size - (off & 0x3ff) : r->gpa + off;
}

static u32 length(struct input *in)
{
	u8 how = take8(in);

	switch (how >> 6) {
	case 0:
		return how;
	case 1:
		return (how & 63) * 64;
	case 2:
		return (how & 63) * sizeof(struct vring_desc);
	default:
		return how == 0xff ? take32(in) : take16(in);
	}
}

/* The user address of descriptor @i, or NULL when it is not in the client's memory. */
static void *slot(struct vhl_vq *vq, unsigned int i)
{
	u8 *table = (u8 *)vq->area[VHL_DESC], *end = client(LOG);

	if (table < (u8 *)client(0) || table >= end)
		return NULL;
	table += i % vq->num * sizeof(struct vring_desc);
	return table + sizeof(struct vring_desc) <= end ? table : NULL;
}

/* Whether an area is in the client's memory: not if it is not set, or an I/O virtual address. */
static bool in_rings(const void *area)
{
	return (u8 *)area >= (u8 *)client(RINGS) && (u8 *)area < (u8 *)client(BUFFERS);
}

/* The flags that make a packed descriptor at @pos available. */
static u16 available(u16 pos)
{
	return pos & 0x8000 ? 1 << VRING_PACKED_DESC_F_AVAIL : 1 << VRING_PACKED_DESC_F_USED;
}

/*
 * One descriptor, in the ring or in a table of the first region; of a packed ring also available or
 * not, by the device's position.
 */
void guest_descriptor(struct vhl_vq *vq, struct input *in)
{
	u8 what = take8(in);
	unsigned int i = take8(in);
	struct vring_desc *d = slot(vq, i);
	struct vring_packed_desc *p;
	u16 flags = what & (VRING_DESC_F_NEXT | VRING_DESC_F_WRITE | VRING_DESC_F_INDIRECT);

	if (what & 0x80 && vq->dev->mem && vq->dev->mem->n)
		d = client(BUFFERS + i * sizeof(*d));
	if (!d)
		return;
	p = (void *)d;
	d->addr = address(vq, in);
	d->len = length(in);
	if (!vq->packed) {
		d->flags = flags;
		d->next = what & 0x40 ? i + 1 : take8(in);
		return;
	}
	p->id = take8(in);
	if (!(what & 0x10))
		flags |= available(vq->avail_pos);
	p->flags = flags;
}

/* Heads and index of a split ring; the driver event suppression structure of a packed one. */
void guest_avail(struct vhl_vq *vq, struct input *in)
{
	struct vring_avail *avail = (void *)vq->area[VHL_AVAIL];
	u8 n = take8(in);
	u16 idx;

	/* The largest rings have entries from guest_offer() only. */
	if (!in_rings(avail) || vq->num > 16384)
		return;
	if (vq->packed) {
		struct vring_packed_desc_event *e = (void *)avail;

		e->off_wrap = n & 0x80 ? take16(in) : vq->used_pos + (n & 3);
		e->flags = n >> 2 & 3;
		return;
	}
	avail->flags = n >> 7;
	idx = avail->idx;
	for (n &= 0x1f; n; n--)
		avail->ring[idx++ % vq->num] = take8(in);
	avail->idx = take8(in) == 0xff ? take16(in) : idx;
	if (vq->event_idx)
		avail->ring[vq->num] = vq->used_idx + (s8)take8(in);
}

/* As a well-behaved driver does: buffers of one descriptor each, and all of them available. */
void guest_offer(struct vhl_vq *vq, struct input *in)
{
	const struct vhl_mem *mem = vq->dev->mem;
	struct vring_avail *avail = (void *)vq->area[VHL_AVAIL];
	u8 n = take8(in), how = take8(in);
	u32 len = how & 0x80 ? 1600 : 20 + (how & 0x7f);
	u16 pos = vq->avail_pos, flags = vq->index == VHL_RX ? VRING_DESC_F_WRITE : 0;

	if (!slot(vq, 0) || !mem || !mem->n || !in_rings(avail))
		return;
	for (n &= 31; n; n--) {
		u64 addr = mem->r[0].gpa +
			   (n * len) % (mem->r[0].size > len ? mem->r[0].size - len : 1);

		if (vq->packed) {
			struct vring_packed_desc *p = slot(vq, pos & 0x7fff);

			*p = (struct vring_packed_desc){ addr, len, n, flags | available(pos) };
			if ((++pos & 0x7fff) == vq->num)
				pos = (pos & 0x8000) ^ 0x8000;
		} else {
			unsigned int head = avail->idx % vq->num;
			struct vring_desc *d = slot(vq, head);

			*d = (struct vring_desc){ addr, len, flags, 0 };
			avail->ring[head] = head;
			avail->idx++;
		}
	}
}

/* Puts a split ring, all of zeros, at the position that the device has. */
void guest_position(struct vhl_vq *vq)
{
	struct vring_avail *avail = (void *)vq->area[VHL_AVAIL];
	struct vring_used *used = (void *)vq->area[VHL_USED];

	if (vq->packed || !in_rings(avail))
		return;
	avail->idx = vq->last_avail;
	used->idx = vq->last_avail;
}

/* Bytes anywhere in rings and buffers. */
void guest_bytes(struct input *in)
{
	u8 n = take8(in), *to = client(RINGS + take32(in) % (LOG - 256));

	for (n &= 31; n; n--)
		*to++ = take8(in);
}
