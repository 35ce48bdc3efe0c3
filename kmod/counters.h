/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of a queue: broken rules by kind, and events of the packet path.
 * The structure's fields, the lines in debugfs and the texts of tracepoints are
 * all generated from these lists of names.
 */
#ifndef VHOSTLAB_COUNTERS_H
#define VHOSTLAB_COUNTERS_H

#include <linux/types.h>

/*
 * The rules that a guest, its hypervisor or a backend can break: the name in the
 * source, and the name in tracepoint `error` and in debugfs.
 */
#define VHL_RULE_LIST(X) \
	/* avail index moved by more than the ring has entries */ \
	X(AVAIL_JUMP, avail_jump) \
	/* head index outside the descriptor table */ \
	X(HEAD_RANGE, head_range) \
	/* next index outside the table */ \
	X(NEXT_RANGE, next_range) \
	/* more descriptors than the table has */ \
	X(LOOP, loop) \
	/* indirect table of length 0, not 16 n, or too long */ \
	X(INDIRECT_SIZE, indirect_size) \
	/* indirect inside indirect, or together with NEXT */ \
	X(INDIRECT_NEST, indirect_nest) \
	/* readable descriptor after a writable one */ \
	X(ORDER, order) \
	/* address outside the memory table */ \
	X(UNMAPPED, unmapped) \
	/* address that the IOTLB does not map for this kind of access */ \
	X(PERMISSION, permission) \
	/* more segments than VHL_MAX_SEGS */ \
	X(SEGMENTS, segments) \
	/* ring memory not readable or not writable */ \
	X(RING_ACCESS, ring_access) \
	/* writable descriptor in a transmit chain */ \
	X(TX_WRITABLE, tx_writable) \
	/* transmit chain shorter than the virtio-net and link headers */ \
	X(TX_SHORT, tx_short) \
	/* virtio-net header with an offset or length outside the frame */ \
	X(TX_HEADER, tx_header) \
	/* payload not readable */ \
	X(TX_ACCESS, tx_access) \
	/* readable or empty chain offered for receive */ \
	X(RX_READABLE, rx_readable) \
	/* receive buffer not writable */ \
	X(RX_ACCESS, rx_access) \
	/* dirty log not writable */ \
	X(LOG, log) \
	/* backend refused the frames */ \
	X(BACKEND, backend) \
	/* transmit frame longer than VHL_MAX_FRAME */ \
	X(TX_LONG, tx_long) \
	/* descriptor of length 0, except of an indirect table */ \
	X(EMPTY, empty)

enum vhl_rule {
#define X(sym, name) VHL_RULE_##sym,
	VHL_RULE_LIST(X)
#undef X
	VHL_NRULES
};

/* Counted per queue and shown in debugfs. Written under vq->mutex, except kicks
 * and leaves: under the lock of the wait queue of the eventfd, of the backend.
 */
#define VHL_STATS_LIST(X) \
	/* frames and bytes (without virtio-net header) that were delivered */ \
	X(packets) X(bytes) \
	/* writes of the kick eventfd; runs of the queue; runs ended by a \
	 * weight or by a full backend, with the queue queued again \
	 */ \
	X(kicks) X(wakeups) X(requeues) \
	/* runs by the task that kicked: worker=caller */ \
	X(turns) \
	/* of the frames sent, those that went to the stack without the tap's code */ \
	X(delivered) \
	/* call decisions, one each time used entries were published */ \
	X(calls_sent) X(calls_suppressed) \
	/* kicks enabled and disabled */ \
	X(notify_enabled) X(notify_disabled) \
	/* arrays of frames handed to or taken from the backend; frames in the \
	 * largest; times that used entries were published \
	 */ \
	X(batches) X(batch_max) X(used_batches) \
	/* busy polls of an empty queue; those that found work; those that \
	 * poll_adapt skipped; those that ended for another task or an ioctl \
	 */ \
	X(polls) X(poll_hits) X(poll_skips) X(poll_yields) \
	/* dirty-log bits set or found set; failures to set one */ \
	X(log_pages) X(log_errors) \
	/* IOTLB misses sent to the client; updates that answered one */ \
	X(iotlb_misses) X(iotlb_updates) \
	/* rings mapped into the kernel; mappings invalidated by the owner; \
	 * attempts that RLIMIT_MEMLOCK did not allow \
	 */ \
	X(pins) X(unpins) X(pins_over_limit) \
	/* times that the queue left the backend's wait queue: poll.c */ \
	X(leaves) \
	/* rx: waits for guest buffers; frames larger than the buffers */ \
	X(no_buffers) X(truncated) \
	/* tx: frames sent by reference; those that the stack copied later; \
	 * those long enough that were copied at once; waits for the stack to \
	 * complete frames \
	 */ \
	X(zc_sent) X(zc_copied) X(zc_skipped) X(zc_waits) \
	/* frames taken from the guest or the backend and not delivered */ \
	X(dropped)

/* The counters of a queue; read without a lock by debugfs. */
struct vhl_stats {
#define X(field) u64 field;
	VHL_STATS_LIST(X)
#undef X
	u64 errors[VHL_NRULES];
};

#endif /* VHOSTLAB_COUNTERS_H */
