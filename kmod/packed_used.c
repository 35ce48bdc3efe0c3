// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's half of a packed virtqueue: used descriptors and event suppression
 * (virtio 1.2, sections 2.8.1, 2.8.8 and 2.8.10 to 2.8.14).
 */
#include "call.h"
#include "packed.h"
#include "ring.h"
#include "rule.h"
#include "user.h"
#include "weight.h"

#define EVENT_OFF   offsetof(struct vring_packed_desc_event, off_wrap)
#define EVENT_FLAGS offsetof(struct vring_packed_desc_event, flags)

/* The flags AVAIL and USED of a used descriptor at @pos (section 2.8.1). */
static u64 used_bits(u16 pos)
{
	return pos & VHL_WRAP ? VHL_WORD_AVAIL | VHL_WORD_USED : 0;
}

/*
 * An entry of vq->done[] as the word of a used descriptor; in place of the flags it
 * has the number of descriptors of the chain: see vhl_packed_head().
 */
static u64 done_word(const struct vring_used_elem *e)
{
	return (u64)le32_to_cpu((__force __le32)e->id) << 32 | le32_to_cpu((__force __le32)e->len);
}

static unsigned int done_descs(u64 word)
{
	return word >> VHL_WORD_FLAGS;
}

/* The word with flags @bits (AVAIL and USED), and WRITE for a buffer that was written. */
static u64 used_word(u64 word, u64 bits)
{
	word = (word & (BIT_ULL(VHL_WORD_FLAGS) - 1)) | bits;
	/* Section 2.8.4: without WRITE the length is reserved. */
	return (u32)word ? word | VHL_WORD(VRING_DESC_F_WRITE) : word;
}

static size_t word_at(u16 pos)
{
	return vhl_pos_index(pos) * sizeof(struct vring_packed_desc) +
	       offsetof(struct vring_packed_desc, len);
}

/* Writes one used descriptor through the IOTLB, its flags last. Returns 0 or -EFAULT. */
static int put_iotlb(struct vhl_vq *vq, const struct vring_used_elem *e, u16 pos)
{
	u64 word = used_word(done_word(e), used_bits(pos));
	struct vring_packed_desc d = {
		.len = cpu_to_le32(word),
		.id = cpu_to_le16(word >> 32),
	};

	if (vhl_area_put(vq, VHL_DESC, word_at(pos), &d.len, sizeof(d.len) + sizeof(d.id)))
		return -EFAULT;
	smp_wmb(); /* the flags are written after the rest */
	return vhl_area_put16(vq, VHL_DESC, word_at(pos) + sizeof(d.len) + sizeof(d.id),
			      cpu_to_vhl16(vq, word >> VHL_WORD_FLAGS));
}

/*
 * Writes the entries from @e up to @end through the IOTLB; the first one last, since
 * the driver reads the later ones only after it. Returns 0 or -EFAULT.
 */
static int write_iotlb(struct vhl_vq *vq, const struct vring_used_elem *e,
		       const struct vring_used_elem *end)
{
	const struct vring_used_elem *first = e;
	u16 pos = vq->used_pos;

	while (++e < end) {
		pos = vhl_pos_next(vq, pos, done_descs(done_word(e - 1)));
		if (put_iotlb(vq, e, pos))
			return -EFAULT;
	}
	smp_wmb(); /* the first one is written after the others */
	return put_iotlb(vq, first, vq->used_pos);
}

/*
 * Writes the entries from @e up to @end, the first one last. @ring is a user
 * address, inside user_write_access_begin(), or with @mapped the ring's mapping.
 * Returns 0 or -EFAULT.
 */
static __always_inline int write_words(struct vhl_vq *vq, struct vring_packed_desc __user *ring,
				       const struct vring_used_elem *e,
				       const struct vring_used_elem *end, const bool mapped)
{
	unsigned int num = vq->num, i = vhl_pos_index(vq->used_pos);
	u64 bits = used_bits(vq->used_pos), word = done_word(e);
	u64 first = used_word(word, bits);
	__le64 __user *first_at = (__le64 __user *)&ring[i].len, *at;

	while (++e < end) {
		i += done_descs(word);
		if (unlikely(i >= num)) {
			i -= num;
			bits ^= VHL_WORD_AVAIL | VHL_WORD_USED;
		}
		word = done_word(e);
		at = (__le64 __user *)&ring[i].len;
		if (mapped)
			WRITE_ONCE(*(__force __le64 *)at, cpu_to_le64(used_word(word, bits)));
		else
			unsafe_put_user(cpu_to_le64(used_word(word, bits)), at, fault);
	}
	smp_wmb(); /* the first one is written after the others */
	if (mapped)
		WRITE_ONCE(*(__force __le64 *)first_at, cpu_to_le64(first));
	else
		unsafe_put_user(cpu_to_le64(first), first_at, fault);
	return 0;
fault:
	return -EFAULT;
}

/*
 * write_user() when the ring is not plain: the slow path. Returns -ENODATA when
 * user addresses must be used.
 */
static noinline int write_other(struct vhl_vq *vq, const struct vring_used_elem *e,
				const struct vring_used_elem *end)
{
	struct vring_packed_desc *ring;
	int err = -ENODATA;

	if (vq->iotlb)
		return write_iotlb(vq, e, end);
	if (!vq->pinned)
		return err;
	ring = vhl_pin_begin(vq, VHL_DESC);
	if (likely(ring))
		err = write_words(vq, (__force void __user *)ring, e, end, true);
	vhl_pin_end();
	return err;
}

static int write_user(struct vhl_vq *vq, const struct vring_used_elem *e,
		      const struct vring_used_elem *end)
{
	struct vring_packed_desc __user *ring = vq->area[VHL_DESC];
	int err;

	if (unlikely(!vhl_write_begin(ring, vq->num * sizeof(*ring))))
		return -EFAULT;
	err = write_words(vq, ring, e, end, false);
	user_write_access_end();
	return err;
}

/* Marks the written descriptors dirty; consecutive ones as one range. */
static void used_log(struct vhl_vq *vq, const struct vring_used_elem *e,
		     const struct vring_used_elem *end)
{
	const size_t size = sizeof(struct vring_packed_desc);
	size_t from = vhl_pos_index(vq->used_pos) * size, to = from + size;
	u16 pos = vq->used_pos;

	while (++e < end) {
		size_t at;

		pos = vhl_pos_next(vq, pos, done_descs(done_word(e - 1)));
		at = vhl_pos_index(pos) * size;
		if (at != to) {
			vhl_area_log_ring(vq, from, to - from);
			from = at;
		}
		to = at + size;
	}
	vhl_area_log_ring(vq, from, to - from);
}

/*
 * Whether the driver's event suppression structure asks for a call for the
 * descriptors from signalled_used to used_idx, which have been written (section
 * 2.8.10). Sets *why.
 */
static bool call_wanted(struct vhl_vq *vq, enum vhl_call_reason *why)
{
	u16 new = vhl_pos_index(vq->used_pos), old = new - (u16)(vq->used_idx - vq->signalled_used);
	bool valid = vq->signalled_valid;
	__virtio16 v[2];
	u16 event, flags;

	/* The used descriptors must be visible before the driver's setting is read. */
	smp_mb();
	if (vhl_has(vq, VIRTIO_F_NOTIFY_ON_EMPTY) && vq->avail_seen == vq->last_avail &&
	    !vhl_packed_more(vq)) {
		*why = VHL_CALL_EMPTY;
		return true;
	}
	*why = VHL_CALL_FAULT;
	if (vhl_ring_get(vq, VHL_AVAIL, EVENT_OFF, v, ARRAY_SIZE(v)))
		return true;
	event = vhl16_to_cpu(vq, v[0]);
	flags = vhl16_to_cpu(vq, v[1]);

	*why = VHL_CALL_FLAG;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !vq->event_idx)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	vq->signalled_valid = true;
	*why = VHL_CALL_FIRST;
	if (!valid)
		return true;
	*why = VHL_CALL_EVENT;
	/* With another wrap counter than used_pos, the event is in the ring's previous turn. */
	if ((event ^ vq->used_pos) & VHL_WRAP)
		return vring_need_event(vhl_pos_index(event) - vq->num, new, old);
	return vring_need_event(vhl_pos_index(event), new, old);
}

/*
 * vhl_used_publish() for a packed ring: @n heads, at least one, are in vq->done[].
 * They cover all descriptors from used_idx to last_avail, less vq->held.
 */
void vhl_packed_publish(struct vhl_vq *vq, unsigned int n)
{
	u16 end_idx = vq->last_avail - vq->held;
	unsigned int descs = (u16)(end_idx - vq->used_idx);
	struct vring_used_elem *e = vq->done, *end = e + n;
	enum vhl_call_reason why;
	bool wanted;
	int err;

	/* Section 2.8.8: the id of the last one, in the place of the first one. */
	if (vq->used_folded) {
		e[0] = e[n - 1];
		end = e + 1;
	}
	vq->signalled_used = vq->used_idx;
	vq->used_idx = end_idx;
	/* vhl_packed_room() ensures this; the writers below rely on it. */
	if (WARN_ON_ONCE(descs > vq->num))
		return;
	err = vq->ring_plain ? -ENODATA : write_other(vq, e, end);
	if (likely(err == -ENODATA))
		err = write_user(vq, e, end);
	if (unlikely(err)) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return;
	}
	if (unlikely(vq->log_used))
		used_log(vq, e, end);
	vq->used_pos = vhl_pos_next(vq, vq->used_pos, descs);
	vq->stats.used_batches++;
	trace_used(vq, n);
	wanted = call_wanted(vq, &why);
	vhl_call(vq, wanted, why);
}

/*
 * Writes the device's event suppression structure: @flags, and the position @pos
 * for VRING_PACKED_EVENT_FLAG_DESC. Returns 0 or -EFAULT.
 */
static int event_write(struct vhl_vq *vq, u16 pos, u16 flags)
{
	struct vring_packed_desc_event e = {
		.off_wrap = cpu_to_le16(pos),
		.flags = cpu_to_le16(flags),
	};
	u32 both;

	if (vq->iotlb) {
		if (vhl_used_put(vq, EVENT_OFF, cpu_to_vhl16(vq, pos)))
			return -EFAULT;
		smp_wmb(); /* the position is written before the flags that refer to it */
		if (vhl_used_put(vq, EVENT_FLAGS, cpu_to_vhl16(vq, flags)))
			return -EFAULT;
	} else {
		memcpy(&both, &e, sizeof(both));
		if (!(vq->pinned && vhl_pin_put32(vq, both)) &&
		    vhl_put_user(both, (u32 __user *)vq->area[VHL_USED]))
			return -EFAULT;
	}
	vhl_area_log_used(vq, 0, sizeof(e));
	return 0;
}

/* The flags that enable kicks: with event index, for a position. */
static u16 wish(const struct vhl_vq *vq)
{
	return vq->event_idx ? VRING_PACKED_EVENT_FLAG_DESC : VRING_PACKED_EVENT_FLAG_ENABLE;
}

/* vhl_used_start() for a packed ring. */
int vhl_packed_start(struct vhl_vq *vq)
{
	vq->signalled_valid = false;
	vq->notify_on = true;
	return event_write(vq, vq->avail_pos, wish(vq));
}

/* vhl_notify_enable() for a packed ring. */
bool vhl_packed_notify_enable(struct vhl_vq *vq)
{
	bool more = false;

	if (event_write(vq, vq->avail_pos, wish(vq))) {
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
		return false;
	}
	vq->notify_on = true;
	vq->stats.notify_enabled++;
	trace_notify(vq, true);

	/* The event structure must be visible before the ring is read again. */
	smp_mb();
	if (vq->avail_seen == vq->last_avail)
		return vhl_packed_more(vq);
	/* The caller has seen descriptors it could not use: only later ones count. */
	while (vhl_packed_more(vq)) {
		vq->avail_seen++;
		vq->avail_pos = vhl_pos_next(vq, vq->avail_pos, 1);
		more = true;
		/* The driver chooses how many, up to the ring's size. */
		if (unlikely(!(vq->avail_seen % VHL_RESCHED)))
			cond_resched();
	}
	return more;
}

/* vhl_notify_disable() for a packed ring. Returns 0 or -EFAULT. */
int vhl_packed_notify_disable(struct vhl_vq *vq)
{
	return event_write(vq, vq->avail_pos, VRING_PACKED_EVENT_FLAG_DISABLE);
}
