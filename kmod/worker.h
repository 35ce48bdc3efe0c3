/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers run queued work, each in the address space of its device's owner. Which
 * worker serves a queue is the threading model, set by parameter `worker`:
 *
 *	device		one thread per device
 *	queue		one thread per queue
 *	workqueue	one work item per device, on kernel workqueues
 *	shared		a pool of threads, one per processor, for all devices; each
 *			busy-polls for shared_poll_us before it sleeps, as long as
 *			no other task wants its processor
 *	caller		the task that kicks, with one thread per device for what it
 *			leaves: caller.h
 *
 * Threads of a device or queue are threads of its owner where the kernel exports
 * vhost_task, and kernel threads elsewhere: thread.c. Pool threads and work items
 * are kernel threads: shared.c, worker.c.
 *
 * Work runs in the order in which it was queued. A run is bounded by the weights,
 * and busy polling ends when other work waits, so a queue waits for at most one
 * run of each other queue of its worker.
 *
 * A run may sleep for as long as a page of its owner's memory is missing (for
 * example, a userfaultfd that does not answer). That stops its own device only:
 *
 *   - Workers of one device have no other work. A pool thread that sleeps in a
 *     run is replaced while other work waits: shared.c.
 *   - vhl_work_abandon() ends the sleep, with -EFAULT where the memory was
 *     accessed, so that the device can always be closed. Not of a thread of the
 *     owner, nor of a turn (caller.h): it is closed when the memory has arrived or
 *     the owner is killed.
 */
#ifndef VHOSTLAB_WORKER_H
#define VHOSTLAB_WORKER_H

#include <linux/llist.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "coverage.h"

struct vhl_caller;
struct vhl_dev;
struct vhl_work;
struct vhl_thread;
struct vhost_task;
typedef void (*vhl_work_fn)(struct vhl_work *work);

/* Bits of vhl_work.flags. */
enum {
	VHL_WORK_QUEUED, /* on a list, or to be put on one (VHL_WORK_AGAIN), or for a turn */
	VHL_WORK_RUNNING, /* VHL_POOLED: in a run; under worker->lock */
	VHL_WORK_AGAIN, /* to be listed when the run or turn ends; under worker->lock */
	VHL_WORK_TURN, /* worker=caller: in a turn */
};

/* A unit of work. Work that is queued twice before it runs, runs once. */
struct vhl_work {
	struct llist_node node;
	unsigned long flags;
	struct mm_struct *mm; /* address space to run in; the device holds it by mmgrab() */
	vhl_work_fn fn;
	struct vhl_caller *caller; /* worker=caller; else NULL */
	/* A run in a turn, or false: the worker must run it. Does not wait for a lock. */
	bool (*run_briefly)(struct vhl_work *work);
	struct vhl_coverage coverage; /* of its runs; set with the owner */
};

/* What executes a worker's runs. */
enum vhl_worker_kind {
	VHL_KTHREAD, /* a kernel thread of one device or queue */
	VHL_TASK, /* a thread of the owner, of one device or queue */
	VHL_ITEM, /* a work item of one device */
	VHL_POOLED, /* a pool's threads, for many devices: shared.c */
};

/* A worker. Fields without another rule are used by its own thread only. */
struct vhl_worker {
	struct llist_head list; /* queued work, the newest first; lockless */
	enum vhl_worker_kind kind;
	struct task_struct *task; /* to wake; VHL_ITEM: the one that runs the item, or NULL */
	struct vhl_work *cur; /* in a run; not for VHL_POOLED */
	struct mm_struct *mm; /* that a kernel thread is in; not for VHL_POOLED */
	bool more; /* more work follows the one that runs */
	bool dead; /* its thread was killed with the owner; under lock */
	bool yields; /* yields before it sleeps: vhl_worker_yield() */
	bool near; /* work was last queued from the worker's processor */
	u8 misses; /* sleeps without a yield after the last yield that found no work */
	u8 pass; /* how many of those are left */
	u8 stream; /* sleeps without a yield because frames come many at a time */
	wait_queue_head_t idle; /* waits for work that is neither queued nor in a run */
	spinlock_t lock; /* dead; VHL_ITEM: task; VHL_POOLED: its threads */
	union {
		struct vhost_task *vtask; /* VHL_TASK */
		struct { /* VHL_ITEM */
			struct workqueue_struct *wq;
			struct work_struct ws;
		};
		struct { /* VHL_POOLED: shared.c */
			struct llist_node *todo; /* taken off the list, the oldest first */
			struct vhl_thread *active; /* the thread that takes work */
			struct list_head threads;
			struct delayed_work watch;
			unsigned long watched; /* vhl_thread.runs when watch last ran */
			u32 poll_us; /* busy poll before sleeping, in microseconds */
			int number; /* in the threads' names */
			unsigned int users; /* devices; under pool_lock of pool.c */
		};
	};
};

/* The threading model: parameter `worker`. */
enum vhl_worker_model {
	VHL_WORKER_DEVICE,
	VHL_WORKER_QUEUE,
	VHL_WORKER_WORKQUEUE,
	VHL_WORKER_SHARED,
	VHL_WORKER_CALLER,
};

/* worker.c */
void vhl_work_queue(struct vhl_worker *worker, struct vhl_work *work);
void vhl_work_enlist(struct vhl_worker *worker, struct vhl_work *work);
bool vhl_worker_has_work(struct vhl_worker *worker);
void vhl_work_abandon(struct vhl_worker *worker, struct vhl_work *work);
void vhl_work_flush(struct vhl_worker *worker, struct vhl_work *work);
struct vhl_worker *vhl_worker_workqueue(void);
void vhl_worker_free(struct vhl_worker *worker);

/* thread.c */
struct vhl_worker *vhl_worker_thread(bool charge);
void vhl_worker_thread_stop(struct vhl_worker *worker);

/* shared.c */
struct vhl_worker *vhl_worker_shared(int number, u32 poll_us);
void vhl_worker_shared_stop(struct vhl_worker *worker);
void vhl_shared_queued(struct vhl_worker *worker);
void vhl_shared_abandon(struct vhl_worker *worker, struct vhl_work *work);
bool vhl_shared_idle(struct vhl_worker *worker, struct vhl_work *work);

/* pool.c */
int vhl_workers_start(struct vhl_dev *dev);
void vhl_workers_stop(struct vhl_dev *dev);
void vhl_workers_abandon(struct vhl_dev *dev);
void vhl_workers_flush(struct vhl_dev *dev);

#endif /* VHOSTLAB_WORKER_H */
