/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to the owner's memory from the packet path. Every address is checked
 * here, at each access, but for __vhl_copy_in(); every value is read once. All
 * functions run in the owner's mm (in the worker, or in an ioctl of the owner), may
 * sleep on a page fault, and return 0 or -EFAULT. None orders its accesses: the
 * caller has the barriers.
 */
#ifndef VHOSTLAB_USER_H
#define VHOSTLAB_USER_H

#include <linux/fault-inject-usercopy.h>
#include <linux/instrumented.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

/*
 * user_read_access_begin() and user_write_access_begin(), and put_user(), for the
 * accesses that are no copies. The kernel has faults on demand for copies alone; with
 * these, the error path of any access can be tried. Macros: a kernel without such faults
 * has the same code as if they were not there.
 */
#define vhl_read_begin(src, n)	(!should_fail_usercopy() && user_read_access_begin(src, n))
#define vhl_write_begin(dst, n) (!should_fail_usercopy() && user_write_access_begin(dst, n))
#define vhl_put_user(v, dst)	(unlikely(should_fail_usercopy()) ? -EFAULT : put_user(v, dst))

/*
 * vhl_copy_in() from a segment whose region access_ok() has checked, and behind a barrier
 * against speculation, which a user access window begins with: gather.c.
 */
static inline int __vhl_copy_in(void *dst, const void __user *src, size_t n)
{
	unsigned long left;

	if (unlikely(should_fail_usercopy()))
		return -EFAULT;
	instrument_copy_from_user_before(dst, src, n);
	left = raw_copy_from_user(dst, src, n);
	instrument_copy_from_user_after(dst, src, n, left);
	return unlikely(left) ? -EFAULT : 0;
}

/*
 * Copy @n bytes to and from buffers of this module, whose size the caller has
 * checked. They omit the object-size check that copy_from_user() does for lengths
 * known only at run time: the packet path has just allocated the buffer itself.
 * Sanitizers see the access to the buffer, and faults on demand end it; a kernel
 * without these has no code for either.
 */
static inline int vhl_copy_in(void *dst, const void __user *src, size_t n)
{
	if (unlikely(!access_ok(src, n)))
		return -EFAULT;
	/* A guest's descriptor chose the address, and what is read may choose the next one. */
	barrier_nospec();
	return __vhl_copy_in(dst, src, n);
}

static inline int vhl_copy_out(void __user *dst, const void *src, size_t n)
{
	if (unlikely(!access_ok(dst, n) || should_fail_usercopy()))
		return -EFAULT;
	instrument_copy_to_user(dst, src, n);
	return unlikely(raw_copy_to_user(dst, src, n)) ? -EFAULT : 0;
}

/* Reads @n consecutive 16-bit fields of a ring. */
static inline int vhl_read16n(__virtio16 *dst, const __virtio16 __user *src, unsigned int n)
{
	unsigned int i;

	if (unlikely(!vhl_read_begin(src, n * sizeof(*src))))
		return -EFAULT;
	for (i = 0; i < n; i++)
		unsafe_get_user(dst[i], &src[i], fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Reads a descriptor of a split ring. */
static inline int vhl_read_desc(struct vring_desc *dst, const struct vring_desc __user *src)
{
	if (unlikely(!vhl_read_begin(src, sizeof(*src))))
		return -EFAULT;
	unsafe_get_user(dst->addr, &src->addr, fault);
	unsafe_get_user(dst->len, &src->len, fault);
	unsafe_get_user(dst->flags, &src->flags, fault);
	unsafe_get_user(dst->next, &src->next, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Reads a virtio-net header that lies in one segment, with two loads. */
static __always_inline int vhl_read_hdr(struct virtio_net_hdr *dst, const void __user *src)
{
	u64 head;
	u16 tail;

	BUILD_BUG_ON(sizeof(*dst) != sizeof(head) + sizeof(tail));
	if (unlikely(!vhl_read_begin(src, sizeof(*dst))))
		return -EFAULT;
	unsafe_get_user(head, (const u64 __user *)src, fault);
	unsafe_get_user(tail, (const u16 __user *)(src + sizeof(head)), fault);
	user_read_access_end();
	memcpy(dst, &head, sizeof(head));
	memcpy((void *)dst + sizeof(head), &tail, sizeof(tail));
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* Writes a virtio-net header that lies in one segment, with two stores. */
static inline int vhl_write_hdr(void __user *dst, const struct virtio_net_hdr_mrg_rxbuf *src)
{
	u64 head;
	u32 tail;

	BUILD_BUG_ON(sizeof(*src) != sizeof(head) + sizeof(tail));
	memcpy(&head, src, sizeof(head));
	memcpy(&tail, (const void *)src + sizeof(head), sizeof(tail));
	if (unlikely(!vhl_write_begin(dst, sizeof(*src))))
		return -EFAULT;
	unsafe_put_user(head, (u64 __user *)dst, fault);
	unsafe_put_user(tail, (u32 __user *)(dst + sizeof(head)), fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/* Writes @n consecutive used entries. */
static inline int vhl_write_used(struct vring_used_elem __user *dst,
				 const struct vring_used_elem *src, unsigned int n)
{
	unsigned int i;

	if (unlikely(!vhl_write_begin(dst, n * sizeof(*dst))))
		return -EFAULT;
	for (i = 0; i < n; i++) {
		unsafe_put_user(src[i].id, &dst[i].id, fault);
		unsafe_put_user(src[i].len, &dst[i].len, fault);
	}
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* VHOSTLAB_USER_H */
