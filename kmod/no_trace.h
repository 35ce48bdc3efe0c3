/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every tracepoint of trace.h as an empty function: a build with VHL_NO_TRACE
 * shows what disabled tracepoints cost.
 */
#ifndef VHOSTLAB_NO_TRACE_H
#define VHOSTLAB_NO_TRACE_H

#include "vhostlab.h"

static inline void trace_kick(const struct vhl_vq *vq)
{
}

static inline void trace_work_start(const struct vhl_vq *vq)
{
}

static inline void trace_work_end(const struct vhl_vq *vq, unsigned int packets)
{
}

static inline bool trace_desc_enabled(void)
{
	return false;
}

static inline void trace_desc(const struct vhl_vq *vq, const struct vhl_chain *c)
{
}

static inline void trace_copy_tx(const struct vhl_vq *vq, u16 chain, u32 len)
{
}

static inline bool trace_copy_rx_enabled(void)
{
	return false;
}

static inline bool trace_copy_tx_enabled(void)
{
	return false;
}

static inline void trace_copy_rx(const struct vhl_vq *vq, u16 chain, u32 len)
{
}

static inline void trace_used(const struct vhl_vq *vq, u32 count)
{
}

static inline void trace_call(const struct vhl_vq *vq, bool sent, unsigned int reason)
{
}

static inline void trace_notify(const struct vhl_vq *vq, bool enabled)
{
}

static inline void trace_poll(const struct vhl_vq *vq, unsigned int spins, bool hit)
{
}

static inline void trace_log_write(const struct vhl_vq *vq, u64 gpa, u64 len, int err)
{
}

static inline void trace_iotlb_miss(const struct vhl_vq *vq, u64 iova, u8 perm)
{
}

static inline void trace_error(const struct vhl_vq *vq, unsigned int rule)
{
}

#endif
