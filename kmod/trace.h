/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of system `vhostlab`. Every event has the device (the number of its
 * debugfs directory), the queue (0 receive, 1 transmit) and a ring index, which is
 * last_avail unless the event says otherwise (a free-running 16-bit position, not
 * a descriptor number). trace/README.md lists the fields.
 */
#ifndef VHL_CALL_LIST
/* Why a call was sent or suppressed. */
#define VHL_CALL_LIST(X) \
	/* used_event (packed: the event position) was passed, or was not */ \
	X(EVENT, event) \
	/* NO_INTERRUPT (packed: the event flags) allows calls, or does not */ \
	X(FLAG, flag) \
	/* NOTIFY_ON_EMPTY, and the avail ring is empty */ \
	X(EMPTY, empty) \
	/* with event index: first decision after the ring's start or a fault */ \
	X(FIRST, first) \
	/* a call is due, but no call eventfd is set */ \
	X(NO_FD, no_fd) \
	/* the guest's setting could not be read: the call is sent to be safe */ \
	X(FAULT, fault)

enum vhl_call_reason {
#define X(sym, name) VHL_CALL_##sym,
	VHL_CALL_LIST(X)
#undef X
};
#endif /* VHL_CALL_LIST */

#ifdef VHL_NO_TRACE
#include "no_trace.h"
#else

#undef TRACE_SYSTEM
#define TRACE_SYSTEM vhostlab

#if !defined(VHOSTLAB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VHOSTLAB_TRACE_H

#include <linux/tracepoint.h>
#include "vhostlab.h"

/* Puts the enums' numbers into the format files, for user space. */
#define X(sym, name) TRACE_DEFINE_ENUM(VHL_RULE_##sym);
VHL_RULE_LIST(X)
#undef X
#define X(sym, name) TRACE_DEFINE_ENUM(VHL_CALL_##sym);
VHL_CALL_LIST(X)
#undef X

#define VHL_RULE_SYM(sym, name) { VHL_RULE_##sym, #name },
#define VHL_CALL_SYM(sym, name) { VHL_CALL_##sym, #name },

#define VHL_ENTRY_COMMON \
		__field(u32, device) \
		__field(u16, queue) \
		__field(u16, index)

#define VHL_ASSIGN_COMMON(vq, idx) \
		__entry->device = (vq)->dev->id; \
		__entry->queue = (vq)->index; \
		__entry->index = (idx)

#define VHL_FMT "device=%u queue=%u index=%u"
#define VHL_ARGS __entry->device, __entry->queue, __entry->index

/* The guest's kick eventfd was written. May run with interrupts off. */
TRACE_EVENT(kick,
	TP_PROTO(const struct vhl_vq *vq),
	TP_ARGS(vq),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, READ_ONCE(vq->last_avail));
	),
	TP_printk(VHL_FMT, VHL_ARGS)
);

/* A run of a queue begins. */
TRACE_EVENT(work_start,
	TP_PROTO(const struct vhl_vq *vq),
	TP_ARGS(vq),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
	),
	TP_printk(VHL_FMT, VHL_ARGS)
);

/* A run of a queue ends, after @packets frames (receive) or chains (transmit). */
TRACE_EVENT(work_end,
	TP_PROTO(const struct vhl_vq *vq, unsigned int packets),
	TP_ARGS(vq, packets),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u32, packets)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->packets = packets;
	),
	TP_printk(VHL_FMT " packets=%u", VHL_ARGS, __entry->packets)
);

/* A descriptor chain was read; head: its head index or buffer id; lengths in bytes. */
TRACE_EVENT(desc,
	TP_PROTO(const struct vhl_vq *vq, const struct vhl_chain *c),
	TP_ARGS(vq, c),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u16, head)
		__field(u16, descs)
		__field(u32, out_len)
		__field(u32, in_len)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->head = c->head;
		__entry->descs = c->descs;
		__entry->out_len = c->out_len;
		__entry->in_len = c->in_len;
	),
	TP_printk(VHL_FMT " head=%u descs=%u out_len=%u in_len=%u", VHL_ARGS,
		  __entry->head, __entry->descs, __entry->out_len,
		  __entry->in_len)
);

DECLARE_EVENT_CLASS(vhl_copy,
	TP_PROTO(const struct vhl_vq *vq, u16 chain, u32 len),
	TP_ARGS(vq, chain, len),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u16, head)
		__field(u32, len)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->head = chain;
		__entry->len = len;
	),
	TP_printk(VHL_FMT " head=%u len=%u", VHL_ARGS, __entry->head,
		  __entry->len)
);

/* A frame of @len bytes (without virtio-net header) was taken from guest memory. */
DEFINE_EVENT(vhl_copy, copy_tx,
	TP_PROTO(const struct vhl_vq *vq, u16 chain, u32 len),
	TP_ARGS(vq, chain, len)
);

/* A frame of @len bytes (without virtio-net header) was written to guest memory. */
DEFINE_EVENT(vhl_copy, copy_rx,
	TP_PROTO(const struct vhl_vq *vq, u16 chain, u32 len),
	TP_ARGS(vq, chain, len)
);

/* @count heads were published as used; index is the new used index. */
TRACE_EVENT(used,
	TP_PROTO(const struct vhl_vq *vq, u32 count),
	TP_ARGS(vq, count),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u32, count)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->used_idx);
		__entry->count = count;
	),
	TP_printk(VHL_FMT " count=%u", VHL_ARGS, __entry->count)
);

/* A call was sent (sent=1) or suppressed; index is the used index. */
TRACE_EVENT(call,
	TP_PROTO(const struct vhl_vq *vq, bool sent, unsigned int reason),
	TP_ARGS(vq, sent, reason),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u8, sent)
		__field(u8, reason)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->used_idx);
		__entry->sent = sent;
		__entry->reason = reason;
	),
	TP_printk(VHL_FMT " sent=%u reason=%s", VHL_ARGS, __entry->sent,
		  __print_symbolic(__entry->reason,
				   VHL_CALL_LIST(VHL_CALL_SYM) { -1, "?" }))
);

/* Kicks were enabled (enabled=1) or disabled; index is the avail index last seen. */
TRACE_EVENT(notify,
	TP_PROTO(const struct vhl_vq *vq, bool enabled),
	TP_ARGS(vq, enabled),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u8, enabled)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->avail_seen);
		__entry->enabled = enabled;
	),
	TP_printk(VHL_FMT " enabled=%u", VHL_ARGS, __entry->enabled)
);

/* A busy poll of an empty queue ended: @spins turns, and whether it found work. */
TRACE_EVENT(poll,
	TP_PROTO(const struct vhl_vq *vq, unsigned int spins, bool hit),
	TP_ARGS(vq, spins, hit),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u32, spins)
		__field(u8, hit)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->spins = spins;
		__entry->hit = hit;
	),
	TP_printk(VHL_FMT " spins=%u hit=%u", VHL_ARGS, __entry->spins,
		  __entry->hit)
);

/* Guest memory [gpa, gpa + len) was marked dirty; index is the used index. */
TRACE_EVENT(log_write,
	TP_PROTO(const struct vhl_vq *vq, u64 gpa, u64 len, int err),
	TP_ARGS(vq, gpa, len, err),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u64, gpa)
		__field(u64, len)
		__field(int, err)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->used_idx);
		__entry->gpa = gpa;
		__entry->len = len;
		__entry->err = err;
	),
	TP_printk(VHL_FMT " gpa=0x%llx len=%llu err=%d", VHL_ARGS,
		  __entry->gpa, __entry->len, __entry->err)
);

/* The IOTLB has no entry for @iova; perm is the access: 1 read, 2 write, 3 both. */
TRACE_EVENT(iotlb_miss,
	TP_PROTO(const struct vhl_vq *vq, u64 iova, u8 perm),
	TP_ARGS(vq, iova, perm),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u64, iova)
		__field(u8, perm)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->iova = iova;
		__entry->perm = perm;
	),
	TP_printk(VHL_FMT " iova=0x%llx perm=%u", VHL_ARGS, __entry->iova,
		  __entry->perm)
);

/* A guest, its hypervisor or the backend broke a rule: counters.h. */
TRACE_EVENT(error,
	TP_PROTO(const struct vhl_vq *vq, unsigned int rule),
	TP_ARGS(vq, rule),
	TP_STRUCT__entry(
		VHL_ENTRY_COMMON
		__field(u8, rule)
	),
	TP_fast_assign(
		VHL_ASSIGN_COMMON(vq, vq->last_avail);
		__entry->rule = rule;
	),
	TP_printk(VHL_FMT " rule=%s", VHL_ARGS,
		  __print_symbolic(__entry->rule,
				   VHL_RULE_LIST(VHL_RULE_SYM) { -1, "?" }))
);

#endif /* VHOSTLAB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

#endif /* VHL_NO_TRACE */
