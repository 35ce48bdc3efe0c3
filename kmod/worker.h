/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers run queued work in the address space it is for. Which worker serves
 * a queue is the threading model, the parameter `worker`:
 *
 *	device		a thread for each device
 *	queue		a thread for each queue
 *	workqueue	a work item for each device, on kernel workqueues
 *	shared		a pool of threads, one a processor, for all devices; each
 *			polls for shared_poll_us before it sleeps, as long as
 *			nothing else wants its processor
 *
 * Threads of a device or queue are threads of its owner where the kernel has
 * vhost_task, and kernel threads elsewhere: thread.c. Threads of the pool and
 * work items are the kernel's: shared.c, worker.c.
 *
 * Work is done in the order in which it was queued and a turn is bounded by
 * the weights, and by the end of busy polling when other work waits, so no
 * queue waits for more than one turn of each other queue of its worker.
 *
 * A run may sleep for as long as a page of its owner's memory is missing (a
 * userfaultfd that does not answer). That stops its own device only:
 *
 *   - Workers of one device have no other work. A shared thread that sleeps in
 *     a run is replaced while other work waits: shared.c.
 *   - vhl_work_abandon() ends the sleep, with -EFAULT where the memory was
 *     accessed, so that its device can always be closed.
 */
#ifndef VHOSTLAB_WORKER_H
#define VHOSTLAB_WORKER_H

#include <linux/llist.h>
#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct vhl_dev;
struct vhl_work;
struct vhl_thread;
struct vhost_task;
typedef void (*vhl_work_fn)(struct vhl_work *work);

enum {
	VHL_WORK_QUEUED, /* on a list, or to be put on one: AGAIN */
	VHL_WORK_RUNNING, /* shared: in a run; under worker->lock */
	VHL_WORK_AGAIN, /* shared: to be listed when that run ends; likewise */
};

/* Something a worker runs once per queueing; queueing twice runs it once. */
struct vhl_work {
	struct llist_node node;
	unsigned long flags;
	struct mm_struct *mm; /* to run it in; the caller has it grabbed */
	vhl_work_fn fn;
};

enum vhl_worker_kind {
	VHL_KTHREAD, /* a kernel thread of one device or queue */
	VHL_TASK, /* the same, but a thread of the owner */
	VHL_ITEM, /* a work item of one device */
	VHL_POOLED, /* threads in turn, for many devices: shared.c */
};

struct vhl_worker {
	struct llist_head list;
	enum vhl_worker_kind kind;
	struct task_struct *task; /* to be woken; of an item: that runs it now, or NULL */
	struct vhl_work *cur; /* in a run; not of VHL_POOLED */
	struct mm_struct *mm; /* a kernel thread is in now: not of VHL_POOLED */
	bool more; /* work stands behind that which runs */
	bool dead; /* its thread was killed with its owner; under lock */
	bool yields; /* gives way before it sleeps: vhl_worker_yield() */
	bool near; /* work was last queued on its processor */
	u8 misses; /* of giving way, as a number of sleeps without it, */
	u8 pass; /* and how many of those are left */
	u8 stream; /* and as many, because frames came many at a time */
	wait_queue_head_t idle; /* for work to be neither queued nor in a run */
	spinlock_t lock; /* dead; of an item: task; of VHL_POOLED: its threads */
	union {
		struct vhost_task *vtask; /* VHL_TASK */
		struct { /* VHL_ITEM */
			struct workqueue_struct *wq;
			struct work_struct ws;
		};
		struct { /* VHL_POOLED: shared.c */
			struct llist_node *todo; /* taken off the list, in order */
			struct vhl_thread *active; /* takes work */
			struct list_head threads;
			struct delayed_work watch;
			unsigned long watched; /* run that the watch saw */
			u32 poll_us;
			int number;
			unsigned int users; /* devices, under the pool's lock */
		};
	};
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
