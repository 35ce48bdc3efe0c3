/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running what was queued: the part of each worker's loop that is the same for
 * all kinds. Inlined in each, since a wake-up that brings one packet is as
 * short as a few calls and returns.
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

/* A kernel thread leaves the address space it is in. Sleeps. */
static inline void vhl_leave(struct mm_struct **in)
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
static __always_inline void vhl_run_in(struct vhl_worker *worker, struct vhl_work *work,
				       struct mm_struct **in)
{
	if (worker->kind == VHL_TASK) {
		work->fn(work);
		return;
	}
	if (unlikely(!mmget_not_zero(work->mm)))
		return;
	if (unlikely(*in != work->mm)) {
		vhl_leave(in);
		*in = work->mm;
		kthread_use_mm(work->mm);
	}
	work->fn(work);
	/* The last user would take the memory down here, in the middle of it. */
	if (unlikely(!atomic_add_unless(&work->mm->mm_users, -1, 1)))
		mmput_async(work->mm);
}

/* Runs what was on a list, the oldest first. Not of VHL_POOLED. */
static __always_inline void vhl_list_run(struct vhl_worker *worker, struct llist_node *list)
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
		vhl_run_in(worker, work, &worker->mm);
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
 * One round of a thread of its own, which has set its state to
 * TASK_INTERRUPTIBLE: runs what is queued, and returns with the state
 * TASK_RUNNING; or returns false when nothing is, and the thread may sleep.
 * The state comes before the look at the list: vhl_work_queue() has it the
 * other way round, the list and then the state, so one sees the other.
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
