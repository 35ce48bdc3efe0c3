// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker of the pool (worker=shared). It has one active thread, which takes its
 * work. When that thread sleeps in a run while other work waits, for example
 * because a page of one owner is missing, another thread becomes the active one,
 * so that one owner cannot stop the others. The first thread finishes its run when
 * the page arrives, and is a spare thread from then on.
 *
 * worker->lock covers worker->active, the work that each thread runs, and work that
 * was taken off the list and has not begun (worker->todo).
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>

#include "run.h"

/* How often a run is checked while other work waits, in jiffies; see stuck(). */
#define WATCH msecs_to_jiffies(20)

/* A thread of a pool's worker. */
struct vhl_thread {
	struct list_head node; /* worker->threads */
	struct vhl_worker *worker;
	struct task_struct *task;
	struct vhl_work *cur; /* in a run, or NULL */
	unsigned long runs; /* number of runs, including the current one */
	struct mm_struct *mm; /* address space that it is in, or NULL */
};

/* Whether there is work that has not begun. Needs no lock. */
static bool waiting(struct vhl_worker *worker)
{
	return READ_ONCE(worker->todo) || !llist_empty(&worker->list);
}

static void watch_start(struct vhl_worker *worker)
{
	/* Does nothing when it is already pending. */
	queue_delayed_work(system_wq, &worker->watch, WATCH);
}

/*
 * Called after work was added to the list: starts the watch if the active thread
 * is in a run. Order: the list is changed by a fully ordered atomic, then the run
 * is read here; run_begin() sets the run, then reads the list. So one of the two
 * starts the watch. Any context.
 */
void vhl_shared_queued(struct vhl_worker *worker)
{
	struct vhl_thread *t = READ_ONCE(worker->active);

	if (READ_ONCE(t->cur))
		watch_start(worker);
}

/*
 * Takes the next work that no other thread is running, and sets t->cur. Work that
 * another thread is running is listed again when that run ends (VHL_WORK_AGAIN), so
 * that two threads never run the same work. Returns NULL when there is none, or
 * when @t is not the active thread.
 */
static struct vhl_work *run_begin(struct vhl_thread *t)
{
	struct vhl_worker *worker = t->worker;
	struct vhl_work *work = NULL;

	spin_lock(&worker->lock);
	while (worker->active == t && !work) {
		if (!worker->todo)
			worker->todo = llist_reverse_order(llist_del_all(&worker->list));
		if (!worker->todo)
			break;
		work = llist_entry(worker->todo, struct vhl_work, node);
		WRITE_ONCE(worker->todo, worker->todo->next);
		if (test_bit(VHL_WORK_RUNNING, &work->flags)) {
			set_bit(VHL_WORK_AGAIN, &work->flags);
			work = NULL;
		}
	}
	if (work) {
		WRITE_ONCE(t->cur, work);
		t->runs++;
		worker->more = worker->todo;
		set_bit(VHL_WORK_RUNNING, &work->flags);
		clear_bit(VHL_WORK_QUEUED, &work->flags);
	}
	spin_unlock(&worker->lock);
	if (work) {
		/* As in vhl_list_run(); and t->cur is set before the list is read. */
		smp_mb();
		if (unlikely(waiting(worker)))
			watch_start(worker);
	}
	return work;
}

/*
 * Ends the run of t->cur. After the unlock the work (unless it was listed again) and
 * its device may be freed.
 */
static void run_end(struct vhl_thread *t)
{
	struct vhl_worker *worker = t->worker;
	struct vhl_work *work = t->cur;
	bool again;

	spin_lock(&worker->lock);
	WRITE_ONCE(t->cur, NULL);
	clear_bit(VHL_WORK_RUNNING, &work->flags);
	again = test_and_clear_bit(VHL_WORK_AGAIN, &work->flags);
	/* VHL_WORK_QUEUED is still set: only the list lacks the work. */
	if (again)
		llist_add(&work->node, &worker->list);
	/* A signal of vhl_shared_abandon() was for this run only. */
	if (unlikely(signal_pending(current)))
		flush_signals(current);
	spin_unlock(&worker->lock);
	if (again) {
		vhl_shared_queued(worker);
		wake_up_process(READ_ONCE(worker->task));
	}
	/* The store, then the test for waiters: vhl_work_flush(). */
	if (wq_has_sleeper(&worker->idle))
		wake_up_all(&worker->idle);
}

/*
 * Busy-polls the list for poll_us, unless another task wants the processor. A task
 * that was woken without preempting this one (a guest under SCHED_BATCH, or with
 * low priority) does not set need_resched(), so single_task_running() is tested
 * as well.
 */
static void poll_list(struct vhl_worker *worker)
{
	u64 end = local_clock() + (u64)worker->poll_us * NSEC_PER_USEC;

	while (llist_empty(&worker->list) && single_task_running() && !need_resched() &&
	       !kthread_should_stop() && local_clock() < end)
		cpu_relax();
}

/* Sleeps until there is work for @t, it becomes active, or it must stop. */
static void sleep_for_work(struct vhl_thread *t)
{
	struct vhl_worker *worker = t->worker;

	/* A sleeping thread holds no owner's address space. */
	vhl_leave(&t->mm);
	/* The state is set before the tests: see vhl_worker_turn() and become_active(). */
	set_current_state(TASK_INTERRUPTIBLE);
	if ((READ_ONCE(worker->active) != t || !waiting(worker)) && !kthread_should_stop())
		schedule();
	__set_current_state(TASK_RUNNING);
}

static int thread_main(void *data)
{
	struct vhl_thread *t = data;
	struct vhl_worker *worker = t->worker;
	struct vhl_work *work;

	/* For vhl_shared_abandon(). */
	allow_kernel_signal(SIGKILL);
	for (;;) {
		while ((work = run_begin(t))) {
			vhl_run_in(worker, work, &t->mm);
			run_end(t);
			cond_resched();
		}
		if (kthread_should_stop())
			break;
		if (READ_ONCE(worker->active) == t) {
			if (worker->yields)
				vhl_worker_yield(worker);
			if (worker->poll_us)
				poll_list(worker);
			if (waiting(worker))
				continue;
		}
		sleep_for_work(t);
	}
	vhl_leave(&t->mm);
	return 0;
}

static struct vhl_thread *thread_start(struct vhl_worker *worker)
{
	struct vhl_thread *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int err;

	if (!t)
		return ERR_PTR(-ENOMEM);
	t->worker = worker;
	t->task = kthread_create(thread_main, t, "vhostlab-shared/%d", worker->number);
	if (IS_ERR(t->task)) {
		err = PTR_ERR(t->task);
		kfree(t);
		return ERR_PTR(err);
	}
	return t;
}

/* A thread that is neither active nor in a run, or NULL. Caller holds worker->lock. */
static struct vhl_thread *spare(struct vhl_worker *worker)
{
	struct vhl_thread *t;

	list_for_each_entry(t, &worker->threads, node) {
		if (t != worker->active && !t->cur)
			return t;
	}
	return NULL;
}

/*
 * Makes @t the active thread. Caller holds worker->lock and wakes @t afterwards. A
 * waker that still reads the previous thread's task has added its work to the list
 * before, and @t reads the list when it is woken.
 */
static void become_active(struct vhl_worker *worker, struct vhl_thread *t)
{
	WRITE_ONCE(worker->active, t);
	WRITE_ONCE(worker->task, t->task);
}

/*
 * Whether work waits while the active thread sleeps in the same run as when the
 * watch ran before. Caller holds worker->lock.
 */
static bool stuck(struct vhl_worker *worker)
{
	struct vhl_thread *t = worker->active;

	return t->cur && worker->watched == t->runs && !task_is_running(t->task) && waiting(worker);
}

/*
 * Replaces the active thread when it is stuck. Runs every WATCH jiffies as long as
 * work waits for a run; sleeps.
 */
static void watch(struct work_struct *ws)
{
	struct vhl_worker *worker = container_of(ws, struct vhl_worker, watch.work);
	struct vhl_thread *t = NULL, *fresh = NULL;
	bool again, need;

	spin_lock(&worker->lock);
	need = stuck(worker) && !spare(worker);
	spin_unlock(&worker->lock);
	/* When no thread can be created, the next watch tries again. */
	if (need)
		fresh = thread_start(worker);

	spin_lock(&worker->lock);
	if (!IS_ERR_OR_NULL(fresh))
		list_add_tail(&fresh->node, &worker->threads);
	if (stuck(worker))
		t = spare(worker);
	if (t)
		become_active(worker, t);
	worker->watched = worker->active->runs;
	again = worker->active->cur && waiting(worker);
	spin_unlock(&worker->lock);
	/* A new thread must be woken once, even if it is not needed any more. */
	if (!IS_ERR_OR_NULL(fresh))
		wake_up_process(fresh->task);
	if (t)
		wake_up_process(t->task);
	if (again)
		watch_start(worker);
}

/* vhl_work_abandon() for the pool. Must not sleep. */
void vhl_shared_abandon(struct vhl_worker *worker, struct vhl_work *work)
{
	struct vhl_thread *t;

	spin_lock(&worker->lock);
	list_for_each_entry(t, &worker->threads, node) {
		if (t->cur == work)
			send_sig(SIGKILL, t->task, 1);
	}
	spin_unlock(&worker->lock);
}

/* Whether @work is neither queued nor in a run: for vhl_work_flush(). */
bool vhl_shared_idle(struct vhl_worker *worker, struct vhl_work *work)
{
	bool idle;

	spin_lock(&worker->lock);
	idle = !test_bit(VHL_WORK_QUEUED, &work->flags) &&
	       !test_bit(VHL_WORK_RUNNING, &work->flags);
	spin_unlock(&worker->lock);
	return idle;
}

/*
 * Creates worker @number of the pool, which busy-polls for @poll_us microseconds
 * before it sleeps. Returns it or an error pointer. Sleeps.
 */
struct vhl_worker *vhl_worker_shared(int number, u32 poll_us)
{
	struct vhl_worker *worker = vhl_worker_alloc(VHL_POOLED);
	struct vhl_thread *t;

	if (!worker)
		return ERR_PTR(-ENOMEM);
	worker->number = number;
	worker->poll_us = poll_us;
	INIT_LIST_HEAD(&worker->threads);
	INIT_DELAYED_WORK(&worker->watch, watch);
	t = thread_start(worker);
	if (IS_ERR(t)) {
		kfree(worker);
		return ERR_CAST(t);
	}
	list_add(&t->node, &worker->threads);
	become_active(worker, t);
	wake_up_process(t->task);
	return worker;
}

/* Stops the worker's threads. No work is queued, nor may any be. Sleeps. */
void vhl_worker_shared_stop(struct vhl_worker *worker)
{
	struct vhl_thread *t, *next;

	cancel_delayed_work_sync(&worker->watch);
	list_for_each_entry_safe(t, next, &worker->threads, node) {
		kthread_stop(t->task);
		kfree(t);
	}
}
