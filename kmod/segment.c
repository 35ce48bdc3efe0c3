// SPDX-License-Identifier: GPL-2.0-only
/* Segments: guest addresses translated to the owner's memory. See segment.h. */
#include "segment.h"
#include "user.h"

/*
 * Reports the rule for error @err of vhl_translate(), except for -EAGAIN, which the
 * client's answer ends. Returns @err. Caller holds vq->mutex; does not sleep.
 */
int vhl_untranslated(struct vhl_vq *vq, int err)
{
	switch (err) {
	case -EAGAIN:
		/* The same entries are read again when the answer comes. */
		break;
	case -ENOBUFS:
		vhl_rule_broken(vq, VHL_RULE_SEGMENTS);
		break;
	case -EPERM:
		vhl_rule_broken(vq, VHL_RULE_PERMISSION);
		break;
	default:
		vhl_rule_broken(vq, VHL_RULE_UNMAPPED);
		break;
	}
	return err;
}

/*
 * Reads @len bytes of guest memory at @gpa. Returns 0, or an error of
 * vhl_translate() or -EFAULT, which the caller reports. Caller holds vq->mutex; may
 * sleep.
 */
int vhl_guest_read(struct vhl_vq *vq, void *dst, u64 gpa, u32 len)
{
	struct iovec iov[4];
	u64 at[4];
	int n, i;

	n = vhl_translate(vq, gpa, len, false, iov, at, ARRAY_SIZE(iov));
	for (i = 0; i < n; i++) {
		if (vhl_copy_in(dst, iov[i].iov_base, iov[i].iov_len))
			return -EFAULT;
		dst += iov[i].iov_len;
	}
	return n < 0 ? n : 0;
}

/* __vhl_segment_add(), not inlined. */
int vhl_segment_add(struct vhl_vq *vq, unsigned int first, struct vhl_chain *c, u64 gpa, u32 len,
		    u16 flags)
{
	return __vhl_segment_add(vq, first, c, gpa, len, flags);
}
