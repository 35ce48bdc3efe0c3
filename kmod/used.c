// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's half of the split virtqueue: used entries, calls and kicks
 * (virtio 1.2, sections 2.7.7 to 2.7.10).
 */
#include "vhostlab.h"
#include "call.h"
#include "packed.h"
#include "ring.h"
#include "rule.h"
#include "trace.h"
#include "used.h"

/* Offsets of the event index fields at the ends of the rings, in bytes. */
static size_t used_event(struct vhl_vq *vq)
{
	return vhl_avail_entry(vq->num);
}

static size_t avail_event(struct vhl_vq *vq)
{
	return vhl_used_entry(vq->num);
}

/* Whether the avail ring is empty, for VIRTIO_F_NOTIFY_ON_EMPTY. */
static bool avail_empty(struct vhl_vq *vq)
{
	__virtio16 idx;

	if (vq->avail_seen != vq->last_avail)
		return false;
	return !vhl_ring_get(vq, VHL_AVAIL, VHL_AVAIL_IDX, &idx, 1) &&
	       vhl16_to_cpu(vq, idx) == vq->last_avail;
}

/*
 * Whether the guest asks for a call for the entries published since the last
 * decision (section 2.7.7). Sets *why. signalled_used is updated at every decision,
 * whatever its result: it would be wrong after 65,536 more entries otherwise.
 */
static bool call_wanted(struct vhl_vq *vq, enum vhl_call_reason *why)
{
	u16 old = vq->signalled_used;
	bool valid = vq->signalled_valid;
	__virtio16 v;

	vq->signalled_used = vq->used_idx;
	vq->signalled_valid = vq->event_idx;
	/* The used index must be visible before the guest's setting is read. */
	smp_mb();

	if (vhl_has(vq, VIRTIO_F_NOTIFY_ON_EMPTY) && avail_empty(vq)) {
		*why = VHL_CALL_EMPTY;
		return true;
	}
	if (!vq->event_idx) {
		*why = VHL_CALL_FLAG;
		if (vhl_ring_get(vq, VHL_AVAIL, VHL_AVAIL_FLAGS, &v, 1)) {
			*why = VHL_CALL_FAULT;
			return true;
		}
		return !(vhl16_to_cpu(vq, v) & VRING_AVAIL_F_NO_INTERRUPT);
	}

	*why = VHL_CALL_FIRST;
	if (!valid)
		return true;
	*why = VHL_CALL_FAULT;
	if (vhl_ring_get(vq, VHL_AVAIL, used_event(vq), &v, 1))
		return true;
	*why = VHL_CALL_EVENT;
	return vring_need_event(vhl16_to_cpu(vq, v), vq->used_idx, old);
}

/* Decides on a call, and sends it. */
static void call_guest(struct vhl_vq *vq)
{
	enum vhl_call_reason why;
	bool send = call_wanted(vq, &why);

	__vhl_call(vq, send, why);
}

/*
 * Publishes the heads in vq->done[] as used, then sends a call if the guest asks for
 * one. When the used ring cannot be written, that is reported and the heads are
 * discarded, since there is no other way to return them. Caller holds vq->mutex;
 * may sleep.
 */
void vhl_used_publish(struct vhl_vq *vq)
{
	unsigned int n = vq->n_done;
	unsigned int slot = vq->used_idx & (vq->num - 1);
	unsigned int entries = n, part;
	__virtio16 idx;

	if (!n)
		return;
	vq->n_done = 0;
	if (vq->packed) {
		vhl_packed_publish(vq, n);
		return;
	}
	/* No more chains than that are taken at once; the writers below rely on it. */
	if (WARN_ON_ONCE(n > vq->num))
		goto fault;

	/* Section 2.7.9: the entry of the last one stands for the whole batch. */
	if (vq->used_folded) {
		vq->done[0] = vq->done[n - 1];
		entries = 1;
	}
	part = min(entries, vq->num - slot);
	if (unlikely(vhl_used_put_entries(vq, slot, vq->done, part) ||
		     (part < entries &&
		      vhl_used_put_entries(vq, 0, vq->done + part, entries - part))))
		goto fault;

	/* The entries are written before the index that shows them. */
	smp_wmb();
	vq->used_idx += n;
	idx = cpu_to_vhl16(vq, vq->used_idx);
	if (unlikely(vhl_used_put(vq, VHL_USED_IDX, idx)))
		goto fault;
	vq->stats.used_batches++;
	trace_used(vq, n);

	if (unlikely(vq->log_used)) {
		size_t elem = sizeof(struct vring_used_elem);

		vhl_area_log_used(vq, vhl_used_entry(slot), part * elem);
		if (part < entries)
			vhl_area_log_used(vq, vhl_used_entry(0), (entries - part) * elem);
		vhl_area_log_used(vq, VHL_USED_IDX, sizeof(idx));
	}
	call_guest(vq);
	return;

fault:
	/* The next decision must not compare with signalled_used. */
	vq->signalled_valid = false;
	vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
}

/* Writes the used ring's flags. Returns 0 or -EFAULT. */
static int used_flags_write(struct vhl_vq *vq, u16 flags)
{
	__virtio16 v = cpu_to_vhl16(vq, flags);

	if (vhl_used_put(vq, VHL_USED_FLAGS, v))
		return -EFAULT;
	vhl_area_log_used(vq, VHL_USED_FLAGS, sizeof(v));
	return 0;
}

static int used_start(struct vhl_vq *vq)
{
	__virtio16 idx;

	if (vhl_ring_get(vq, VHL_USED, VHL_USED_IDX, &idx, 1))
		return -EFAULT;
	vq->used_idx = vhl16_to_cpu(vq, idx);
	vq->signalled_valid = false;
	vq->notify_on = true;
	return used_flags_write(vq, 0);
}

/*
 * Starts the used ring: reads its index from guest memory and enables kicks. Called
 * by the owner when a backend is attached; and when the IOTLB does not translate the
 * rings yet, again by the worker as soon as it does, until it succeeds once: a queue
 * that runs has read its index. Returns 0 or -EFAULT. Caller holds vq->mutex and runs
 * in the owner's mm; may sleep.
 */
int vhl_used_start(struct vhl_vq *vq)
{
	int err;

	if (vq->iotlb && vhl_area_ready(vq)) {
		vq->starting = true;
		return 0;
	}
	err = vq->packed ? vhl_packed_start(vq) : used_start(vq);
	if (!err)
		vq->starting = false;
	return err;
}

/*
 * Enables kicks for entries beyond those seen of the avail ring (section 2.7.10),
 * then reads the ring again. Returns true when entries were added meanwhile: there
 * may be no kick for them, so the caller goes on. Caller holds vq->mutex; may sleep.
 */
bool vhl_notify_enable(struct vhl_vq *vq)
{
	__virtio16 v;
	u16 n;

	if (vq->packed)
		return vhl_packed_notify_enable(vq);
	if (vq->event_idx) {
		v = cpu_to_vhl16(vq, vq->avail_seen);
		if (vhl_used_put(vq, avail_event(vq), v))
			goto fault;
		vhl_area_log_used(vq, avail_event(vq), sizeof(v));
	} else if (used_flags_write(vq, 0)) {
		goto fault;
	}
	vq->notify_on = true;
	vq->stats.notify_enabled++;
	trace_notify(vq, true);

	/* The setting must be visible before the index is read again. */
	smp_mb();
	if (vhl_ring_get(vq, VHL_AVAIL, VHL_AVAIL_IDX, &v, 1))
		goto fault;
	n = vhl16_to_cpu(vq, v) - vq->last_avail;
	if (n == (u16)(vq->avail_seen - vq->last_avail))
		return false;
	if (unlikely(n > vq->num)) {
		vhl_rule_broken(vq, VHL_RULE_AVAIL_JUMP);
		return false;
	}
	vq->avail_seen = vq->last_avail + n;
	smp_rmb(); /* entries are read after the index, as in vhl_avail_look() */
	return true;

fault:
	vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
	return false;
}

/*
 * Enables kicks although the ring is not empty, when its next entry cannot be used:
 * only new entries are a reason to read the ring again. Bounded, since the guest
 * could move its index all the time. Caller holds vq->mutex; may sleep.
 */
void vhl_notify_repair(struct vhl_vq *vq)
{
	int tries = 4;

	while (tries-- && vhl_notify_enable(vq))
		;
}

/*
 * Disables kicks. With event index a split ring needs no write for that: the guest
 * kicks only when it passes avail_event, which it already has. In a packed ring the
 * same position would be ahead of the guest again two turns later. Caller holds
 * vq->mutex; may sleep.
 */
void vhl_notify_disable(struct vhl_vq *vq)
{
	if (!vq->notify_on)
		return;
	vq->notify_on = false;
	if (vq->packed ? vhl_packed_notify_disable(vq)
		       : !vq->event_idx && used_flags_write(vq, VRING_USED_F_NO_NOTIFY))
		vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
	vq->stats.notify_disabled++;
	trace_notify(vq, false);
}
