/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code coverage of the workers, for fuzzers and tests. KCOV records the code that a
 * task executes itself; runs in a worker are reported to the task that called
 * VHOST_SET_OWNER if that has asked for it (KCOV_REMOTE_ENABLE with a common
 * handle, or a child of a task that has). Empty where the kernel has no KCOV.
 */
#ifndef VHOSTLAB_COVERAGE_H
#define VHOSTLAB_COVERAGE_H

#ifdef CONFIG_KCOV
#include <linux/kcov.h>

struct vhl_coverage {
	u64 handle; /* common handle of the task that set the owner, or 0 */
};

/* By the task that sets the owner, before there are runs. */
static inline void vhl_coverage_init(struct vhl_coverage *cov)
{
	cov->handle = kcov_common_handle();
}

/* Around a run in a thread that is not the client's. Sleeps. */
static inline void vhl_coverage_start(const struct vhl_coverage *cov)
{
	if (cov->handle)
		kcov_remote_start_common(cov->handle);
}

static inline void vhl_coverage_stop(const struct vhl_coverage *cov)
{
	if (cov->handle)
		kcov_remote_stop();
}
#else
struct vhl_coverage {
};

static inline void vhl_coverage_init(struct vhl_coverage *cov)
{
}

static inline void vhl_coverage_start(const struct vhl_coverage *cov)
{
}

static inline void vhl_coverage_stop(const struct vhl_coverage *cov)
{
}
#endif

#endif /* VHOSTLAB_COVERAGE_H */
