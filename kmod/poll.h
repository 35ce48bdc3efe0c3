/* SPDX-License-Identifier: GPL-2.0-only */
/* What wakes a queue, and polling instead. */
#ifndef VHOSTLAB_POLL_H
#define VHOSTLAB_POLL_H

#include <linux/poll.h>
#include <linux/types.h>

struct vhl_vq;

/* A wait on a file (kick eventfd or backend socket) that queues vq->work. */
struct vhl_poll {
	poll_table table;
	wait_queue_entry_t wait;
	wait_queue_head_t *wqh;
	struct vhl_vq *vq;
	__poll_t mask;
	bool is_kick;
};

/* A queue's poll, and what it has learned of its polls, with poll_adapt. */
struct vhl_poll_time {
	u64 end; /* local_clock() when the one under way ends; 0: none is */
	u32 spins; /* of that one */
	bool restart; /* its time begins again: the other queue has asked */
	u64 ns; /* how long the next one lasts; 0: there is none */
	u64 asleep; /* local_clock() when it was left out; 0: no wait */
	u32 seen; /* waits since then that one would have seen the end of */
	u32 need; /* as many bring the next one; 0: the last ones hit */
};

enum vhl_polled {
	VHL_POLL_DRY, /* no work, and no poll under way */
	VHL_POLL_HIT, /* work */
	VHL_POLL_LATER, /* the queue's turn comes again: no kicks until then */
};

void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask, bool is_kick);
int vhl_poll_start(struct vhl_poll *poll, struct file *file);
void vhl_poll_stop(struct vhl_poll *poll);
enum vhl_polled vhl_busy_poll(struct vhl_vq *vq);
void vhl_poll_resume(struct vhl_vq *vq);
void vhl_poll_waited(struct vhl_vq *vq);

#endif /* VHOSTLAB_POLL_H */
