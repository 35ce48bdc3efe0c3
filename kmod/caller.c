// SPDX-License-Identifier: GPL-2.0-only
/* Runs of a queue by the task that kicks it: see caller.h. */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "caller.h"
#include "compat.h"
#include "worker.h"

#ifdef VHL_HAVE_TASK_WORK

/* vhl_caller.state. */
enum {
	VHL_CALLER_IDLE,
	VHL_CALLER_PENDING, /* task work of a task, which will run the queue */
	VHL_CALLER_RUNNING, /* in a turn */
	VHL_CALLER_TAKEN, /* still task work of a task, which has nothing to do any more */
	VHL_CALLER_ORPHAN, /* the same, and that task frees the structure */
};

/*
 * The turns of one queue. Allocated with the worker; it may outlive queue and
 * device, as task work cannot be taken back: VHL_CALLER_ORPHAN. While it is task
 * work of an ended device it holds that device's reference to the module.
 */
struct vhl_caller {
	struct callback_head head;
	atomic_t state;
	unsigned long since; /* jiffies when PENDING began */
	struct delayed_work guard; /* takes the work from a task that does not run it */
	struct vhl_worker *worker; /* the thread that has the rest */
	struct vhl_work *work;
	struct vhl_work *answer; /* queued during the turn; its task and interrupts of it only */
};

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

/*
 * Whether the current task ends. One that does may run task work several times, has no
 * SIGKILL pending any more, and must not sleep on its memory: nothing could end that.
 */
static bool ends(void)
{
	return current->flags & PF_EXITING || current->signal->flags & SIGNAL_GROUP_EXIT;
}

/* Whether the current context is a task that may run @work itself. */
static bool may_run(const struct vhl_work *work)
{
	return in_task() && current->mm == work->mm &&
	       !(current->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)) && !ends() &&
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
	if (!READ_ONCE(used))
		WRITE_ONCE(used, true);
	if (task_work_add(current, &c->head, TWA_RESUME)) {
		/* Nothing but this changes the state meanwhile, except the guard. */
		if (atomic_xchg(&c->state, VHL_CALLER_IDLE) == VHL_CALLER_PENDING)
			vhl_work_enlist(c->worker, work);
		return true;
	}
	if (!delayed_work_pending(&c->guard))
		queue_delayed_work(vhl_unbound_wq, &c->guard, 2);
	return true;
}

/*
 * Called for a frame of the receive queue: true if it came during a turn of the same
 * device in this task or in an interrupt of it, and that turn will take it. Any
 * context. One task and its interrupts use turn->answer, so no lock is needed.
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

/*
 * Runs @work, which is queued and whose turn is RUNNING. VHL_WORK_TURN is set before
 * VHL_WORK_QUEUED is cleared, so that vhl_work_flush() sees one of them; turn_run() does
 * the same where it leaves the work to the thread.
 */
static void run_now(struct vhl_work *work)
{
	set_bit(VHL_WORK_TURN, &work->flags);
	smp_mb__before_atomic(); /* the one before the other */
	clear_bit(VHL_WORK_QUEUED, &work->flags);
	/* As in vhl_list_run(): an event after this queues the work again. */
	smp_mb__after_atomic();
	if (!work->run_briefly(work))
		vhl_work_queue(work->caller->worker, work);
}

/*
 * Ends a turn. Under the lock, so that vhl_caller_flushed() waits until this uses
 * neither worker nor @c any more, and so that a run of the thread that found the turn
 * (vhl_caller_again()) is queued again, before VHL_WORK_TURN is cleared.
 */
static void turn_end(struct vhl_caller *c)
{
	struct vhl_worker *worker = c->worker;

	spin_lock(&worker->lock);
	if (test_and_clear_bit(VHL_WORK_AGAIN, &c->work->flags))
		vhl_work_queue(worker, c->work);
	/* The turn's accesses come before those after a flush. */
	clear_bit_unlock(VHL_WORK_TURN, &c->work->flags);
	/* Only now, as the next turn, of another task, sets that bit. */
	atomic_set_release(&c->state, VHL_CALLER_IDLE);
	if (wq_has_sleeper(&worker->idle))
		wake_up_all(&worker->idle);
	spin_unlock(&worker->lock);
}

/*
 * Called by the thread when it cannot have the queue's mutex: whether a turn has it.
 * Then the end of the turn queues the work again, as the thread must not wait for it:
 * the turn may sleep for as long as a page of the owner is missing.
 */
bool vhl_caller_again(struct vhl_work *work)
{
	struct vhl_worker *worker = work->caller->worker;
	bool turn;

	spin_lock(&worker->lock);
	turn = test_bit(VHL_WORK_TURN, &work->flags);
	if (turn)
		set_bit(VHL_WORK_AGAIN, &work->flags);
	spin_unlock(&worker->lock);
	return turn;
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

	/* A signal is also how io_uring asks for its own task work. */
	if (current->mm != work->mm || ends() || signal_pending(current) ||
	    cmpxchg(&place->task, NULL, current)) {
		/*
		 * From when the thread has the work, this is all that holds the device.
		 * llist_add() is fully ordered behind it.
		 */
		set_bit(VHL_WORK_TURN, &work->flags);
		vhl_work_enlist(c->worker, work);
		turn_end(c);
		return;
	}
	WRITE_ONCE(c->answer, NULL);
	barrier(); /* for an interrupt of this task */
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

static void caller_free(struct vhl_caller *c)
{
	kfree(c);
	module_put(THIS_MODULE);
}

/* The task work. Sleeps; no lock of ours is held. */
static void caller_work(struct callback_head *head)
{
	struct vhl_caller *c = container_of(head, struct vhl_caller, head);

	if (atomic_cmpxchg(&c->state, VHL_CALLER_PENDING, VHL_CALLER_RUNNING) == VHL_CALLER_PENDING)
		turn_run(c);
	else if (atomic_cmpxchg(&c->state, VHL_CALLER_TAKEN, VHL_CALLER_IDLE) == VHL_CALLER_ORPHAN)
		caller_free(c);
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
	if (time_before(jiffies, READ_ONCE(c->since) + 2))
		queue_delayed_work(vhl_unbound_wq, &c->guard, 1);
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
	__module_get(THIS_MODULE);
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
	/* A task has the structure still, with its reference to the module. */
	if (atomic_cmpxchg(&c->state, VHL_CALLER_TAKEN, VHL_CALLER_ORPHAN) != VHL_CALLER_TAKEN)
		caller_free(c);
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

bool vhl_caller_again(struct vhl_work *work)
{
	return false;
}

void vhl_caller_exit(void)
{
}

#endif
