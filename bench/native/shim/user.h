/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory, as x86-64 reaches it: the check of the address, then plain loads and stores. A
 * window (user_access_begin()) and a single load without a check of its own begin with an lfence,
 * so that nothing is read speculatively beyond the check; a load with a check masks the address
 * instead, and a store or a copy of a range needs neither. An lfence waits for all loads before it,
 * which is what keeps cache misses from overlapping: it must be where the kernel has it.
 */
#ifndef SHIM_USER_H
#define SHIM_USER_H

#define should_fail_usercopy()				   false
#define instrument_copy_from_user_before(to, from, n)	   ((void)0)
#define instrument_copy_from_user_after(to, from, n, left) ((void)0)
#define instrument_copy_to_user(to, from, n)		   ((void)0)

static __always_inline void barrier_nospec(void)
{
	__asm__ __volatile__("lfence" ::: "memory");
}

#define USER_TOP ((1UL << 47) - PAGE_SIZE)
static __always_inline bool access_ok(const volatile void *p, size_t n)
{
	return likely(n <= USER_TOP && (unsigned long)p <= USER_TOP - n);
}
static __always_inline bool user_access_begin(const volatile void *p, size_t n)
{
	if (!access_ok(p, n))
		return false;
	barrier_nospec();
	return true;
}
#define user_read_access_begin(p, n)  user_access_begin(p, n)
#define user_write_access_begin(p, n) user_access_begin(p, n)
#define user_read_access_end()	      barrier()
#define user_write_access_end()	      barrier()

/* There are no faults: all memory is there. The label is used as the kernel's would be. */
#define unsafe_get_user(x, p, label) \
	do { \
		if (0) \
			goto label; \
		(x) = (__typeof__(((void)0, *(p))))READ_ONCE(*(p)); \
	} while (0)
#define unsafe_put_user(x, p, label) \
	do { \
		if (0) \
			goto label; \
		WRITE_ONCE(*(p), x); \
	} while (0)
#define __get_user(x, p) \
	({ \
		barrier_nospec(); \
		(x) = (__typeof__(((void)0, *(p))))READ_ONCE(*(p)); \
		0; \
	})
#define __put_user(x, p) \
	({ \
		WRITE_ONCE(*(p), x); \
		0; \
	})
#define get_user(x, p) \
	({ \
		__typeof__(p) p_ = (p); \
		p_ = (__typeof__(p))((unsigned long)p_ & \
				     array_index_mask((unsigned long)p_, USER_TOP)); \
		(x) = (__typeof__(((void)0, *(p))))READ_ONCE(*p_); \
		0; \
	})
#define put_user(x, p) \
	({ \
		__typeof__(p) p_ = (p); \
		int err_ = -EFAULT; \
		if (access_ok(p_, sizeof(*p_))) { \
			WRITE_ONCE(*p_, x); \
			err_ = 0; \
		} \
		err_; \
	})
/* 0: stored; 1: another value was there, now in *old. Only the dirty log uses it. */
#define __try_cmpxchg_user(p, old, new, label) \
	(!__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))

/*
 * A copy as the kernel's copy_user_generic(): words, then bytes; on a processor with fast string
 * operations (shim_erms), one string operation from 64 bytes on. Returns 0: nothing is left.
 */
extern bool shim_erms;
static inline unsigned long shim_copy_always(void *to, const void *from, unsigned long n)
{
	unsigned long words = n / 8, rest = n % 8;

	if (likely(shim_erms) && n >= 64) {
		__asm__ __volatile__("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
		return 0;
	}
	for (; words; words--, to = (u64 *)to + 1, from = (const u64 *)from + 1)
		WRITE_ONCE(*(u64 *)to, READ_ONCE(*(const u64 *)from));
	for (; rest; rest--, to = (u8 *)to + 1, from = (const u8 *)from + 1)
		WRITE_ONCE(*(u8 *)to, READ_ONCE(*(const u8 *)from));
	return 0;
}

/* Knob copy=0: copies of more than 16 bytes, a descriptor of a table, are of frames: left out. */
extern bool shim_copies;
#define SHIM_LEAST_FRAME 16
static inline unsigned long shim_copy(void *to, const void *from, unsigned long n)
{
	if (unlikely(!shim_copies) && n > SHIM_LEAST_FRAME)
		return 0;
	return shim_copy_always(to, from, n);
}
#define raw_copy_from_user(to, from, n) shim_copy(to, from, n)
#define raw_copy_to_user(to, from, n)	shim_copy(to, from, n)
#define copy_from_user(to, from, n) \
	(access_ok(from, n) ? (barrier_nospec(), shim_copy(to, from, n)) : (n))
#define copy_to_user(to, from, n) (access_ok(to, n) ? shim_copy(to, from, n) : (n))

#endif /* SHIM_USER_H */
