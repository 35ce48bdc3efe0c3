/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel as the module's ring code sees it on x86-64, in user space, at its speed: barriers,
 * locks and counts of pages are the kernel's instructions. Included before everything else; the
 * kernel's own headers are empty files, except those of its user interface. User memory is in
 * user.h; frames and sockets are in net.h.
 *
 * What differs from the kernel: no stac and clac around user memory (they need privilege), no
 * thunks for indirect calls and returns, no preemption count, and no tracepoints.
 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include "base.h"

/* As arch/x86: a locked add is the full barrier; loads and stores are each in order. */
#define barrier()		__asm__ __volatile__("" ::: "memory")
#define smp_mb()		__asm__ __volatile__("lock addl $0,-4(%%rsp)" ::: "memory", "cc")
#define smp_rmb()		barrier()
#define smp_wmb()		barrier()
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
#define cond_resched()		((void)0)
#define prefetch(p)		__builtin_prefetch(p)

/* No speculative index outside the array: 0 in its place, without a branch. */
static __always_inline unsigned long array_index_mask(unsigned long i, unsigned long n)
{
	unsigned long mask;

	__asm__ __volatile__("cmp %1,%2; sbb %0,%0" : "=r"(mask) : "erm"(n), "r"(i) : "cc");
	return mask;
}
#define array_index_nospec(i, n) ((__typeof__(i))((i)&array_index_mask(i, n)))

/* A kernel warning ends the measurement: server.c. */
void shim_bug(const char *what) __attribute__((noreturn));
#define WARN_ON_ONCE(x) (unlikely(x) ? shim_bug(#x), true : false)

/* Locks are not contended here; taking one is one locked instruction, as in the kernel. */
struct mutex {
	int held;
};
typedef struct {
	int held;
} spinlock_t;
static __always_inline void shim_lock(int *held)
{
	int none = 0;

	if (unlikely(!__atomic_compare_exchange_n(held, &none, 1, false, __ATOMIC_ACQUIRE,
						  __ATOMIC_RELAXED)))
		shim_bug("a lock that is held");
}
#define mutex_init(m)		     ((m)->held = 0)
#define mutex_lock(m)		     shim_lock(&(m)->held)
#define mutex_lock_killable(m)	     (shim_lock(&(m)->held), 0)
#define mutex_trylock(m)	     (shim_lock(&(m)->held), 1)
#define mutex_unlock(m)		     ((void)__atomic_exchange_n(&(m)->held, 0, __ATOMIC_RELEASE))
#define spin_lock_init(l)	     ((l)->held = 0)
#define spin_lock(l)		     shim_lock(&(l)->held)
#define spin_unlock(l)		     __atomic_store_n(&(l)->held, 0, __ATOMIC_RELEASE)
#define spin_lock_irqsave(l, f)	     (shim_lock(&(l)->held), (f) = 0)
#define spin_unlock_irqrestore(l, f) ((void)(f), spin_unlock(l))
#define refcount_set(r, v)	     ((r)->n = (v))
#define refcount_dec_and_test(r)     (--(r)->n == 0)
#define synchronize_rcu_tasks()	     barrier()
#define rcu_read_lock()		     barrier()
#define rcu_read_unlock()	     barrier()
#define synchronize_rcu()	     barrier()
/* Transmit by reference is not measured: nothing is ever waited for. */
#define wait_event(w, condition) \
	do { \
		if (!(condition)) \
			shim_bug("a wait"); \
	} while (0)
#define wait_event_killable_timeout(w, condition, time) \
	({ \
		wait_event(w, condition); \
		(long)(time); \
	})
static inline u64 get_cpu_idle_time_us(int cpu, u64 *wall)
{
	(void)cpu;
	(void)wall;
	return 0;
}

static inline u64 get_cpu_iowait_time_us(int cpu, u64 *wall)
{
	(void)cpu;
	(void)wall;
	return 0;
}

#include "user.h"
#include "net.h"

#endif /* SHIM_KERNEL_H */
