/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running queued work: the part of the workers' loops that all kinds share. It is
 * inlined in each, since a wake-up for one packet is so short that a few calls
 * and returns would be a measurable part of it.
 */
#ifndef VHOSTLAB_RUN_H
#define VHOSTLAB_RUN_H

#include <linux/mmu_context.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "worker.h"

struct vhl_worker *vhl_worker_alloc(enum vhl_worker_kind kind);

/* Makes a kernel thread leave address space *@in, if any. Sleeps. */
static inline void vhl_leave(struct mm_struct **in)
{
	if (!*in)
		return;
	kthread_unuse_mm(*in);
	*in = NULL;
}

/* Calls the work's function: in a worker's thread, never in a turn (caller.h). Sleeps. */
static __always_inline void vhl_run(struct vhl_work *work)
{
	vhl_coverage_start(&work->coverage);
	work->fn(work);
	vhl_coverage_stop(&work->coverage);
}

/*
 * Runs @work in its address space; *@in is the one that this thread is in. A
 * kernel thread holds a user of the mm (mm_users) only during the run, so that the
 * memory of an owner that has exited is freed even if another process keeps the
 * file open. Between runs it keeps the mm as its active one, which costs less than
 * switching each time. When the mm has no user any more the work is not run.
 * Sleeps.
 */
static __always_inline void vhl_run_in(struct vhl_worker *worker, struct vhl_work *work,
				       struct mm_struct **in)
{
	if (worker->kind == VHL_TASK) {
		vhl_run(work);
		return;
	}
	if (unlikely(!mmget_not_zero(work->mm)))
		return;
	if (unlikely(*in != work->mm)) {
		vhl_leave(in);
		*in = work->mm;
		kthread_use_mm(work->mm);
	}
	vhl_run(work);
	/* Dropping the last user would free the owner's memory here, in the packet path. */
	if (unlikely(!atomic_add_unless(&work->mm->mm_users, -1, 1)))
		mmput_async(work->mm);
}

/* Runs the work on @list, the oldest first. Not for VHL_POOLED. Sleeps. */
static __always_inline void vhl_list_run(struct vhl_worker *worker, struct llist_node *list)
{
	struct vhl_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node) {
		worker->more = work->node.next;
		/* work_idle() must see the work either queued or in a run. */
		WRITE_ONCE(worker->cur, work);
		smp_mb__before_atomic(); /* cur before the bit */
		clear_bit(VHL_WORK_QUEUED, &work->flags);
		/* An event after this queues the work again; an event that found
		 * the bit set is seen by this run. Pairs with vhl_work_queue().
		 */
		smp_mb__after_atomic();
		vhl_run_in(worker, work, &worker->mm);
		/* After the run: from here on the work and its device may be freed. */
		smp_store_release(&worker->cur, NULL);
		/* The store, then the test for waiters (a full barrier is in
		 * wq_has_sleeper()): vhl_work_flush().
		 */
		if (wq_has_sleeper(&worker->idle))
			wake_up_all(&worker->idle);
		cond_resched();
	}
}

/*
 * Lets other tasks run once (yield()) before the thread goes to sleep. Where the
 * guest shares this processor, new work comes after the guest has run; a thread
 * that has yielded need not be woken for it. When no work came, or when the
 * scheduler picked this thread again before the others, the thread sleeps without
 * yielding the next times: 1, 3, 7 and so on up to 63 times. It does not yield
 * when the guest runs on another processor: a sleeping thread is woken on an idle
 * processor, while a thread that has yielded waits on this one's run queue.
 *
 * Yielding must never lose a frame, so the thread does not yield while frames come
 * many at a time (worker->stream, see vq_work()): there a wake-up is faster. And
 * it sleeps between two yields where the scheduler postpones it by a whole slice
 * for each (VHL_YIELD_REST): else it would hardly run.
 */
static __always_inline void vhl_worker_yield(struct vhl_worker *worker)
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

/*
 * One round of a device's or queue's thread, which has set its state to
 * TASK_INTERRUPTIBLE. Runs the queued work and returns true with the state
 * TASK_RUNNING; or returns false when no work is queued, and the thread may sleep.
 * Order: this side sets the state, then reads the list; vhl_work_queue() changes
 * the list, then reads the state in wake_up_process(). So one sees the other.
 */
static __always_inline bool vhl_worker_turn(struct vhl_worker *worker)
{
	struct llist_node *list = llist_del_all(&worker->list);

	if (!list)
		return false;
	__set_current_state(TASK_RUNNING);
	vhl_list_run(worker, list);
	if (worker->yields)
		vhl_worker_yield(worker);
	return true;
}

#endif /* VHOSTLAB_RUN_H */
