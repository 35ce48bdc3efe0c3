// SPDX-License-Identifier: GPL-2.0-only
/* Workers: queueing, running and waiting for work. See worker.h. */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "run.h"

/* vhl_work_queue() for VHL_ITEM and VHL_POOLED. Returns whether to wake worker->task. */
static noinline bool queued_elsewhere(struct vhl_worker *worker)
{
	if (worker->kind == VHL_ITEM) {
		queue_work(worker->wq, &worker->ws);
		return false;
	}
	vhl_shared_queued(worker);
	return true;
}

/* vhl_work_queue() after VHL_WORK_QUEUED was set. */
static __always_inline void work_enlist(struct vhl_worker *worker, struct vhl_work *work)
{
	llist_add(&work->node, &worker->list);
	if (unlikely(worker->kind >= VHL_ITEM) && !queued_elsewhere(worker))
		return;
	/*
	 * A thread that queues work for itself reads its list before it sleeps
	 * and need not be woken. But in an interrupt, which may have come after
	 * the thread has read the list, current is that thread as well.
	 */
	if (READ_ONCE(worker->task) != current || !in_task()) {
		struct task_struct *task = READ_ONCE(worker->task);

		WRITE_ONCE(worker->near, task_cpu(task) == raw_smp_processor_id());
		wake_up_process(task);
	}
}

/* Puts @work, whose bit VHL_WORK_QUEUED the caller has set, on its list. Any context. */
void vhl_work_enlist(struct vhl_worker *worker, struct vhl_work *work)
{
	work_enlist(worker, work);
}

/*
 * Queues @work on @worker and wakes it; does nothing when @work is already queued.
 * Any context; the caller keeps the worker alive.
 *
 * Order, so that no event is lost. The caller has made its event visible before (an
 * avail index, a frame in a ring). test_and_set_bit() is fully ordered, whether it
 * finds the bit set or not. When it finds the bit set, vhl_list_run() clears it
 * later and looks for events after that, so it sees this one. (A plain test before
 * it would be cheaper, but its load could be reordered before the store of the
 * event.) When the bit was clear, the work is on the list before the thread is
 * woken, and the thread sets its state before it reads the list.
 */
void vhl_work_queue(struct vhl_worker *worker, struct vhl_work *work)
{
	if (test_and_set_bit(VHL_WORK_QUEUED, &work->flags))
		return;
	work_enlist(worker, work);
}

/*
 * Whether @worker has more work than the one that it runs: queued since it took its
 * list, or on that list. Called in a run of the worker; needs no lock.
 */
bool vhl_worker_has_work(struct vhl_worker *worker)
{
	return worker->more || !llist_empty(&worker->list);
}

/*
 * The work item of VHL_ITEM. It never runs twice at once, so neither does its work.
 * The thread belongs to the workqueue: it must not keep an address space, nor a
 * signal of vhl_work_abandon(), which is allowed only during the item.
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
	/* This also discards a pending signal. */
	disallow_signal(SIGKILL);
}

/*
 * Ends the sleep of a run of @work on missing memory, by SIGKILL: its accesses to
 * that memory fail from now on. The caller has made sure that a run that begins
 * after this accesses no memory of the owner (dev->closing). A kernel thread has no
 * other signals. A thread of the owner shares the owner's signals and is not sent
 * one: its run ends when the memory arrives or the owner is killed. Does not sleep;
 * not for interrupts.
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

/* Whether @work is neither queued nor in a run of the worker's thread, or will never run. */
static bool thread_idle(struct vhl_worker *worker, struct vhl_work *work)
{
	/* worker->cur is set before the bit is cleared. */
	if (test_bit(VHL_WORK_QUEUED, &work->flags) && !READ_ONCE(worker->dead))
		return false;
	smp_rmb(); /* the bit is read before cur: pairs with vhl_list_run() */
	/* The run's accesses come before those of the caller. */
	return smp_load_acquire(&worker->cur) != work;
}

/*
 * The same, also of a turn (caller.h). A turn sets VHL_WORK_TURN before it clears
 * VHL_WORK_QUEUED, so this reads QUEUED first. Before it clears TURN it may have
 * queued the work for the thread again, so this reads QUEUED once more.
 */
static bool work_idle(struct vhl_worker *worker, struct vhl_work *work)
{
	if (worker->kind == VHL_POOLED)
		return vhl_shared_idle(worker, work);
	if (!work->caller)
		return thread_idle(worker, work);
	if (!thread_idle(worker, work))
		return false;
	smp_rmb(); /* pairs with run_now() */
	/* Acquire: the turn's accesses come before those of the caller, and before the bit. */
	return !test_bit_acquire(VHL_WORK_TURN, &work->flags) && thread_idle(worker, work);
}

/*
 * Waits until @work is neither queued nor in a run. Nothing may queue it any more.
 * Sleeps, uninterruptibly.
 */
void vhl_work_flush(struct vhl_worker *worker, struct vhl_work *work)
{
	wait_event(worker->idle, work_idle(worker, work));
}

/*
 * Creates a worker that is a work item. Each has a workqueue of its own, which costs
 * a few structures and no thread: a common workqueue limits the number of items that
 * run at once, and items that sleep on missing memory would use up that limit.
 * Returns the worker or an error pointer. Sleeps.
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

/* Stops and frees a worker. No work is queued, nor may any be. Sleeps. */
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
