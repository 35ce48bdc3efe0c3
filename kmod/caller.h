/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker=caller: a queue is run by the task that kicks it, as task work: before that
 * task returns to user mode, or before its vCPU enters the guest again. Two wake-ups
 * and two task switches are saved per kick. Frames that the stack delivers to the
 * receive queue during such a run (an answer of this machine) are copied to the
 * guest in the same turn.
 *
 * A turn serves at most caller_weight packets; the rest, and every kick of which one
 * of the following holds, is left to the device's thread:
 *
 *   - The task is not a task of the owner in its own address space, or exits.
 *   - It is in a turn, of whatever device: a call eventfd that is also a kick eventfd
 *     would otherwise make turns without end, and a task that does not return to user
 *     mode cannot be killed.
 *   - The queue is busy-polled, sends by reference, or is in a run of the thread.
 *   - The task has not returned to user mode within two ticks (a system call that
 *     kicks and then sleeps, such as splice() into the eventfd): the thread takes the
 *     work from it.
 *
 * A turn sleeps while a page of the owner's memory is missing, as the kicking task
 * itself would if it touched that page. So a client that resolves page faults of its
 * guest (userfaultfd) in the task that kicks must not use this model; QEMU has a
 * thread for it.
 */
#ifndef VHOSTLAB_CALLER_H
#define VHOSTLAB_CALLER_H

#include <linux/atomic.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct vhl_work;
struct vhl_worker;

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
 * work it holds a reference to the module.
 */
struct vhl_caller {
	struct callback_head head;
	atomic_t state;
	unsigned long since; /* jiffies when PENDING began */
	struct delayed_work guard; /* takes the work from a task that does not run it */
	struct vhl_worker *worker; /* the thread that has the rest */
	struct vhl_work *work;
	struct vhl_work *answer; /* receive work queued during the turn; its task only */
};

/* Whether @caller (or NULL) is in a turn. Ordered by the reader: vhl_work_flush(). */
static inline bool vhl_caller_running(const struct vhl_caller *caller)
{
	/* The turn's accesses come before those of the reader. */
	return caller && atomic_read_acquire(&caller->state) == VHL_CALLER_RUNNING;
}

bool vhl_caller_possible(void);
int vhl_caller_start(struct vhl_worker *worker, struct vhl_work *work);
void vhl_caller_stop(struct vhl_work *work);
void vhl_caller_take(struct vhl_work *work);
void vhl_caller_flushed(struct vhl_work *work);
bool vhl_caller_kick(struct vhl_work *work);
bool vhl_caller_answer(struct vhl_work *work);
void vhl_caller_exit(void);

#endif /* VHOSTLAB_CALLER_H */
