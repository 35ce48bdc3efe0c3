// SPDX-License-Identifier: GPL-2.0-only
/* Workers: queueing, running and waiting for work. See worker.h. */
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>

#include "worker.h"

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
	if (unlikely(!worker->task)) {
		queue_work(worker->wq, &worker->ws);
	} else if (worker->task != current) {
		/* (The thread itself looks at its list before it sleeps.) */
		WRITE_ONCE(worker->near, task_cpu(worker->task) == raw_smp_processor_id());
		wake_up_process(worker->task);
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

/* Goes over to the address space @mm, or with NULL to none. */
static __always_inline void worker_enter(struct vhl_worker *worker, struct mm_struct *mm)
{
	if (worker->mm == mm)
		return;
	if (worker->mm)
		kthread_unuse_mm(worker->mm);
	worker->mm = mm;
	if (mm)
		kthread_use_mm(mm);
}

static __always_inline void worker_run(struct vhl_worker *worker, struct llist_node *list)
{
	struct vhl_work *work, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(work, next, list, node) {
		worker_enter(worker, work->mm);
		worker->more = work->node.next;
		clear_bit(VHL_WORK_QUEUED, &work->flags);
		/* A wake-up from here on queues it anew; what came before is
		 * seen by this run.
		 */
		smp_mb__after_atomic();
		work->fn(work);
		cond_resched();
	}
}

/*
 * Looks on for a while before sleeping, unless somebody else wants the
 * processor. Waking it costs nobody anything meanwhile. Who was woken without
 * a claim to run at once (a guest under SCHED_BATCH, a low priority) does not
 * set need_resched(), so the run queue itself is asked.
 */
static void worker_linger(struct vhl_worker *worker)
{
	u64 end = local_clock() + worker->poll_us * NSEC_PER_USEC;

	while (llist_empty(&worker->list) && single_task_running() && !need_resched() &&
	       !kthread_should_stop() && local_clock() < end)
		cpu_relax();
}

/*
 * Where the guest shares this processor, work comes when the guest has had its
 * turn: the thread lets others run once without going to sleep, and who queues
 * work meanwhile need not wake it. When that was in vain, because nothing came
 * or because the scheduler owes this thread more time than the others, it
 * sleeps at once the next times, 1, 3, 7 and so on to 63. Not where the guest
 * runs elsewhere: a thread that is asleep is woken where there is room, one
 * that waits for its turn waits.
 */
static void worker_yield(struct vhl_worker *worker)
{
	if (!READ_ONCE(worker->near) || !llist_empty(&worker->list) || single_task_running())
		return;
	if (worker->pass) {
		worker->pass--;
		return;
	}
	yield();
	worker->vain = llist_empty(&worker->list) ? min(2 * worker->vain + 1, 63) : 0;
	worker->pass = worker->vain;
}

static int worker_main(void *data)
{
	struct vhl_worker *worker = data;

	for (;;) {
		struct llist_node *list;

		if (worker->poll_us)
			worker_linger(worker);
		if (worker->yields)
			worker_yield(worker);
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
		worker_run(worker, list);
	}
	__set_current_state(TASK_RUNNING);
	worker_enter(worker, NULL);
	return 0;
}

/* One at a time: a work item never runs twice at once. */
static void worker_item(struct work_struct *ws)
{
	struct vhl_worker *worker = container_of(ws, struct vhl_worker, ws);
	struct llist_node *list;

	while ((list = llist_del_all(&worker->list)))
		worker_run(worker, list);
	/* The thread under it is lent: it must not keep an address space. */
	worker_enter(worker, NULL);
}

/* Ends a worker that nobody can queue work on any more. Sleeps. */
void vhl_worker_free(struct vhl_worker *worker)
{
	if (worker->task)
		kthread_stop(worker->task);
	else
		destroy_workqueue(worker->wq);
	kfree(worker);
}

static struct vhl_worker *worker_alloc(void)
{
	struct vhl_worker *worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);

	if (worker)
		init_llist_head(&worker->list);
	return worker;
}

/*
 * A worker that is a thread called vhostlab-@name@number; @as_caller puts it
 * into the caller's cgroups, so that what it does is charged there. Sleeps.
 * Returns it, or an error pointer with nothing left behind.
 */
struct vhl_worker *vhl_worker_thread(const char *name, int number, bool as_caller)
{
	struct vhl_worker *worker = worker_alloc();
	int err;

	if (!worker)
		return ERR_PTR(-ENOMEM);
	worker->task = kthread_create(worker_main, worker, "vhostlab-%s%d", name, number);
	if (IS_ERR(worker->task)) {
		err = PTR_ERR(worker->task);
		kfree(worker);
		return ERR_PTR(err);
	}
	wake_up_process(worker->task);
	err = as_caller ? cgroup_attach_task_all(current, worker->task) : 0;
	if (err) {
		vhl_worker_free(worker);
		return ERR_PTR(err);
	}
	return worker;
}

/* A worker that is an item of a workqueue of its own. As above. */
struct vhl_worker *vhl_worker_workqueue(void)
{
	struct vhl_worker *worker = worker_alloc();

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

struct vhl_flush {
	struct vhl_work work;
	struct completion done;
};

static void flush_work_fn(struct vhl_work *work)
{
	complete(&container_of(work, struct vhl_flush, work)->done);
}

/*
 * Waits until all work queued before the call has run, and until the worker
 * is in no address space. Sleeps.
 */
void vhl_worker_flush(struct vhl_worker *worker)
{
	struct vhl_flush flush = { .work.fn = flush_work_fn };

	init_completion(&flush.done);
	vhl_work_queue(worker, &flush.work);
	wait_for_completion(&flush.done);
}
