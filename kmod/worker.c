// SPDX-License-Identifier: GPL-2.0-only
/* Workers: queueing, running and waiting for work. See worker.h. */
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>

#include "compat.h"
#include "worker.h"

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

/* A kernel thread leaves the address space it is in. Sleeps. */
void vhl_worker_leave(struct mm_struct **in)
{
	if (!*in)
		return;
	kthread_unuse_mm(*in);
	*in = NULL;
}

/*
 * Runs @work in its address space; @in is where this thread is. A kernel thread
 * holds users of that only for the run, so that the memory of an owner that is
 * gone goes, too, even if another process keeps the file; between runs it stays
 * there as a thread that has borrowed it, which costs less than coming and going.
 * Where no user is left the work has nothing more to do.
 */
static __always_inline void run_in(struct vhl_worker *worker, struct vhl_work *work,
				   struct mm_struct **in)
{
	if (worker->kind == VHL_TASK) {
		work->fn(work);
		return;
	}
	if (unlikely(!mmget_not_zero(work->mm)))
		return;
	if (unlikely(*in != work->mm)) {
		vhl_worker_leave(in);
		*in = work->mm;
		kthread_use_mm(work->mm);
	}
	work->fn(work);
	/* The last user would take the memory down here, in the middle of it. */
	if (unlikely(!atomic_add_unless(&work->mm->mm_users, -1, 1)))
		mmput_async(work->mm);
}

/* The same for other kinds of worker. */
void vhl_worker_run(struct vhl_worker *worker, struct vhl_work *work, struct mm_struct **in)
{
	run_in(worker, work, in);
}

/* Runs what was on a list, the oldest first. Not of VHL_POOLED. */
static __always_inline void list_run(struct vhl_worker *worker, struct llist_node *list)
{
	struct vhl_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node) {
		worker->more = work->node.next;
		/* At any time it is queued or in a run, for work_idle(). */
		WRITE_ONCE(worker->cur, work);
		smp_mb__before_atomic(); /* cur before the bit */
		clear_bit(VHL_WORK_QUEUED, &work->flags);
		/* An event from here on queues it again; one that found the bit
		 * set is seen by this run. Pairs with vhl_work_queue().
		 */
		smp_mb__after_atomic();
		run_in(worker, work, &worker->mm);
		/* The run comes before; from here on work and device may be gone. */
		smp_store_release(&worker->cur, NULL);
		/* The store before the look for waiters: vhl_work_flush(). */
		if (wq_has_sleeper(&worker->idle))
			wake_up_all(&worker->idle);
		cond_resched();
	}
}

/*
 * Where the guest shares this processor, work comes when the guest has had its
 * turn: the thread lets others run once without going to sleep, and what queues
 * work meanwhile need not wake it. When nothing came of that, because no work
 * came or because the scheduler owes this thread more time than the others, it
 * sleeps at once the next times, 1, 3, 7 and so on to 63. Not where the guest
 * runs elsewhere: a thread that is asleep is woken where there is room, one
 * that waits for its turn waits.
 *
 * It must never cost a frame, so not while frames come many at a time, either
 * (worker->stream, see vq_work()): those are woken for at once. And no two
 * times without a sleep between them where the scheduler takes a whole slice
 * off for each: they would add up to a thread that does not run.
 */
static __always_inline void worker_yield(struct vhl_worker *worker)
{
	if (!READ_ONCE(worker->near) || !llist_empty(&worker->list) || single_task_running())
		return;
	if (worker->stream) {
		worker->stream--;
		return;
	}
	if (worker->pass) {
		worker->pass--;
		return;
	}
	yield();
	worker->misses = llist_empty(&worker->list) ? min(2 * worker->misses + 1, 63) : 0;
	worker->pass = max_t(u8, worker->misses, VHL_YIELD_REST);
}

/* The same for other kinds of worker. */
void vhl_worker_yield(struct vhl_worker *worker)
{
	worker_yield(worker);
}

/*
 * One round of a thread of its own, which has set its state to
 * TASK_INTERRUPTIBLE: runs what is queued, and returns with the state
 * TASK_RUNNING; or returns false when nothing is, and the thread may sleep.
 * The state comes before the look at the list: vhl_work_queue() has it the
 * other way round, the list and then the state, so one sees the other.
 */
bool vhl_worker_turn(struct vhl_worker *worker)
{
	struct llist_node *list = llist_del_all(&worker->list);

	if (!list)
		return false;
	__set_current_state(TASK_RUNNING);
	list_run(worker, list);
	if (worker->yields)
		worker_yield(worker);
	return true;
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
		list_run(worker, list);
	vhl_worker_leave(&worker->mm);
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
	smp_rmb(); /* the bit before cur: list_run() */
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

struct vhl_worker *vhl_worker_alloc(enum vhl_worker_kind kind)
{
	struct vhl_worker *worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);

	if (!worker)
		return NULL;
	worker->kind = kind;
	init_llist_head(&worker->list);
	init_waitqueue_head(&worker->idle);
	spin_lock_init(&worker->lock);
	return worker;
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
