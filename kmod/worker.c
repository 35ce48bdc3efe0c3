// SPDX-License-Identifier: GPL-2.0-only
/* Workers: queueing, running and waiting for work. See worker.h. */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "run.h"

/* Of a worker that is no thread of its own. Returns whether one is to be woken. */
static noinline bool queued_elsewhere(struct vhl_worker *worker)
{
	if (worker->kind == VHL_ITEM) {
		queue_work(worker->wq, &worker->ws);
		return false;
	}
	vhl_shared_queued(worker);
	return true;
}

/*
 * Queues @work on @worker and wakes it. Work that is queued already stays
 * queued once. Any context; the caller keeps the worker alive.
 *
 * Order, so that no event is lost. The caller made its event visible first (an
 * avail index, a frame in a ring). The atomic is fully ordered, whether it
 * finds the bit set or not: when it does, worker_run() clears the bit and looks
 * for events after that, so it sees this one. (A plain test in front of it
 * would be cheaper and would break this: its load could pass the store of the
 * event.) When the bit was clear the work is on the list before the thread is
 * woken, and the thread sets its state before it looks at the list.
 */
void vhl_work_queue(struct vhl_worker *worker, struct vhl_work *work)
{
	if (test_and_set_bit(VHL_WORK_QUEUED, &work->flags))
		return;
	llist_add(&work->node, &worker->list);
	if (unlikely(worker->kind >= VHL_ITEM) && !queued_elsewhere(worker))
		return;
	/*
	 * A thread that queues work for itself looks at its list before it
	 * sleeps. An interrupt may have stopped it after that look: then it is
	 * current as well, and has to be woken.
	 */
	if (READ_ONCE(worker->task) != current || !in_task()) {
		struct task_struct *task = READ_ONCE(worker->task);

		WRITE_ONCE(worker->near, task_cpu(task) == raw_smp_processor_id());
		wake_up_process(task);
	}
}

/*
 * Whether something waits for @worker beside what it runs: queued since it took
 * its list, or on that list. Called by the worker itself.
 */
bool vhl_worker_has_work(struct vhl_worker *worker)
{
	return worker->more || !llist_empty(&worker->list);
}

/*
 * A work item: one at a time, so a work never runs twice at once. Its thread is
 * lent: it must not keep an address space, nor the signal of
 * vhl_work_abandon(), which is only allowed meanwhile.
 */
static void worker_item(struct work_struct *ws)
{
	struct vhl_worker *worker = container_of(ws, struct vhl_worker, ws);
	struct llist_node *list;

	allow_kernel_signal(SIGKILL);
	spin_lock(&worker->lock);
	worker->task = current;
	spin_unlock(&worker->lock);
	while ((list = llist_del_all(&worker->list)))
		vhl_list_run(worker, list);
	vhl_leave(&worker->mm);
	spin_lock(&worker->lock);
	worker->task = NULL;
	spin_unlock(&worker->lock);
	/* Discards one that came, too. */
	disallow_signal(SIGKILL);
}

/*
 * Ends the sleep of a run of @work on missing memory: its accesses fail from
 * now on. The caller has made sure that a run that begins after this does not
 * access any. A kernel thread has no signals but this one; a thread of the
 * owner has the owner's, so it is left to its own fate: the run ends when the
 * memory comes or the owner is killed. Any context that may take a spin lock.
 */
void vhl_work_abandon(struct vhl_worker *worker, struct vhl_work *work)
{
	switch (worker->kind) {
	case VHL_TASK:
		break;
	case VHL_POOLED:
		vhl_shared_abandon(worker, work);
		break;
	default:
		spin_lock(&worker->lock);
		if (worker->task)
			send_sig(SIGKILL, worker->task, 1);
		spin_unlock(&worker->lock);
		break;
	}
}

static bool work_idle(struct vhl_worker *worker, struct vhl_work *work)
{
	if (worker->kind == VHL_POOLED)
		return vhl_shared_idle(worker, work);
	/* It leaves the list after it has become the one that runs. */
	if (test_bit(VHL_WORK_QUEUED, &work->flags) && !READ_ONCE(worker->dead))
		return false;
	smp_rmb(); /* the bit before cur: vhl_list_run() */
	/* What the run did comes before what its end allows. */
	return smp_load_acquire(&worker->cur) != work;
}

/*
 * Waits until @work is neither queued nor in a run. Nothing may queue it any
 * more. Sleeps.
 */
void vhl_work_flush(struct vhl_worker *worker, struct vhl_work *work)
{
	wait_event(worker->idle, work_idle(worker, work));
}

/*
 * A worker that is a work item. Each has a workqueue of its own, which costs a
 * few structures and no thread: a common one has a limit of items that run at
 * once, and those that sleep on missing memory would use it up. Returns it or
 * an error pointer. Sleeps.
 */
struct vhl_worker *vhl_worker_workqueue(void)
{
	struct vhl_worker *worker = vhl_worker_alloc(VHL_ITEM);

	if (!worker)
		return ERR_PTR(-ENOMEM);
	worker->wq = alloc_workqueue("vhostlab", WQ_UNBOUND, 1);
	if (!worker->wq) {
		kfree(worker);
		return ERR_PTR(-ENOMEM);
	}
	INIT_WORK(&worker->ws, worker_item);
	return worker;
}

/* Ends a worker: no work is queued, or will be. Sleeps. */
void vhl_worker_free(struct vhl_worker *worker)
{
	switch (worker->kind) {
	case VHL_ITEM:
		destroy_workqueue(worker->wq);
		break;
	case VHL_POOLED:
		vhl_worker_shared_stop(worker);
		break;
	default:
		vhl_worker_thread_stop(worker);
		break;
	}
	kfree(worker);
}
