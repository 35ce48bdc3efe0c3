/* SPDX-License-Identifier: GPL-2.0-only */
/* How a queue is woken by its files, and busy polling. */
#ifndef VHOSTLAB_POLL_H
#define VHOSTLAB_POLL_H

#include <linux/poll.h>
#include <linux/types.h>

struct vhl_vq;

/* What the next event of a poll does; poll.c says what may change it. */
enum vhl_poll_state {
	VHL_POLL_ON, /* queues the work */
	VHL_POLL_WOKEN, /* rx: removes the entry; tx: removes it and queues the work */
	VHL_POLL_AWAY, /* there is none: the entry is not in the wait queue */
};

/* A wait on a file (kick eventfd or backend socket) that queues vq->work. */
struct vhl_poll {
	poll_table table;
	wait_queue_entry_t wait;
	wait_queue_head_t *wqh;
	struct vhl_vq *vq;
	__poll_t mask;
	bool is_kick;
	bool leaves; /* VHL_IDEA_ONCE; constant while registered */
	enum vhl_poll_state state;
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
bool __vhl_poll_back(struct vhl_poll *poll);
__poll_t vhl_poll_ask(struct vhl_poll *poll, struct file *file);
enum vhl_polled vhl_busy_poll(struct vhl_vq *vq);
void vhl_poll_resume(struct vhl_vq *vq);
void vhl_poll_waited(struct vhl_vq *vq);

/*
 * Before the receive queue sleeps: lets the next frame queue its work again. Returns
 * true when frames may have come without queueing it: the caller looks for them
 * after this, or queues the work. Caller holds vq->mutex; does not sleep.
 */
static inline bool vhl_poll_back(struct vhl_poll *poll)
{
	/* What changes it from this value queues the work, too: no order is needed. */
	return READ_ONCE(poll->state) != VHL_POLL_ON && __vhl_poll_back(poll);
}

#endif /* VHOSTLAB_POLL_H */
