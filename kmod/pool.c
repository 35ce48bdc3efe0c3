// SPDX-License-Identifier: GPL-2.0-only
/* Which worker serves which queue: the threading models of worker.h. */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "vhostlab.h"

/* Workers that all devices share, made by the first that needs one. */
static DEFINE_MUTEX(pool_lock);
static struct vhl_worker *the_item;
static struct vhl_worker **threads;
static unsigned int n_threads;

/* The same worker for everybody, as the seed of all this had it. */
static struct vhl_worker *item_get(void)
{
	if (!the_item) {
		struct vhl_worker *worker = vhl_worker_workqueue();

		if (IS_ERR(worker))
			return worker;
		the_item = worker;
	}
	the_item->users++;
	return the_item;
}

static int threads_start(u32 poll_us)
{
	unsigned int n = num_online_cpus();

	threads = kcalloc(n, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	for (n_threads = 0; n_threads < n; n_threads++) {
		struct vhl_worker *worker = vhl_worker_thread("shared/", n_threads, false);

		if (IS_ERR(worker)) {
			while (n_threads)
				vhl_worker_free(threads[--n_threads]);
			kfree(threads);
			threads = NULL;
			return PTR_ERR(worker);
		}
		worker->poll_us = poll_us;
		threads[n_threads] = worker;
	}
	return 0;
}

/* The thread with the fewest devices. */
static struct vhl_worker *thread_get(u32 poll_us)
{
	struct vhl_worker *best;
	unsigned int i;
	int err;

	err = threads ? 0 : threads_start(poll_us);
	if (err)
		return ERR_PTR(err);
	best = threads[0];
	for (i = 1; i < n_threads; i++)
		if (threads[i]->users < best->users)
			best = threads[i];
	best->users++;
	return best;
}

/* The last device of a shared worker takes all of its kind with it. */
static void shared_put(struct vhl_worker *worker)
{
	unsigned int i, users = 0;

	worker->users--;
	if (worker == the_item) {
		if (!worker->users) {
			vhl_worker_free(worker);
			the_item = NULL;
		}
		return;
	}
	for (i = 0; i < n_threads; i++)
		users += threads[i]->users;
	if (users)
		return;
	while (n_threads)
		vhl_worker_free(threads[--n_threads]);
	kfree(threads);
	threads = NULL;
}

static bool is_shared(const struct vhl_dev *dev)
{
	return dev->knobs.worker == VHL_WORKER_WORKQUEUE || dev->knobs.worker == VHL_WORKER_SHARED;
}

static struct vhl_worker *worker_get(struct vhl_dev *dev)
{
	struct vhl_worker *worker;

	if (is_shared(dev)) {
		mutex_lock(&pool_lock);
		worker = dev->knobs.worker == VHL_WORKER_SHARED
				 ? thread_get(dev->knobs.shared_poll_us)
				 : item_get();
		mutex_unlock(&pool_lock);
	} else {
		worker = vhl_worker_thread("", current->pid, true);
	}
	/* Of a shared one the last device decides. */
	if (!IS_ERR(worker))
		worker->yields = !(dev->knobs.without & BIT(VHL_IDEA_YIELD));
	return worker;
}

/*
 * Starts or finds the workers dev->knobs.worker asks for. Caller is the owner
 * and holds dev->mutex; dev->mm is set. Sleeps. Returns 0 or a negative errno
 * with nothing left behind.
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
	}
	return 0;
}

/*
 * Ends or gives back the workers. Nothing may queue work any more: all polls
 * are stopped. Caller holds dev->mutex or is the last user. Sleeps.
 */
void vhl_workers_stop(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		dev->vqs[i].worker = NULL;
	for (i = 0; i < VHL_NVQS; i++) {
		if (!dev->workers[i])
			continue;
		if (is_shared(dev)) {
			mutex_lock(&pool_lock);
			shared_put(dev->workers[i]);
			mutex_unlock(&pool_lock);
		} else {
			vhl_worker_free(dev->workers[i]);
		}
		dev->workers[i] = NULL;
	}
}

/*
 * Waits until all work queued before the call has run, and nobody is in the
 * owner's address space any more. Sleeps.
 */
void vhl_workers_flush(struct vhl_dev *dev)
{
	int i;

	for (i = 0; i < VHL_NVQS; i++)
		if (dev->workers[i])
			vhl_worker_flush(dev->workers[i]);
}
