/* SPDX-License-Identifier: GPL-2.0-only */
/* How a queue is woken by its files, and busy polling. */
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

/*
 * The busy poll of a queue and, with poll_adapt, the history that decides on the
 * next one: see poll.c. Times in ns of local_clock(). Under vq->mutex.
 */
struct vhl_poll_time {
	u64 end; /* when the current poll ends; 0: no poll */
	u32 spins; /* turns of the current poll */
	bool restart; /* the receive queue asks that its time starts again */
	u64 ns; /* length of the next poll; 0: none */
	u64 asleep; /* when the last poll was skipped; 0: not waiting since */
	u32 seen; /* short waits since polling stopped: a poll would have hit */
	u32 need; /* short waits that start polling again; 0: the last poll hit */
};

/* The result of vhl_busy_poll(). */
enum vhl_polled {
	VHL_POLL_DRY, /* no work, and the poll is over */
	VHL_POLL_HIT, /* there is work */
	VHL_POLL_LATER, /* the poll goes on in the next run: leave kicks disabled */
};

void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask, bool is_kick);
int vhl_poll_start(struct vhl_poll *poll, struct file *file);
void vhl_poll_stop(struct vhl_poll *poll);
enum vhl_polled vhl_busy_poll(struct vhl_vq *vq);
void vhl_poll_resume(struct vhl_vq *vq);
void vhl_poll_waited(struct vhl_vq *vq);

#endif /* VHOSTLAB_POLL_H */
