// SPDX-License-Identifier: GPL-2.0-only
/*
 * What wakes a queue: the guest's kick eventfd and the backend socket. A wait
 * stays registered while its file is set, so that waking costs one test when
 * the queue is already due; the eventfd's count is never read, only its
 * wake-ups are used.
 */
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <net/sock.h>

#include "vhostlab.h"
#include "trace.h"

/* Runs under the wait queue's lock, interrupts possibly off. */
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
 * vhl_poll_stop(), and runs the queue if the file is ready now. Returns
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
 * Spins until the queue has work, the busy-poll time is over, or somebody
 * else needs the CPU or this worker. Returns whether work came. Caller holds
 * vq->mutex.
 */
bool vhl_busy_poll(struct vhl_vq *vq)
{
	u64 us = vq->busyloop_us;
	unsigned int spins = 0;
	bool hit;
	int n;
	u64 end;

	if (!us)
		return false;
	end = local_clock() + us * NSEC_PER_USEC;
	do {
		spins++;
		if (vq->index == VHL_TX)
			n = vhl_avail_pending(vq);
		else if (vq->ring)
			n = !__ptr_ring_empty(vq->ring);
		else
			n = !skb_queue_empty_lockless(&vq->sock->sk->sk_receive_queue);
		if (n || need_resched() || signal_pending(current) ||
		    vhl_worker_has_work(vq->worker))
			break;
		cpu_relax();
	} while (local_clock() < end);
	hit = n > 0;

	vq->stats.polls++;
	vq->stats.poll_hits += hit;
	trace_poll(vq, spins, hit);
	return hit;
}
