/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of system `vhostlab`. Every event names the device (the number
 * of its debugfs directory), the queue (0 receive, 1 transmit) and a ring
 * index (a free-running 16-bit position, not a descriptor number).
 */
#ifndef VHL_CALL_LIST
/* Why a call was sent or spared. */
#define VHL_CALL_LIST(X) \
	/* used_event was reached, or was not */ \
	X(EVENT, event) \
	/* NO_INTERRUPT is clear, or is set */ \
	X(FLAG, flag) \
	/* NOTIFY_ON_EMPTY, and the avail ring is empty */ \
	X(EMPTY, empty) \
	/* nothing was signalled yet */ \
	X(FIRST, first) \
	/* wanted, but no call eventfd is set */ \
	X(NO_FD, no_fd) \
	/* the guest's wish could not be read: called to be safe */ \
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

/* Gives user space the numbers behind the names in the format files. */
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

/* The worker turns to a queue. */
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

/* The worker leaves a queue after @packets frames. */
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

/* A descriptor chain was read; lengths in bytes. */
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

/* A frame of @len bytes (no virtio-net header) left guest memory. */
DEFINE_EVENT(vhl_copy, copy_tx,
	TP_PROTO(const struct vhl_vq *vq, u16 chain, u32 len),
	TP_ARGS(vq, chain, len)
);

/* A frame of @len bytes (no virtio-net header) reached guest memory. */
DEFINE_EVENT(vhl_copy, copy_rx,
	TP_PROTO(const struct vhl_vq *vq, u16 chain, u32 len),
	TP_ARGS(vq, chain, len)
);

/* @count used entries were published; index is the new used index. */
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

/* The guest was called, or spared the call; index is the used index. */
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

/* Kicks were asked for (enabled=1) or waived; index is the avail index. */
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

/* An empty queue was busy-polled: @spins turns, and whether work came. */
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

/* Guest memory [gpa, gpa + len) was marked dirty; err is 0 or negative. */
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

/* The IOTLB lacks @iova for perm 1 reading, 2 writing: the client is asked. */
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

/* A guest, its hypervisor or the backend broke a rule. */
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
