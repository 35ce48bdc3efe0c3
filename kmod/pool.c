// SPDX-License-Identifier: GPL-2.0-only
/* Assigns workers to queues, by the threading models of worker.h. */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "vhostlab.h"
#include "caller.h"

/*
 * The workers that all devices share, one per processor; created for the first
 * device that needs one. pool_lock covers the pool and vhl_worker.users.
 */
static DEFINE_MUTEX(pool_lock);
static struct vhl_worker **pool;
static unsigned int n_pool;

static void pool_stop(void)
{
	while (n_pool)
		vhl_worker_free(pool[--n_pool]);
	kfree(pool);
	pool = NULL;
}

static int pool_start(u32 poll_us)
{
	unsigned int n = num_online_cpus();

	pool = kcalloc(n, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	while (n_pool < n) {
		struct vhl_worker *worker = vhl_worker_shared(n_pool, poll_us);

		if (IS_ERR(worker)) {
			pool_stop();
			return PTR_ERR(worker);
		}
		pool[n_pool++] = worker;
	}
	return 0;
}

/* Returns the worker with the fewest devices, or an error pointer. Sleeps. */
static struct vhl_worker *pool_get(u32 poll_us)
{
	struct vhl_worker *best;
	unsigned int i;
	int err;

	mutex_lock(&pool_lock);
	err = pool ? 0 : pool_start(poll_us);
	if (err) {
		mutex_unlock(&pool_lock);
		return ERR_PTR(err);
	}
	best = pool[0];
	for (i = 1; i < n_pool; i++)
		if (pool[i]->users < best->users)
			best = pool[i];
	best->users++;
	mutex_unlock(&pool_lock);
	return best;
}

/* Gives a worker back. The last device frees the pool, whose workers are idle. Sleeps. */
static void pool_put(struct vhl_worker *worker)
{
	unsigned int i, users = 0;

	mutex_lock(&pool_lock);
	worker->users--;
	for (i = 0; i < n_pool; i++)
		users += pool[i]->users;
	if (!users)
		pool_stop();
	mutex_unlock(&pool_lock);
}

static struct vhl_worker *worker_get(struct vhl_dev *dev)
{
	struct vhl_worker *worker;

	switch (dev->knobs.worker) {
	case VHL_WORKER_SHARED:
		worker = pool_get(dev->knobs.shared_poll_us);
		break;
	case VHL_WORKER_WORKQUEUE:
		worker = vhl_worker_workqueue();
		break;
	default:
		worker = vhl_worker_thread(dev->knobs.charge);
		break;
	}
	/* A shared worker has the setting of the device that came last. */
	if (!IS_ERR(worker))
		worker->yields = !(dev->knobs.without & BIT(VHL_IDEA_YIELD));
	return worker;
}

/*
 * Creates or selects the workers for dev->knobs.worker and assigns them to the
 * queues. Caller is the owner and holds dev->mutex; dev->mm is set. Sleeps. Returns
 * 0, or a negative errno after undoing everything.
 */
int vhl_workers_start(struct vhl_dev *dev)
{
	int n = dev->knobs.worker == VHL_WORKER_QUEUE ? VHL_NVQS : 1;
	int i;

	for (i = 0; i < n; i++) {
		struct vhl_worker *worker = worker_get(dev);

		if (IS_ERR(worker)) {
			vhl_workers_stop(dev);
			return PTR_ERR(worker);
		}
		dev->workers[i] = worker;
	}
	for (i = 0; i < VHL_NVQS; i++) {
		dev->vqs[i].worker = dev->workers[i % n];
		dev->vqs[i].work.mm = dev->mm;
		vhl_coverage_init(&dev->vqs[i].work.coverage);
	}
	for (i = 0; dev->knobs.worker == VHL_WORKER_CALLER && i < VHL_NVQS; i++) {
		int err = vhl_caller_start(dev->vqs[i].worker, &dev->vqs[i].work);

		if (err) {
			vhl_workers_stop(dev);
			return err;
		}
	}
	return 0;
}

/*
 * Frees the workers, or gives them back to the pool. Nothing may queue work any
 * more: all polls are stopped. Caller holds dev->mutex or is the last user. Sleeps.
 */
void vhl_workers_stop(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		vhl_caller_stop(&dev->vqs[i].work);
		dev->vqs[i].worker = NULL;
	}
	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_worker *worker = dev->workers[i];

		if (!worker)
			continue;
		if (worker->kind == VHL_POOLED)
			pool_put(worker);
		else
			vhl_worker_free(worker);
		dev->workers[i] = NULL;
	}
	/*
	 * A thread that was killed with its owner did not run its list. The bit
	 * would make the next worker wait for ever for that work.
	 */
	for (i = 0; i < VHL_NVQS; i++)
		clear_bit(VHL_WORK_QUEUED, &dev->vqs[i].work.flags);
}

/*
 * Ends the sleeps of runs on the owner's memory: see vhl_work_abandon(). The caller
 * has set dev->closing, and holds dev->mutex or is the last user. Does not sleep.
 */
void vhl_workers_abandon(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		if (dev->vqs[i].worker)
			vhl_work_abandon(dev->vqs[i].worker, &dev->vqs[i].work);
}

/*
 * Waits until no work of the device is queued or in a run; nothing may queue
 * any more. Caller as above; sleeps.
 */
void vhl_workers_flush(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++) {
		struct vhl_work *work = &dev->vqs[i].work;

		if (!dev->vqs[i].worker)
			continue;
		vhl_caller_take(work);
		vhl_work_flush(dev->vqs[i].worker, work);
		vhl_caller_flushed(work);
	}
}
