// SPDX-License-Identifier: GPL-2.0-only
/* Runs of a queue by the task that kicks it: see caller.h. */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "worker.h"

#ifdef VHL_HAVE_TASK_WORK

/*
 * The tasks that are in a turn, found by a hash of their address; a turn whose place
 * is taken is left to the thread. @task and @turn are written by that task; other
 * tasks only compare @task with themselves.
 */
#define PLACES_BITS 6

struct place {
	struct task_struct *task; /* or NULL */
	struct vhl_caller *turn; /* that takes answers; or NULL */
} ____cacheline_aligned_in_smp;

static struct place places[1 << PLACES_BITS];
/* Whether any task work was ever added: vhl_caller_exit(). */
static bool used;

static struct place *my_place(void)
{
	return &places[hash_ptr(current, PLACES_BITS)];
}

static bool in_turn(void)
{
	return READ_ONCE(my_place()->task) == current;
}

/* Whether the current context is a task that may run @work itself. */
static bool may_run(const struct vhl_work *work)
{
	return in_task() && current->mm == work->mm &&
	       !(current->flags & (PF_KTHREAD | PF_EXITING | PF_IO_WORKER | PF_USER_WORKER)) &&
	       !in_turn();
}

/*
 * Called for a kick: makes a turn of it, or returns false, and the caller queues
 * @work on its worker. Any context, also with the wait queue's lock held; the worker
 * is alive. Ordered as vhl_work_queue() is: that bit is set, fully ordered, and the
 * turn looks for events after it has cleared it.
 */
bool vhl_caller_kick(struct vhl_work *work)
{
	struct vhl_caller *c = work->caller;

	/* The thread goes on with what it has begun. */
	if (READ_ONCE(c->worker->cur) == work || atomic_read(&c->state) != VHL_CALLER_IDLE ||
	    !may_run(work))
		return false;
	if (test_and_set_bit(VHL_WORK_QUEUED, &work->flags))
		return true;
	if (atomic_cmpxchg(&c->state, VHL_CALLER_IDLE, VHL_CALLER_PENDING) != VHL_CALLER_IDLE) {
		vhl_work_enlist(c->worker, work);
		return true;
	}
	WRITE_ONCE(c->since, jiffies);
	WRITE_ONCE(used, true);
	__module_get(THIS_MODULE);
	if (task_work_add(current, &c->head, TWA_RESUME)) {
		/* Nothing but this changes the state meanwhile, except the guard. */
		if (atomic_xchg(&c->state, VHL_CALLER_IDLE) == VHL_CALLER_PENDING)
			vhl_work_enlist(c->worker, work);
		module_put(THIS_MODULE);
		return true;
	}
	if (!delayed_work_pending(&c->guard))
		schedule_delayed_work(&c->guard, 2);
	return true;
}

/*
 * Called for a frame of the receive queue: true if it came during a turn of the same
 * device in this task or in an interrupt of it, and that turn will take it. Any
 * context. One task and its interrupts use c->answer, so no lock is needed.
 */
bool vhl_caller_answer(struct vhl_work *work)
{
	struct place *place = my_place();
	struct vhl_caller *turn;

	if (READ_ONCE(place->task) != current)
		return false;
	turn = READ_ONCE(place->turn);
	if (!turn || turn->worker != work->caller->worker)
		return false;
	if (!test_and_set_bit(VHL_WORK_QUEUED, &work->flags))
		WRITE_ONCE(turn->answer, work);
	return true;
}

/* Runs @work, of which @c is RUNNING and VHL_WORK_QUEUED is set, in its own task. */
static void run_now(struct vhl_work *work)
{
	clear_bit(VHL_WORK_QUEUED, &work->flags);
	/* As in vhl_list_run(): an event after this queues the work again. */
	smp_mb__after_atomic();
	if (!work->run_briefly(work))
		vhl_work_queue(work->caller->worker, work);
}

/*
 * Ends a turn. Under the lock, so that vhl_caller_flushed() waits until this uses
 * neither worker nor @c any more.
 */
static void turn_end(struct vhl_caller *c)
{
	struct vhl_worker *worker = c->worker;

	spin_lock(&worker->lock);
	atomic_set_release(&c->state, VHL_CALLER_IDLE);
	if (wq_has_sleeper(&worker->idle))
		wake_up_all(&worker->idle);
	spin_unlock(&worker->lock);
}

/* What the stack has delivered to the receive queue during the turn. */
static void answer_run(struct vhl_work *work)
{
	struct vhl_caller *c = work->caller;

	if (atomic_cmpxchg(&c->state, VHL_CALLER_IDLE, VHL_CALLER_RUNNING) != VHL_CALLER_IDLE) {
		vhl_work_enlist(c->worker, work);
		return;
	}
	run_now(work);
	turn_end(c);
}

static void turn_run(struct vhl_caller *c)
{
	struct vhl_work *work = c->work, *answer;
	struct place *place = my_place();

	if (current->mm != work->mm || current->flags & PF_EXITING ||
	    fatal_signal_pending(current) || cmpxchg(&place->task, NULL, current)) {
		vhl_work_enlist(c->worker, work);
		turn_end(c);
		return;
	}
	c->answer = NULL;
	WRITE_ONCE(place->turn, c);
	run_now(work);
	WRITE_ONCE(place->turn, NULL);
	/* An interrupt of this task now finds no turn. */
	barrier();
	answer = READ_ONCE(c->answer);
	if (answer)
		answer_run(answer);
	WRITE_ONCE(place->task, NULL);
	turn_end(c);
}

/* The task work. Sleeps; no lock is held. */
static void caller_work(struct callback_head *head)
{
	struct vhl_caller *c = container_of(head, struct vhl_caller, head);

	if (atomic_cmpxchg(&c->state, VHL_CALLER_PENDING, VHL_CALLER_RUNNING) == VHL_CALLER_PENDING)
		turn_run(c);
	else if (atomic_cmpxchg(&c->state, VHL_CALLER_TAKEN, VHL_CALLER_IDLE) == VHL_CALLER_ORPHAN)
		kfree(c);
	module_put(THIS_MODULE);
}

/*
 * Gives @work to its thread if it waits for a task that has not yet run it. Process
 * context; the worker is alive.
 */
void vhl_caller_take(struct vhl_work *work)
{
	struct vhl_caller *c = work->caller;

	if (c &&
	    atomic_cmpxchg(&c->state, VHL_CALLER_PENDING, VHL_CALLER_TAKEN) == VHL_CALLER_PENDING)
		vhl_work_enlist(c->worker, work);
}

static void guard_work(struct work_struct *ws)
{
	struct vhl_caller *c = container_of(to_delayed_work(ws), struct vhl_caller, guard);

	if (atomic_read(&c->state) != VHL_CALLER_PENDING)
		return;
	if (!time_after(jiffies, READ_ONCE(c->since)))
		schedule_delayed_work(&c->guard, 1);
	else
		vhl_caller_take(c->work);
}

/* Whether this kernel lets a module add task work. */
bool vhl_caller_possible(void)
{
	return true;
}

/*
 * Makes kicks of @work's queue turns, with @worker for the rest. Before the queue has
 * polls. Returns 0 or -ENOMEM. Sleeps.
 */
int vhl_caller_start(struct vhl_worker *worker, struct vhl_work *work)
{
	struct vhl_caller *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c)
		return -ENOMEM;
	init_task_work(&c->head, caller_work);
	INIT_DELAYED_WORK(&c->guard, guard_work);
	c->worker = worker;
	c->work = work;
	work->caller = c;
	return 0;
}

/* After vhl_work_flush(): waits until the last turn has left the worker's memory. Sleeps. */
void vhl_caller_flushed(struct vhl_work *work)
{
	if (!work->caller)
		return;
	spin_lock(&work->caller->worker->lock);
	spin_unlock(&work->caller->worker->lock);
}

/* Undoes vhl_caller_start(). The work is flushed, and nothing may queue it. Sleeps. */
void vhl_caller_stop(struct vhl_work *work)
{
	struct vhl_caller *c = work->caller;

	if (!c)
		return;
	work->caller = NULL;
	cancel_delayed_work_sync(&c->guard);
	if (atomic_cmpxchg(&c->state, VHL_CALLER_TAKEN, VHL_CALLER_ORPHAN) != VHL_CALLER_TAKEN)
		kfree(c);
}

/*
 * Before the module's code is freed: a task may have put the last reference in
 * caller_work() and still have to return from it.
 */
void vhl_caller_exit(void)
{
	if (READ_ONCE(used))
		synchronize_rcu_tasks();
}

#else

bool vhl_caller_possible(void)
{
	return false;
}

int vhl_caller_start(struct vhl_worker *worker, struct vhl_work *work)
{
	return -EOPNOTSUPP;
}

void vhl_caller_stop(struct vhl_work *work)
{
}

void vhl_caller_take(struct vhl_work *work)
{
}

void vhl_caller_flushed(struct vhl_work *work)
{
}

bool vhl_caller_kick(struct vhl_work *work)
{
	return false;
}

bool vhl_caller_answer(struct vhl_work *work)
{
	return false;
}

void vhl_caller_exit(void)
{
}

#endif
