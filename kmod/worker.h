/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers run queued work in the address space it is for. Which worker serves
 * a queue is the threading model, the parameter `worker`:
 *
 *	device		a thread for each device
 *	queue		a thread for each queue
 *	workqueue	one work item of a kernel workqueue for all devices, as
 *			the first vhost_net had it
 *	shared		a pool of threads, one a processor, for all devices; each
 *			looks on for shared_poll_us before it sleeps, as long as
 *			nobody else wants its processor
 *
 * Work is done in the order in which it was queued and a turn is bounded by
 * the weights, and by the end of busy polling when somebody waits, so no queue
 * waits for more than one turn of each other queue of its worker.
 */
#ifndef VHOSTLAB_WORKER_H
#define VHOSTLAB_WORKER_H

#include <linux/llist.h>
#include <linux/mm_types.h>
#include <linux/workqueue.h>

struct vhl_dev;
struct vhl_work;
typedef void (*vhl_work_fn)(struct vhl_work *work);

/* Something a worker runs once per queueing; queueing twice runs it once. */
struct vhl_work {
	struct llist_node node;
	unsigned long flags;
	struct mm_struct *mm; /* to run it in; NULL: none */
	vhl_work_fn fn;
};

struct vhl_worker {
	struct llist_head list;
	struct mm_struct *mm; /* that it is in now */
	bool more; /* work stands behind that which runs */
	struct task_struct *task; /* or NULL, and then */
	struct workqueue_struct *wq;
	struct work_struct ws;
	u32 poll_us;
	bool yields; /* gives way once before it sleeps: worker_yield() */
	bool near; /* whoever queued work last was on its processor */
	u8 vain; /* how often not to, after it was in vain; and how often still */
	u8 pass;
	unsigned int users; /* devices, under the pool's lock */
};

enum vhl_worker_model {
	VHL_WORKER_DEVICE,
	VHL_WORKER_QUEUE,
	VHL_WORKER_WORKQUEUE,
	VHL_WORKER_SHARED,
};

/* worker.c */
void vhl_work_queue(struct vhl_worker *worker, struct vhl_work *work);
bool vhl_worker_has_work(struct vhl_worker *worker);
void vhl_worker_flush(struct vhl_worker *worker);
struct vhl_worker *vhl_worker_thread(const char *name, int number, bool as_caller);
struct vhl_worker *vhl_worker_workqueue(void);
void vhl_worker_free(struct vhl_worker *worker);

/* pool.c */
int vhl_workers_start(struct vhl_dev *dev);
void vhl_workers_stop(struct vhl_dev *dev);
void vhl_workers_flush(struct vhl_dev *dev);

#endif /* VHOSTLAB_WORKER_H */
