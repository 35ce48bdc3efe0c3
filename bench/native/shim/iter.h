/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies through an iterator, for the tap and for the in-tree algorithm. Shorter than the kernel's,
 * which handle more kinds of memory: what goes through one costs less here than there.
 */
#ifndef SHIM_ITER_H
#define SHIM_ITER_H

/* Copies @n bytes between @buf and user memory, from where the iterator is. 0 or -EFAULT. */
static inline int shim_iter_copy(struct iov_iter *i, void *buf, size_t n, bool to_user)
{
	const struct iovec *iov = i->iov ? i->iov : &i->one;

	if (unlikely(n > i->count))
		return -EFAULT;
	i->count -= n;
	while (n) {
		size_t part;
		void *at;

		/* The iterator that has one buffer never gets here: its count ends first. */
		while (unlikely(i->off >= iov->iov_len)) {
			i->off -= iov->iov_len;
			i->iov = ++iov;
		}
		part = min(n, iov->iov_len - i->off);
		at = (u8 *)iov->iov_base + i->off;
		if (unlikely(!i->kernel && !access_ok(at, part)))
			return -EFAULT;
		if (to_user)
			shim_copy(at, buf, part);
		else
			shim_copy(buf, at, part);
		buf = (u8 *)buf + part;
		i->off += part;
		n -= part;
	}
	return 0;
}

#endif /* SHIM_ITER_H */
