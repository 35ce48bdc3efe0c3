// SPDX-License-Identifier: GPL-2.0-only
/*
 * Service threads: kernel threads that run queued work in the owner's address
 * space and in the owner's cgroups, so that what a guest costs is charged to
 * whoever runs it.
 */
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "vhostlab.h"

enum { VHL_WORK_QUEUED };

/*
 * Queues @work on @worker and wakes it. Work that is queued already stays
 * queued once. Any context; the caller keeps the worker alive.
 */
void vhl_work_queue(struct vhl_worker *worker, struct vhl_work *work)
{
	/* The plain test keeps a storm of wake-ups off the atomic. */
	if (test_bit(VHL_WORK_QUEUED, &work->flags) ||
	    test_and_set_bit(VHL_WORK_QUEUED, &work->flags))
		return;
	llist_add(&work->node, &worker->list);
	/* The thread itself looks at its list before it sleeps. */
	if (worker->task != current)
		wake_up_process(worker->task);
}

/* Whether something waits for @worker beside what it runs. Any context. */
bool vhl_worker_has_work(struct vhl_worker *worker)
{
	return !llist_empty(&worker->list);
}

static int worker_main(void *data)
{
	struct vhl_worker *worker = data;

	kthread_use_mm(worker->mm);
	for (;;) {
		struct vhl_work *work, *next;
		struct llist_node *list;

		set_current_state(TASK_INTERRUPTIBLE);
		list = llist_del_all(&worker->list);
		if (!list) {
			/* Stop only with nothing left to do. */
			if (kthread_should_stop())
				break;
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		list = llist_reverse_order(list);
		llist_for_each_entry_safe(work, next, list, node) {
			clear_bit(VHL_WORK_QUEUED, &work->flags);
			/* A wake-up from here on queues it anew; what came
			 * before is seen by this run.
			 */
			smp_mb__after_atomic();
			work->fn(work);
			cond_resched();
		}
	}
	__set_current_state(TASK_RUNNING);
	kthread_unuse_mm(worker->mm);
	return 0;
}

static void worker_free(struct vhl_worker *worker)
{
	kthread_stop(worker->task);
	kfree(worker);
}

/* Makes a worker for the calling process. Sleeps. */
static struct vhl_worker *worker_new(struct vhl_dev *dev)
{
	struct vhl_worker *worker;
	int err;

	worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);
	if (!worker)
		return ERR_PTR(-ENOMEM);
	init_llist_head(&worker->list);
	worker->mm = dev->mm;
	worker->task = kthread_create(worker_main, worker, "vhostlab-%d", current->pid);
	if (IS_ERR(worker->task)) {
		err = PTR_ERR(worker->task);
		kfree(worker);
		return ERR_PTR(err);
	}
	wake_up_process(worker->task);
	err = cgroup_attach_task_all(current, worker->task);
	if (err) {
		worker_free(worker);
		return ERR_PTR(err);
	}
	return worker;
}

/*
 * Starts the threads dev->knobs.worker asks for. Caller is the owner and
 * holds dev->mutex; dev->mm is set. Sleeps. Returns 0 or a negative errno
 * with nothing left behind.
 */
int vhl_workers_start(struct vhl_dev *dev)
{
	int n = dev->knobs.worker == VHL_WORKER_QUEUE ? VHL_NVQS : 1;
	int i;

	for (i = 0; i < n; i++) {
		struct vhl_worker *worker = worker_new(dev);

		if (IS_ERR(worker)) {
			vhl_workers_stop(dev);
			return PTR_ERR(worker);
		}
		dev->workers[i] = worker;
	}
	for (i = 0; i < VHL_NVQS; i++)
		dev->vqs[i].worker = dev->workers[i % n];
	return 0;
}

/*
 * Ends the threads. Nothing may queue work any more: all polls are stopped.
 * Caller holds dev->mutex or is the last user. Sleeps.
 */
void vhl_workers_stop(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		dev->vqs[i].worker = NULL;
	for (i = 0; i < VHL_NVQS; i++) {
		if (!dev->workers[i])
			continue;
		worker_free(dev->workers[i]);
		dev->workers[i] = NULL;
	}
}

struct vhl_flush {
	struct vhl_work work;
	struct completion done;
};

static void flush_work_fn(struct vhl_work *work)
{
	complete(&container_of(work, struct vhl_flush, work)->done);
}

/* Waits until all work queued before the call has run. Sleeps. */
void vhl_workers_flush(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_flush flush = { .work.fn = flush_work_fn };

		if (!dev->workers[i])
			continue;
		init_completion(&flush.done);
		vhl_work_queue(dev->workers[i], &flush.work);
		wait_for_completion(&flush.done);
	}
}
