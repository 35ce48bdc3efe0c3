// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a queue is woken, by the guest's kick eventfd and the backend socket, and
 * busy polling. The entry on the kick's wait queue stays registered while its file
 * is set, so that a wake-up of a queue that is already queued costs one atomic test;
 * the eventfd's count is never read, only its wake-ups are used.
 *
 * The entries on the backend's wait queue are there only while they are needed
 * (VHL_IDEA_ONCE), since each frame makes its sender take the lock of a wait queue
 * that is not empty:
 *
 *   - Receive: the first frame queues the work (ON to WOKEN), the second one removes
 *     the entry (WOKEN to AWAY). A run that finds no more frames makes it ON again,
 *     then looks once more: vhl_poll_back(). To leave already at the first frame
 *     would cost more for frames that come one by one.
 *   - Transmit: the entry is added when the backend is full, and removed by the event
 *     for which it waits: vhl_poll_ask().
 *
 * On receive both states but ON mean that the work is queued, or that a run has begun
 * and has not come to vhl_poll_back(): every run comes there, or is followed by another
 * one, or leaves waiting_buffers set, and then a kick is what the queue waits for. On
 * transmit WOKEN means that the queue waits for room, AWAY that it does not. The wake
 * function changes the state under the wait queue's lock; a run changes WOKEN by
 * cmpxchg(), as the wake function does, and AWAY under that lock.
 * kmod/model/away.pml has receive for spin.
 */
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "caller.h"
#include "chain.h"
#include "trace.h"

/*
 * worker=caller: whether the work is done by the current task, in a turn. A kick of
 * io_uring's, marked so, may come in the task work that it waits for. Context:
 * poll_wake().
 */
static bool by_caller(struct vhl_poll *poll, void *key)
{
	struct vhl_vq *vq = poll->vq;

	if (!poll->is_kick)
		return vq->index == VHL_RX && vhl_caller_answer(&vq->work);
	/* The turn tests busyloop_us again, under vq->mutex. */
	return !READ_ONCE(vq->busyloop_us) && !(key_to_poll(key) & EPOLL_URING_WAKE) &&
	       vhl_caller_kick(&vq->work);
}

/*
 * A frame, or room in a backend that was full: whether to queue the work. Caller is
 * the wake function, which has the order of frame and state.
 */
static __always_inline bool poll_wakes(struct vhl_poll *poll)
{
	if (READ_ONCE(poll->state) == VHL_POLL_ON) {
		/* The work is queued after this, fully ordered: its run sees the state. */
		WRITE_ONCE(poll->state, VHL_POLL_WOKEN);
		return true;
	}
	/* Fails when a run has just made it ON: vhl_poll_back(). */
	if (cmpxchg(&poll->state, VHL_POLL_WOKEN, VHL_POLL_AWAY) != VHL_POLL_WOKEN) {
		WRITE_ONCE(poll->state, VHL_POLL_WOKEN);
		return true;
	}
	list_del_init(&poll->wait.entry);
	poll->vq->stats.leaves++;
	return poll->vq->index == VHL_TX;
}

/*
 * The wait queue entry's function; @caller is a constant at both uses, so that the
 * other threading models do not pay for worker=caller. Runs under the wait queue's
 * lock, possibly with interrupts disabled, in the context of the event: a task, a
 * softirq or a hard interrupt.
 *
 * Order. A kick: the guest publishes its index before it writes to the eventfd,
 * and vhl_work_queue() is fully ordered after that. A frame: the backend adds it
 * to its ring, executes the full barrier of skwq_has_sleeper(), and calls this,
 * which reads waiting_buffers after that barrier, or, from a macvtap, which has none,
 * after the one here. The queue clears waiting_buffers, executes a full barrier, and
 * reads the ring (rx.c). So either this sees that waiting_buffers is clear, or the
 * queue sees the frame. The same holds for the state of the poll, and for the lockless
 * test of skwq_has_sleeper().
 */
static __always_inline int poll_event(wait_queue_entry_t *wait, void *key, const bool caller)
{
	struct vhl_poll *poll = container_of(wait, struct vhl_poll, wait);
	struct vhl_vq *vq = poll->vq;

	if (!(key_to_poll(key) & poll->mask))
		return 0;
	if (poll->is_kick) {
		vq->stats.kicks++;
		trace_kick(vq);
	} else {
		smp_mb__after_spinlock(); /* the frame, then the flag; the queue's lock is held */
		/* A queue that waits for guest buffers cannot deliver the frame. */
		if (READ_ONCE(vq->waiting_buffers) || (poll->leaves && !poll_wakes(poll)))
			return 0;
	}
	if (caller && by_caller(poll, key))
		return 0;
	vhl_work_queue(vq->worker, &vq->work);
	return 0;
}

static int poll_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	return poll_event(wait, key, false);
}

static int poll_wake_caller(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	return poll_event(wait, key, true);
}

static void poll_register(struct file *file, wait_queue_head_t *wqh, poll_table *table)
{
	struct vhl_poll *poll = container_of(table, struct vhl_poll, table);
	bool stays = !poll->leaves || poll->vq->index == VHL_RX;

	poll->wqh = wqh;
	WRITE_ONCE(poll->state, stays ? VHL_POLL_ON : VHL_POLL_WOKEN);
	add_wait_queue(wqh, &poll->wait);
}

/* Takes the entry out of the wait queue, if it is there, and sets the state. */
static void poll_remove(struct vhl_poll *poll, enum vhl_poll_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&poll->wqh->lock, flags);
	list_del_init(&poll->wait.entry);
	WRITE_ONCE(poll->state, state);
	spin_unlock_irqrestore(&poll->wqh->lock, flags);
}

/* Initialises @poll for events @mask, when the device is opened. */
void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask, bool is_kick)
{
	init_waitqueue_func_entry(&poll->wait, poll_wake);
	INIT_LIST_HEAD(&poll->wait.entry);
	init_poll_funcptr(&poll->table, poll_register);
	poll->table._key = mask;
	poll->vq = vq;
	poll->mask = mask;
	poll->is_kick = is_kick;
	poll->wqh = NULL;
	poll->state = VHL_POLL_ON;
}

/* Asks for the state of @file, and with @table for its events, unless transmit has room. */
static __poll_t poll_ask(struct vhl_poll *poll, struct file *file, poll_table *table)
{
	__poll_t mask = vfs_poll(file, table);

	if (poll->leaves && poll->wqh && mask & EPOLLOUT && poll->vq->index == VHL_TX)
		poll_remove(poll, VHL_POLL_AWAY);
	return mask;
}

/*
 * Registers on @file, of which the caller holds a reference until
 * vhl_poll_stop(), and queues the work if the file is ready now. No event is lost:
 * an event before the registration leaves the file ready, and one after it calls
 * poll_wake(); the two are ordered by the wait queue's lock, or by the barrier of
 * sock_poll_wait() in the file's poll. Returns 0, or -EINVAL for a file in error.
 * Caller holds dev->mutex; vq->worker is set. Sleeps.
 */
int vhl_poll_start(struct vhl_poll *poll, struct file *file)
{
	__poll_t mask;

	if (poll->wqh)
		return 0;
	poll->wait.func = poll->vq->work.caller ? poll_wake_caller : poll_wake;
	poll->leaves = !poll->is_kick && vhl_by(poll->vq, VHL_IDEA_ONCE);
	mask = poll_ask(poll, file, &poll->table);
	if (mask & EPOLLERR) {
		vhl_poll_stop(poll);
		return -EINVAL;
	}
	if (mask & poll->mask)
		vhl_work_queue(poll->vq->worker, &poll->vq->work);
	return 0;
}

/*
 * Unregisters. No wake-up arrives after this; work queued before may still run.
 * Caller holds dev->mutex, or is the last user.
 */
void vhl_poll_stop(struct vhl_poll *poll)
{
	if (!poll->wqh)
		return;
	poll_remove(poll, VHL_POLL_ON);
	poll->wqh = NULL;
}

/*
 * vhl_poll_back() in the states but ON. Order: the frames without a wake-up came
 * before the state was changed, and those after it wake the queue. Both ways have a
 * full barrier, for the caller's look at the ring: it pairs with that of the backend
 * between the frame and its test for a waiter (poll_event()).
 */
bool __vhl_poll_back(struct vhl_poll *poll)
{
	unsigned long flags;

	if (likely(cmpxchg(&poll->state, VHL_POLL_WOKEN, VHL_POLL_ON) == VHL_POLL_WOKEN))
		return true;
	/* AWAY: nothing but this changes it. */
	spin_lock_irqsave(&poll->wqh->lock, flags);
	WRITE_ONCE(poll->state, VHL_POLL_ON);
	__add_wait_queue(poll->wqh, &poll->wait);
	spin_unlock_irqrestore(&poll->wqh->lock, flags);
	smp_mb(); /* the entry, then the ring */
	return true;
}

/*
 * The state of the backend @file of a transmit queue, which has said that it is full:
 * without EPOLLOUT its next event with that bit queues the work. Order: the entry is
 * added before the file looks for room, as in vhl_poll_start(). Caller holds
 * vq->mutex; may sleep.
 */
__poll_t vhl_poll_ask(struct vhl_poll *poll, struct file *file)
{
	return poll_ask(poll, file, READ_ONCE(poll->state) == VHL_POLL_AWAY ? &poll->table : NULL);
}

/*
 * How long to busy-poll, with poll_adapt.
 *
 * A poll that finds work saves the guest a kick and the worker a wake-up; a poll
 * that finds none only costs processor time. So the poll time adapts to the
 * results, between 0 and the time that is set (busyloop_us):
 *
 *   - A poll that finds work doubles the time of the next one. A poll that times
 *     out halves it; below 1/POLL_PARTS of the time set, polling stops.
 *   - A poll that ends because another task wants the processor does not change
 *     the time. It ends also for a task that was woken without preempting this one:
 *     that may be the guest whose work the poll waits for.
 *   - While polling is stopped, each wait for work is measured. A wait no longer
 *     than the time set (a short wait) would have been a hit, so it starts polling
 *     again, with the whole time. If that poll times out, work comes early only by
 *     chance or because there is no poll: the number of short waits that start the
 *     next poll doubles, up to POLL_RARE. A hit resets it.
 *
 * So a queue with long times between its work is not polled, whether it has little
 * or much work at a time; a queue whose guest makes no progress while it is polled
 * is polled rarely; and both are polled again soon after that has changed.
 */
#define POLL_PARTS 8
#define POLL_RARE  1024

static u64 poll_most(const struct vhl_vq *vq)
{
	return (u64)vq->busyloop_us * NSEC_PER_USEC;
}

static u64 poll_length(const struct vhl_vq *vq)
{
	u64 most = poll_most(vq);

	return vq->dev->knobs.poll_adapt ? min(vq->poll_time.ns, most) : most;
}

/*
 * Ends the measurement of a wait: work has come to a queue that was not polled.
 * Called when poll_time.asleep is set. Caller holds vq->mutex; does not sleep.
 */
void vhl_poll_waited(struct vhl_vq *vq)
{
	struct vhl_poll_time *t = &vq->poll_time;

	t->seen += local_clock() - t->asleep <= poll_most(vq);
	t->asleep = 0;
}

/* The time of the poll that begins now, in ns; 0 for none. */
static u64 poll_next(struct vhl_vq *vq)
{
	struct vhl_poll_time *t = &vq->poll_time;

	if (!vq->dev->knobs.poll_adapt)
		return poll_most(vq);
	/* The last wait was so short that the queue did not sleep. */
	if (t->asleep)
		vhl_poll_waited(vq);
	if (!t->ns && t->seen >= t->need)
		t->ns = poll_most(vq);
	if (!t->ns)
		t->asleep = local_clock();
	return poll_length(vq);
}

/* Adapts the poll time: a poll found work (@hit) or timed out. */
static void poll_learn(struct vhl_vq *vq, bool hit)
{
	struct vhl_poll_time *t = &vq->poll_time;
	u64 most = poll_most(vq);

	if (hit) {
		t->need = 0;
		t->ns = min(2 * t->ns, most);
		return;
	}
	t->ns /= 2;
	if (t->need || t->ns < most / POLL_PARTS) {
		t->ns = 0;
		t->seen = 0;
		t->need = clamp(2 * t->need, 1U, (u32)POLL_RARE);
	}
}

/* Whether the queue has work: above 0 if it has, 0 if not, or a negative errno. */
static int poll_look(struct vhl_vq *vq)
{
	if (vq->index == VHL_TX)
		return vhl_avail_pending(vq);
	/*
	 * ptr_ring_empty() takes the consumer's lock, as taking frames does:
	 * without it, a change of txqueuelen could free the array during the
	 * test. Producers use another lock.
	 */
	if (vq->ring)
		return !ptr_ring_empty(vq->ring);
	return !skb_queue_empty_lockless(&vq->sock->sk->sk_receive_queue);
}

/* Whether another task wants the processor or vq->mutex, or the device is being closed. */
static bool poll_gives_way(struct vhl_vq *vq)
{
	return need_resched() || signal_pending(current) || READ_ONCE(vq->wanted) ||
	       READ_ONCE(vq->dev->closing) || (vq->dev->knobs.poll_adapt && !single_task_running());
}

static void poll_end(struct vhl_vq *vq, bool hit)
{
	struct vhl_poll_time *t = &vq->poll_time;

	vq->stats.polls++;
	vq->stats.poll_hits += hit;
	trace_poll(vq, t->spins, hit);
	WRITE_ONCE(t->end, 0);
}

/*
 * Whether the transmit queue is being polled by the same worker: then the receive
 * queue is not polled itself. A guest that answers the frames it receives has a
 * poll of its transmit queue under way, interrupted by this run (VHL_POLL_LATER).
 * That poll serves both queues; its time restarts, since the guest may answer what
 * it has just received. Reads poll_time.end of the other queue without its mutex:
 * while frames flow it is changed only by this worker.
 */
static bool poll_by_other(struct vhl_vq *vq)
{
	struct vhl_vq *tx = &vq->dev->vqs[VHL_TX];

	if (vq == tx || tx->worker != vq->worker || !READ_ONCE(tx->poll_time.end))
		return false;
	WRITE_ONCE(tx->poll_time.restart, true);
	return true;
}

/*
 * Busy-polls an empty queue. Returns VHL_POLL_HIT when there is work; VHL_POLL_DRY
 * when the time is over, when another task wants the processor or vq->mutex, or
 * when the ring cannot be read. When other work is queued on the worker, the poll
 * of a receive queue ends; a transmit queue is queued behind that work and its
 * poll continues in the next run: VHL_POLL_LATER, and the caller leaves kicks
 * disabled. Caller is the queue's worker and holds vq->mutex; may sleep.
 */
enum vhl_polled vhl_busy_poll(struct vhl_vq *vq)
{
	struct vhl_poll_time *t = &vq->poll_time;
	int n;

	if (!vq->busyloop_us || poll_by_other(vq))
		return VHL_POLL_DRY;
	if (!t->end || READ_ONCE(t->restart)) {
		u64 ns = t->end ? poll_length(vq) : poll_next(vq);

		if (!ns) {
			vq->stats.poll_skips++;
			return VHL_POLL_DRY;
		}
		if (!t->end)
			t->spins = 0;
		WRITE_ONCE(t->restart, false);
		WRITE_ONCE(t->end, local_clock() + ns);
	}
	for (;;) {
		t->spins++;
		n = poll_look(vq);
		if (n)
			break;
		if (poll_gives_way(vq)) {
			vq->stats.poll_yields++;
			break;
		}
		if (local_clock() >= t->end) {
			poll_learn(vq, false);
			break;
		}
		if (vhl_worker_has_work(vq->worker)) {
			if (vq->index != VHL_TX)
				break;
			vhl_work_queue(vq->worker, &vq->work);
			return VHL_POLL_LATER;
		}
		cpu_relax();
	}
	if (n > 0)
		poll_learn(vq, true);
	poll_end(vq, n > 0);
	return n > 0 ? VHL_POLL_HIT : VHL_POLL_DRY;
}

/*
 * Called at the start of a run that continues a poll (VHL_POLL_LATER): work that
 * came meanwhile ends the poll. Caller holds vq->mutex; may sleep.
 */
void vhl_poll_resume(struct vhl_vq *vq)
{
	int n = poll_look(vq);

	if (n > 0)
		poll_learn(vq, true);
	if (n)
		poll_end(vq, n > 0);
}
