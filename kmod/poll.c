// SPDX-License-Identifier: GPL-2.0-only
/*
 * What wakes a queue: the guest's kick eventfd and the backend socket. A wait
 * stays registered while its file is set, so that waking costs one test when
 * the queue is already due; the eventfd's count is never read, only its
 * wake-ups are used.
 */
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "chain.h"
#include "trace.h"

/*
 * Runs under the wait queue's lock, interrupts possibly off, in the context of
 * whatever made the event: a task, a softirq, a hard interrupt.
 *
 * Order. A kick: the guest has published its index before it writes to the
 * eventfd, and vhl_work_queue() is fully ordered after that. A frame: the
 * backend puts it into its ring, has a full barrier in its test for sleepers
 * (skwq_has_sleeper()), and calls this; waiting_buffers is read after that
 * barrier. The queue clears waiting_buffers, has a full barrier, and looks into
 * the ring (rx.c). So either this sees that frames are wanted, or the queue sees
 * the frame.
 */
static int poll_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vhl_poll *poll = container_of(wait, struct vhl_poll, wait);
	struct vhl_vq *vq = poll->vq;

	if (!(key_to_poll(key) & poll->mask))
		return 0;
	if (poll->is_kick) {
		vq->stats.kicks++;
		trace_kick(vq);
	} else if (READ_ONCE(vq->waiting_buffers)) {
		/* A frame cannot help a queue that lacks guest buffers. */
		return 0;
	}
	vhl_work_queue(vq->worker, &vq->work);
	return 0;
}

static void poll_register(struct file *file, wait_queue_head_t *wqh, poll_table *table)
{
	struct vhl_poll *poll = container_of(table, struct vhl_poll, table);

	poll->wqh = wqh;
	add_wait_queue(wqh, &poll->wait);
}

void vhl_poll_init(struct vhl_poll *poll, struct vhl_vq *vq, __poll_t mask, bool is_kick)
{
	init_waitqueue_func_entry(&poll->wait, poll_wake);
	init_poll_funcptr(&poll->table, poll_register);
	poll->table._key = mask;
	poll->vq = vq;
	poll->mask = mask;
	poll->is_kick = is_kick;
	poll->wqh = NULL;
}

/*
 * Registers on @file, of which the caller holds a reference until
 * vhl_poll_stop(), and runs the queue if the file is ready now: an event comes
 * either before the registration, and the file is ready after it, or after it
 * (both are under the wait queue's lock, or the file's poll has the barrier of
 * sock_poll_wait()), and then poll_wake() is called. Returns
 * -EINVAL for a file in error. Caller holds dev->mutex; vq->worker is set.
 */
int vhl_poll_start(struct vhl_poll *poll, struct file *file)
{
	__poll_t mask;

	if (poll->wqh)
		return 0;
	mask = vfs_poll(file, &poll->table);
	if (mask & EPOLLERR) {
		vhl_poll_stop(poll);
		return -EINVAL;
	}
	if (mask & poll->mask)
		vhl_work_queue(poll->vq->worker, &poll->vq->work);
	return 0;
}

/* After this no wake-up arrives any more; work queued before may still run. */
void vhl_poll_stop(struct vhl_poll *poll)
{
	if (!poll->wqh)
		return;
	remove_wait_queue(poll->wqh, &poll->wait);
	poll->wqh = NULL;
}

/*
 * How long to poll, with poll_adapt.
 *
 * A poll that finds work spares the guest a kick and the worker a wake-up; one
 * that finds none only takes the processor. So the time follows what came of it,
 * between nothing and the time that is set:
 *
 *   - A poll that finds work doubles the time of the next; one that runs out
 *     halves it, and below a part of the time set there are none any more.
 *   - A poll that ends because another task wants the processor says nothing
 *     about this queue. It goes to what wants it, also to a task that was woken
 *     without a claim to run at once: that may be the guest whose work is waited
 *     for.
 *   - While there are none, each wait for work is measured. One no longer than
 *     the time set would have been a hit: it brings a poll of that whole time.
 *     Should that run out nevertheless, then work comes soon only because
 *     there is no poll, or by chance: after twice as many such waits the next one
 *     follows, up to POLL_RARE. A hit makes it one again.
 *
 * So a queue whose work is far apart is not polled, whether it has little work
 * or much at a time; one where polling keeps the work from coming hardly ever;
 * and either is polled again soon after that has changed.
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
 * Work has come to a queue that was not polled: how long did that take? Called
 * when poll_time.asleep is set. Caller holds vq->mutex.
 */
void vhl_poll_waited(struct vhl_vq *vq)
{
	struct vhl_poll_time *t = &vq->poll_time;

	t->seen += local_clock() - t->asleep <= poll_most(vq);
	t->asleep = 0;
}

/* The time of the next poll in ns, 0 for none. */
static u64 poll_next(struct vhl_vq *vq)
{
	struct vhl_poll_time *t = &vq->poll_time;

	if (!vq->dev->knobs.poll_adapt)
		return poll_most(vq);
	/* It came before the queue had gone to sleep. */
	if (t->asleep)
		vhl_poll_waited(vq);
	if (!t->ns && t->seen >= t->need)
		t->ns = poll_most(vq);
	if (!t->ns)
		t->asleep = local_clock();
	return poll_length(vq);
}

/* A poll found work, or it ran out. */
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

/* What the queue would do next, if there were any: above 0 if there is. */
static int poll_look(struct vhl_vq *vq)
{
	if (vq->index == VHL_TX)
		return vhl_avail_pending(vq);
	/*
	 * Under the consumer's lock, which the caller's own takes hold as well:
	 * without it a change of txqueuelen frees the array that is looked at.
	 * Producers have another lock.
	 */
	if (vq->ring)
		return !ptr_ring_empty(vq->ring);
	return !skb_queue_empty_lockless(&vq->sock->sk->sk_receive_queue);
}

/* Whether the processor, or the queue, is to go to another task. */
static bool poll_gives_way(struct vhl_vq *vq)
{
	return need_resched() || signal_pending(current) || READ_ONCE(vq->wanted) ||
	       (vq->dev->knobs.poll_adapt && !single_task_running());
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
 * A guest that answers what it receives is one whose transmit queue is polled
 * while it is given frames. That poll was put off, not ended: it goes on for
 * both queues, from now on, as what was received may be answered. Reads what
 * is the other queue's; their worker is the only one that changes it while
 * frames flow.
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
 * Spins until the queue has work (VHL_POLL_HIT) or the busy-poll time is over
 * or another task needs the processor or the queue (VHL_POLL_DRY). When something else is
 * queued on the worker, a receive queue is left to that; a transmit queue is
 * queued behind it, and its poll goes on when its turn comes: until then the
 * caller asks for no kicks (VHL_POLL_LATER). Caller holds vq->mutex.
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
 * A queue whose poll was put off has its turn: work that came meanwhile ends
 * the poll. Caller holds vq->mutex.
 */
void vhl_poll_resume(struct vhl_vq *vq)
{
	int n = poll_look(vq);

	if (n > 0)
		poll_learn(vq, true);
	if (n)
		poll_end(vq, n > 0);
}
