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

/* The fields at the rings' ends where each side names an event index. */
static size_t used_event(struct vhl_vq *vq)
{
	return vhl_avail_entry(vq->num);
}

static size_t avail_event(struct vhl_vq *vq)
{
	return vhl_used_entry(vq->num);
}

static bool avail_empty(struct vhl_vq *vq)
{
	__virtio16 idx;

	if (vq->avail_seen != vq->last_avail)
		return false;
	return !vhl_ring_get(vq, VHL_AVAIL, VHL_AVAIL_IDX, &idx, 1) &&
	       vhl16_to_cpu(vq, idx) == vq->last_avail;
}

/*
 * Whether the guest wants a call for the entries since the last decision,
 * which each one is, for whatever reason: signalled_used would otherwise mean
 * something else after 65,536 entries.
 */
static bool call_wanted(struct vhl_vq *vq, enum vhl_call_reason *why)
{
	u16 old = vq->signalled_used;
	bool valid = vq->signalled_valid;
	__virtio16 v;

	vq->signalled_used = vq->used_idx;
	vq->signalled_valid = vq->event_idx;
	/* The used index must be visible before the guest's wish is read. */
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

static void call_guest(struct vhl_vq *vq)
{
	enum vhl_call_reason why;
	bool send = call_wanted(vq, &why);

	__vhl_call(vq, send, why);
}

/*
 * Publishes the heads noted since the last time, then calls the guest if
 * it wants that. When the used ring cannot be written that is reported and
 * the heads are forgotten, since nobody can be told. Caller holds vq->mutex;
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
	/* No chain is taken beyond that; the writers below rely on it. */
	if (WARN_ON_ONCE(n > vq->num))
		goto fault;

	/* Section 2.7.9: the last one's entry stands for all before it. */
	if (vq->used_folded) {
		vq->done[0] = vq->done[n - 1];
		entries = 1;
	}
	part = min(entries, vq->num - slot);
	if (unlikely(vhl_used_put_entries(vq, slot, vq->done, part) ||
		     (part < entries &&
		      vhl_used_put_entries(vq, 0, vq->done + part, entries - part))))
		goto fault;

	/* Entries before the index that announces them. */
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
	/* The next entries that can be written are announced whatever their number. */
	vq->signalled_valid = false;
	vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
}

static int used_flags_write(struct vhl_vq *vq, u16 flags)
{
	__virtio16 v = cpu_to_vhl16(vq, flags);

	if (vhl_used_put(vq, VHL_USED_FLAGS, v))
		return -EFAULT;
	vhl_area_log_used(vq, VHL_USED_FLAGS, sizeof(v));
	return 0;
}

/*
 * Takes up the used ring where the guest's memory says it is. Called when a
 * backend is attached, by the owner; when the IOTLB does not reach the rings
 * yet, again by the worker as soon as it does. Returns 0 or -EFAULT.
 */
int vhl_used_start(struct vhl_vq *vq)
{
	__virtio16 idx;

	vq->starting = vq->iotlb && vhl_area_ready(vq);
	if (vq->starting)
		return 0;
	if (vq->packed)
		return vhl_packed_start(vq);
	if (vhl_ring_get(vq, VHL_USED, VHL_USED_IDX, &idx, 1))
		return -EFAULT;
	vq->used_idx = vhl16_to_cpu(vq, idx);
	vq->signalled_valid = false;
	vq->notify_on = true;
	return used_flags_write(vq, 0);
}

/*
 * Asks for a kick when the guest adds to what has been seen of the avail
 * ring, then looks once more. Returns whether something was added meanwhile:
 * then no kick may come for it and the caller goes on. Caller holds
 * vq->mutex; may sleep.
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

	/* The wish must be visible before the index is read again. */
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
	smp_rmb(); /* entries after the index, as in vhl_avail_pending() */
	return true;

fault:
	vhl_rule_broken(vq, VHL_RULE_RING_ACCESS);
	return false;
}

/*
 * Waits for a kick before the ring is looked at again, although it is not
 * empty: its next entry cannot be used. Bounded, since the guest could move
 * its index for ever.
 */
void vhl_notify_repair(struct vhl_vq *vq)
{
	int tries = 4;

	while (tries-- && vhl_notify_enable(vq))
		;
}

/*
 * Waives kicks. With event index a split ring needs no write for that: the
 * guest kicks only when it passes the index named last, which lies behind it.
 * In a packed ring it would lie before it again two turns later.
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
