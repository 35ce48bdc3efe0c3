// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread of one device or queue.
 *
 * Where the kernel exports vhost_task, it is a thread of the owner's process: it is
 * in the owner's control groups and counts towards its limits; it is stopped,
 * frozen and killed with the owner, even while it waits for a page.
 *
 * Elsewhere it is a kernel thread, which uses the owner's address space. A control
 * group with a kernel thread in it cannot be frozen, since the freezer waits for
 * every member and does not freeze kernel threads. So the thread stays outside the
 * owner's control groups unless parameter `charge` is set: then its processor time
 * is charged to them, and limited by them.
 */
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "run.h"

#ifdef VHL_HAVE_VHOST_TASK
/*
 * Sets worker->task, which only the thread itself knows. The reference makes it
 * safe to wake the thread after it was killed.
 */
static void task_arrived(struct vhl_worker *worker)
{
	if (likely(READ_ONCE(worker->task)))
		return;
	WRITE_ONCE(worker->task, get_task_struct(current));
	wake_up_all(&worker->idle);
}

/* vhl_worker_turn(); vhost_task has set the state TASK_INTERRUPTIBLE. */
static bool task_turn(void *data)
{
	struct vhl_worker *worker = data;

	task_arrived(worker);
	return vhl_worker_turn(worker);
}

/*
 * Called in the thread when it ends, because its owner was killed or calls
 * execve(). Queued work will not run, and vhl_work_flush() does not wait for it.
 */
static void task_killed(void *data)
{
	struct vhl_worker *worker = data;

	spin_lock(&worker->lock);
	WRITE_ONCE(worker->dead, true);
	spin_unlock(&worker->lock);
	task_arrived(worker);
	wake_up_all(&worker->idle);
}

static struct vhl_worker *owner_thread_get(void)
{
	struct vhl_worker *worker = vhl_worker_alloc(VHL_TASK);
	char name[TASK_COMM_LEN];

	if (!worker)
		return ERR_PTR(-ENOMEM);
	snprintf(name, sizeof(name), "vhostlab-%d", current->pid);
	worker->vtask = vhost_task_create(task_turn, task_killed, worker, name);
	if (IS_ERR_OR_NULL(worker->vtask)) {
		int err = worker->vtask ? PTR_ERR(worker->vtask) : -ENOMEM;

		kfree(worker);
		return ERR_PTR(err);
	}
	vhost_task_start(worker->vtask);
	/* The thread sets its task at once, in task_turn() or task_killed(). */
	wait_event(worker->idle, READ_ONCE(worker->task));
	return worker;
}
#else
static int thread_main(void *data)
{
	struct vhl_worker *worker = data;

	/* For vhl_work_abandon(). */
	allow_kernel_signal(SIGKILL);
	for (;;) {
		/* Before the list is read, as vhl_worker_turn() requires. */
		set_current_state(TASK_INTERRUPTIBLE);
		if (vhl_worker_turn(worker))
			continue;
		/* Stop only when no work is left. */
		if (kthread_should_stop())
			break;
		/* A signal here was for a run that has ended: discard it. */
		if (signal_pending(current))
			flush_signals(current);
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	vhl_leave(&worker->mm);
	return 0;
}

static struct vhl_worker *kernel_thread_get(bool charge)
{
	struct vhl_worker *worker = vhl_worker_alloc(VHL_KTHREAD);
	int err;

	if (!worker)
		return ERR_PTR(-ENOMEM);
	worker->task = kthread_create(thread_main, worker, "vhostlab-%d", current->pid);
	if (IS_ERR(worker->task)) {
		err = PTR_ERR(worker->task);
		kfree(worker);
		return ERR_PTR(err);
	}
	wake_up_process(worker->task);
	err = charge ? cgroup_attach_task_all(current, worker->task) : 0;
	if (err) {
		kthread_stop(worker->task);
		kfree(worker);
		return ERR_PTR(err);
	}
	return worker;
}
#endif

/*
 * Creates a worker with a thread called vhostlab-PID, after the calling task, which
 * is the owner's. @charge: see above. Returns it or an error pointer. Sleeps.
 */
struct vhl_worker *vhl_worker_thread(bool charge)
{
#ifdef VHL_HAVE_VHOST_TASK
	return owner_thread_get();
#else
	return kernel_thread_get(charge);
#endif
}

/* Stops the thread. No work is queued, nor may any be. Sleeps. */
void vhl_worker_thread_stop(struct vhl_worker *worker)
{
#ifdef VHL_HAVE_VHOST_TASK
	vhost_task_stop(worker->vtask);
	put_task_struct(worker->task);
#else
	kthread_stop(worker->task);
#endif
}
