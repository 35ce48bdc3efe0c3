/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted per queue: the rules that somebody may break, and what a
 * queue does. Lists of names, from which the fields, debugfs and the
 * tracepoints' texts are made.
 */
#ifndef VHOSTLAB_COUNTERS_H
#define VHOSTLAB_COUNTERS_H

#include <linux/types.h>

/*
 * Which rule a guest, its hypervisor or a backend broke: name in the source,
 * name in tracepoint `error` and debugfs.
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
	/* address the IOTLB has, but not for this direction */ \
	X(PERMISSION, permission) \
	/* more segments than VHL_MAX_SEGS */ \
	X(SEGMENTS, segments) \
	/* ring memory not readable or not writable */ \
	X(RING_ACCESS, ring_access) \
	/* writable descriptor in a transmit chain */ \
	X(TX_WRITABLE, tx_writable) \
	/* shorter than the header and a link header */ \
	X(TX_SHORT, tx_short) \
	/* virtio-net header asks for the impossible */ \
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

/* Counted per queue and shown in debugfs; written under vq->mutex, kicks
 * under the eventfd's lock.
 */
#define VHL_STATS_LIST(X) \
	/* frames and bytes (no virtio-net header) that reached the other side */ \
	X(packets) X(bytes) \
	/* kick eventfd written; runs of the worker; runs cut by a weight */ \
	X(kicks) X(wakeups) X(requeues) \
	/* decisions after publishing used entries */ \
	X(calls_sent) X(calls_suppressed) \
	/* changes of the wish for kicks */ \
	X(notify_enabled) X(notify_disabled) \
	/* arrays handed to or taken from the backend, the largest, and used \
	 * index updates \
	 */ \
	X(batches) X(batch_max) X(used_batches) \
	/* busy polls of an empty queue, those that found work, those left out \
	 * as in vain, and those that left the processor to somebody else \
	 */ \
	X(polls) X(poll_hits) X(poll_skips) X(poll_yields) \
	/* dirty-log bits set or found set, and failures */ \
	X(log_pages) X(log_errors) \
	/* addresses asked for that the IOTLB lacked, and answers */ \
	X(iotlb_misses) X(iotlb_updates) \
	/* rings mapped into the kernel; maps that the owner made void; \
	 * attempts that RLIMIT_MEMLOCK did not allow \
	 */ \
	X(pins) X(unpins) X(pins_over_limit) \
	/* rx: waits for guest buffers; frames larger than the buffers */ \
	X(no_buffers) X(truncated) \
	/* tx: frames by reference, those copied after all, those copied at \
	 * once although long enough, waits for the stack to give some back \
	 */ \
	X(zc_sent) X(zc_copied) X(zc_skipped) X(zc_waits) \
	/* frames taken from one side and not given to the other */ \
	X(dropped)

struct vhl_stats {
#define X(field) u64 field;
	VHL_STATS_LIST(X)
#undef X
	u64 errors[VHL_NRULES];
};

#endif /* VHOSTLAB_COUNTERS_H */
