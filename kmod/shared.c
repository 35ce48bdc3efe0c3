// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker of the pool: worker=shared. One thread at a time takes its work, the
 * active one. When that sleeps in a run while other work waits, as it does when
 * a page of one owner is missing, another thread becomes the active one, so that
 * one owner cannot stop the others. The first finishes its run when the page
 * comes, and then waits to be needed again.
 *
 * worker->lock covers who is active, what each thread runs, and what was taken
 * off the list and not begun (worker->todo).
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>

#include "run.h"

/* A run in which a thread sleeps for about as long is one that is stuck. */
#define WATCH msecs_to_jiffies(20)

struct vhl_thread {
	struct list_head node; /* worker->threads */
	struct vhl_worker *worker;
	struct task_struct *task;
	struct vhl_work *cur; /* in a run */
	unsigned long runs; /* so far, that one included */
	struct mm_struct *mm; /* it is in now */
};

/* Whether work waits that the active thread has not begun. Any thread. */
static bool waiting(struct vhl_worker *worker)
{
	return READ_ONCE(worker->todo) || !llist_empty(&worker->list);
}

static void watch_start(struct vhl_worker *worker)
{
	/* Once it is pending this does nothing. */
	queue_delayed_work(system_wq, &worker->watch, WATCH);
}

/*
 * Work has been put on the list. If the active thread is in a
 * run, its thread is watched. The list was changed by a full atomic before the
 * look at the run; run_begin() has it the other way round, so one of them sees
 * that there is something to watch. Any context.
 */
void vhl_shared_queued(struct vhl_worker *worker)
{
	struct vhl_thread *t = READ_ONCE(worker->active);

	if (READ_ONCE(t->cur))
		watch_start(worker);
}

/*
 * Takes the next work that no other thread is in a run of; such work is listed
 * again when that run ends, so that two threads never run the same one. Returns
 * NULL when there is none, or when another thread is active.
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
		/* As in vhl_list_run(); and the run before the look at the list. */
		smp_mb();
		if (unlikely(waiting(worker)))
			watch_start(worker);
	}
	return work;
}

/*
 * The run of t->cur is over. From the unlock on its work, if it was not listed
 * again, and its device may be gone.
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
	/* It is queued still: this only puts it on the list. */
	if (again)
		llist_add(&work->node, &worker->list);
	/* Of vhl_shared_abandon(): it was for this run and is for no other. */
	if (unlikely(signal_pending(current)))
		flush_signals(current);
	spin_unlock(&worker->lock);
	if (again)
		wake_up_process(READ_ONCE(worker->task));
	/* The store before the look for waiters: vhl_work_flush(). */
	if (wq_has_sleeper(&worker->idle))
		wake_up_all(&worker->idle);
}

/*
 * Polls for a while before it sleeps, unless something else wants the
 * processor. Queueing work wakes nothing meanwhile. A task that was woken
 * without a claim to run at once (a guest under SCHED_BATCH, a low priority)
 * does not set need_resched(), so the run queue itself is asked.
 */
static void poll_list(struct vhl_worker *worker)
{
	u64 end = local_clock() + worker->poll_us * NSEC_PER_USEC;

	while (llist_empty(&worker->list) && single_task_running() && !need_resched() &&
	       !kthread_should_stop() && local_clock() < end)
		cpu_relax();
}

static void sleep_for_work(struct vhl_thread *t)
{
	struct vhl_worker *worker = t->worker;

	/* A thread that sleeps is in no address space. */
	vhl_leave(&t->mm);
	/* The state before the looks: see vhl_worker_turn(), and become_active(). */
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

	/* See vhl_shared_abandon(). */
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

/* A thread that has nothing to run, or NULL. Caller holds worker->lock. */
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
 * Caller holds worker->lock and wakes @t after that. A waker that reads the
 * task of the one before has put its work on the list, which @t looks at.
 */
static void become_active(struct vhl_worker *worker, struct vhl_thread *t)
{
	WRITE_ONCE(worker->active, t);
	WRITE_ONCE(worker->task, t->task);
}

/*
 * Whether the active thread sleeps in the run in which the last watch saw it,
 * and work waits. Caller holds worker->lock.
 */
static bool stuck(struct vhl_worker *worker)
{
	struct vhl_thread *t = worker->active;

	return t->cur && worker->watched == t->runs && !task_is_running(t->task) && waiting(worker);
}

/* Looks, and looks again, until there is no run that other work waits for. */
static void watch(struct work_struct *ws)
{
	struct vhl_worker *worker = container_of(ws, struct vhl_worker, watch.work);
	struct vhl_thread *t = NULL, *fresh = NULL;
	bool again, need;

	spin_lock(&worker->lock);
	need = stuck(worker) && !spare(worker);
	spin_unlock(&worker->lock);
	/* When there is none to be had this is tried again at the next look. */
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
	/* A new thread waits for its first wake-up, whether it is needed or not. */
	if (!IS_ERR_OR_NULL(fresh))
		wake_up_process(fresh->task);
	if (t)
		wake_up_process(t->task);
	if (again)
		watch_start(worker);
}

/* See vhl_work_abandon(). */
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

/* See vhl_work_flush(). */
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
 * Worker @number of the pool; @poll_us: how long it polls before it sleeps.
 * Returns it or an error pointer. Sleeps.
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

/* Ends its threads; no work is queued, or will be. Sleeps. */
void vhl_worker_shared_stop(struct vhl_worker *worker)
{
	struct vhl_thread *t, *next;

	cancel_delayed_work_sync(&worker->watch);
	list_for_each_entry_safe(t, next, &worker->threads, node) {
		kthread_stop(t->task);
		kfree(t);
	}
}
