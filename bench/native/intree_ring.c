// SPDX-License-Identifier: GPL-2.0-only
/* The in-tree algorithm's half of a split ring: see intree.h. Compiled as kernel code. */
#include "intree.h"

/* Adds the segments of [gpa, gpa + len) at iov[at]. How many, or a negative errno. */
static int translate(struct tree_queue *q, u64 gpa, u32 len, unsigned int at)
{
	u64 done = 0;
	int n = 0;

	while (done < len) {
		struct interval_tree_node *node;
		struct tree_region *r;
		u64 size;

		if (at + n >= TREE_SEGS)
			return -ENOBUFS;
		node = interval_tree_iter_first(q->memory, gpa, gpa + len - 1);
		r = node ? container_of(node, struct tree_region, node) : NULL;
		if (!r || r->gpa > gpa)
			return -EFAULT;
		size = r->size - gpa + r->gpa;
		q->iov[at + n].iov_len = min((u64)len - done, size);
		q->iov[at + n].iov_base = (void __user *)(unsigned long)(r->hva + gpa - r->gpa);
		done += size;
		gpa += size;
		n++;
	}
	return n;
}

static int add(struct tree_queue *q, const struct vring_desc *d, unsigned int *out,
	       unsigned int *in)
{
	int n = translate(q, d->addr, d->len, *out + *in);

	if (unlikely(n < 0))
		return n;
	if (d->flags & VRING_DESC_F_WRITE) {
		*in += n;
	} else {
		if (unlikely(*in))
			return -EINVAL;
		*out += n;
	}
	return 0;
}

/* A chain in a table, read one descriptor after the other. */
static int add_table(struct tree_queue *q, const struct vring_desc *table, unsigned int *out,
		     unsigned int *in)
{
	unsigned int n = table->len / sizeof(struct vring_desc), at = *out + *in;
	const struct vring_desc __user *from;
	struct vring_desc d;
	int err;

	if (unlikely(!n || translate(q, table->addr, table->len, at) != 1))
		return -EINVAL;
	from = q->iov[at].iov_base;
	for (unsigned int i = 0; i < n; i++) {
		if (unlikely(!access_ok(from + i, sizeof(d)) || shim_copy(&d, from + i, sizeof(d))))
			return -EFAULT;
		err = add(q, &d, out, in);
		if (unlikely(err))
			return err;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return 0;
	}
	return -EINVAL;
}

int tree_next(struct tree_queue *q, unsigned int *out, unsigned int *in)
{
	unsigned int found = 0, i;
	struct vring_desc d;
	u16 head;
	int err;

	if (q->avail_idx == q->last_avail) {
		if (unlikely(__get_user(q->avail_idx, &q->avail->idx)))
			return -EFAULT;
		if (unlikely((u16)(q->avail_idx - q->last_avail) > q->num))
			return -EFAULT;
		if (q->avail_idx == q->last_avail)
			return q->num;
		/* The entries are read after the index that shows them. */
		smp_rmb();
	}
	if (unlikely(__get_user(head, &q->avail->ring[q->last_avail & (q->num - 1)])))
		return -EFAULT;
	if (unlikely(head >= q->num))
		return -EINVAL;
	*out = *in = 0;
	for (i = head;; i = d.next) {
		if (unlikely(i >= q->num || ++found > q->num))
			return -EINVAL;
		if (unlikely(shim_copy(&d, q->desc + i, sizeof(d))))
			return -EFAULT;
		err = d.flags & VRING_DESC_F_INDIRECT ? add_table(q, &d, out, in)
						      : add(q, &d, out, in);
		if (unlikely(err))
			return err;
		if (!(d.flags & VRING_DESC_F_NEXT) || d.flags & VRING_DESC_F_INDIRECT)
			break;
	}
	q->last_avail++;
	return head;
}

static bool call_wanted(struct tree_queue *q)
{
	bool valid = q->signalled_valid;
	u16 old = q->signalled, event, flags;

	/* The used index must be visible before the guest's setting is read. */
	smp_mb();
	if (!q->event_idx) {
		if (__get_user(flags, &q->avail->flags))
			return true;
		return !(flags & VRING_AVAIL_F_NO_INTERRUPT);
	}
	q->signalled = q->last_used;
	q->signalled_valid = true;
	if (unlikely(!valid) || __get_user(event, &q->avail->ring[q->num]))
		return true;
	return vring_need_event(event, q->last_used, old);
}

void tree_publish(struct tree_queue *q)
{
	unsigned int slot = q->last_used & (q->num - 1), n = q->done;
	unsigned int part = min(n, q->num - slot);

	if (!n)
		return;
	q->done = 0;
	shim_copy_always(&q->used->ring[slot], q->heads, part * sizeof(*q->heads));
	if (part < n)
		shim_copy_always(q->used->ring, q->heads + part, (n - part) * sizeof(*q->heads));
	/* The entries are written before the index that shows them. */
	smp_wmb();
	q->last_used += n;
	__put_user(q->last_used, &q->used->idx);
	if (call_wanted(q))
		eventfd_signal(&q->call, 1);
}

bool tree_notify_enable(struct tree_queue *q)
{
	u16 seen = q->avail_idx;

	if (!(q->used_flags & VRING_USED_F_NO_NOTIFY))
		return false;
	q->used_flags &= ~VRING_USED_F_NO_NOTIFY;
	if (q->event_idx)
		__put_user(q->avail_idx, (u16 __user *)&q->used->ring[q->num]);
	else
		__put_user(q->used_flags, &q->used->flags);
	/* The setting must be visible before the index is read again. */
	smp_mb();
	if (__get_user(q->avail_idx, &q->avail->idx))
		return false;
	/* Entries that were seen and are too few for a frame are no reason to go on. */
	return q->avail_idx != seen;
}

void tree_notify_disable(struct tree_queue *q)
{
	if (q->used_flags & VRING_USED_F_NO_NOTIFY)
		return;
	q->used_flags |= VRING_USED_F_NO_NOTIFY;
	if (!q->event_idx)
		__put_user(q->used_flags, &q->used->flags);
}
