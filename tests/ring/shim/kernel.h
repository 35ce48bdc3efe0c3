/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel interfaces that the module's ring code uses, in user space: what the native rig has as
 * well (base.h), and locks, which are uncontended: there is one thread. Included before everything
 * else; the kernel's own headers are empty files, except those of its user interface. User memory is
 * in user.h; frames and sockets are in net.h. They check what the rig's do at full speed, so they are
 * not the rig's. A kernel warning is a failed test here.
 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include "bench/native/shim/base.h"

#define array_index_nospec(i, n) ((i) < (n) ? (i) : 0)

/* One thread: an order of accesses cannot show here. */
#define smp_mb()	  __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()	  smp_mb()
#define smp_wmb()	  smp_mb()
#define cond_resched()	  ((void)0)
#define preempt_disable() ((void)0)
#define preempt_enable()  ((void)0)

/* fail: says what is wrong and aborts, for the sanitizers and the fuzzer to see. */
void fail(const char *what) __attribute__((noreturn));
#define WARN_ON_ONCE(x) ((x) ? fail(#x), true : false)

/* Locks, of which one thread needs none; work, which the test runs itself. */
struct mutex {
	int held;
};
typedef struct {
	int held;
} spinlock_t;
#define mutex_init(m)		     ((m)->held = 0)
#define mutex_lock(m)		     ((m)->held++)
#define mutex_lock_killable(m)	     ((m)->held++, 0)
#define mutex_trylock(m)	     ((m)->held++ == 0)
#define mutex_unlock(m)		     ((m)->held--)
#define spin_lock_init(l)	     ((l)->held = 0)
#define spin_lock(l)		     ((l)->held++)
#define spin_unlock(l)		     ((l)->held--)
#define spin_lock_irqsave(l, f)	     ((l)->held++, (f) = 0)
#define spin_unlock_irqrestore(l, f) ((void)(f), (l)->held--)
#define prefetch(p)		     ((void)(p))
#define smp_store_release(p, v)	     (*(p) = (v))
#define smp_load_acquire(p)	     (*(p))
#define refcount_set(r, v)	     ((r)->n = (v))
#define refcount_dec_and_test(r)     (--(r)->n == 0)
#define rcu_read_lock()		     smp_mb()
#define rcu_read_unlock()	     smp_mb()
#define synchronize_rcu()	     smp_mb()
#define synchronize_rcu_tasks()	     smp_mb()
/* Something else happens, which the test chooses; fails when nothing can any more: fuzz.c. */
void others_run(void);
#define wait_event(w, condition) \
	do { \
		while (!(condition)) \
			others_run(); \
	} while (0)
#define wait_event_killable_timeout(w, condition, time) \
	({ \
		wait_event(w, condition); \
		(long)(time); \
	})
u64 get_cpu_idle_time_us(int cpu, u64 *wall);
u64 get_cpu_iowait_time_us(int cpu, u64 *wall);

#include "net.h"
#include "user.h"

#endif /* SHIM_KERNEL_H */
