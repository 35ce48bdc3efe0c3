/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory: every access of the module's goes through user_load() or user_store() of client.c,
 * which know what the client has given to the device. A load may find memory that the guest has
 * just changed.
 */
#ifndef SHIM_USER_H
#define SHIM_USER_H

/* 0, or -EFAULT when the client has no memory there; aborts on an access that was not allowed. */
int user_load(void *to, const void *from, size_t n);
int user_store(void *to, const void *from, size_t n);
/* Whether [p, p + n) is in user space at all. */
bool user_space(const void *p, size_t n);

/* AddressSanitizer sees what the module's own compiler would instrument. */
#define should_fail_usercopy()				   false
#define instrument_copy_from_user_before(to, from, n)	   ((void)0)
#define instrument_copy_from_user_after(to, from, n, left) ((void)0)
#define instrument_copy_to_user(to, from, n)		   ((void)0)

#define barrier_nospec()	      ((void)0)
#define access_ok(p, n)		      user_space((const void *)(p), n)
#define user_read_access_begin(p, n)  access_ok(p, n)
#define user_write_access_begin(p, n) access_ok(p, n)
#define user_read_access_end()	      ((void)0)
#define user_write_access_end()	      ((void)0)

#define unsafe_get_user(x, p, label) \
	do { \
		__typeof__(((void)0, *(p))) v_; \
		if (user_load(&v_, p, sizeof(v_))) \
			goto label; \
		(x) = (__typeof__(x))v_; \
	} while (0)
#define unsafe_put_user(x, p, label) \
	do { \
		__typeof__(((void)0, *(p))) v_ = (x); \
		if (user_store(p, &v_, sizeof(v_))) \
			goto label; \
	} while (0)
#define __get_user(x, p) \
	({ \
		__typeof__(((void)0, *(p))) v_ = 0; \
		int err_ = user_load(&v_, p, sizeof(v_)); \
		(x) = v_; \
		err_; \
	})
#define get_user(x, p) (access_ok(p, sizeof(*(p))) ? __get_user(x, p) : -EFAULT)
#define put_user(x, p) \
	({ \
		__typeof__(((void)0, *(p))) v_ = (x); \
		access_ok(p, sizeof(v_)) ? user_store(p, &v_, sizeof(v_)) : -EFAULT; \
	})
/* 0: stored; 1: another value was there, now in *old; or -EFAULT. */
#define __try_cmpxchg_user(p, old, new, label) \
	({ \
		__typeof__(((void)0, *(p))) v_, new_ = (new); \
		int r_ = user_load(&v_, p, sizeof(v_)); \
		if (!r_ && v_ != *(old)) { \
			*(old) = v_; \
			r_ = 1; \
		} else if (!r_) { \
			r_ = user_store(p, &new_, sizeof(new_)); \
		} \
		r_; \
	})

/* As in the kernel: how many bytes were not copied. */
#define raw_copy_from_user(to, from, n) (user_load(to, from, n) ? (n) : 0)
#define raw_copy_to_user(to, from, n)	(user_store(to, from, n) ? (n) : 0)
#define copy_from_user(to, from, n)	(access_ok(from, n) ? raw_copy_from_user(to, from, n) : (n))
#define copy_to_user(to, from, n)	(access_ok(to, n) ? raw_copy_to_user(to, from, n) : (n))

#endif /* SHIM_USER_H */
