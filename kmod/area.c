// SPDX-License-Identifier: GPL-2.0-only
/*
 * The areas of a virtqueue: their sizes, access to them through the IOTLB, and
 * marking them in the dirty log. Everything here runs under vq->mutex, in the
 * owner's mm.
 */
#include <linux/uaccess.h>

#include "area.h"
#include "log.h"
#include "user.h"

/* The access that the device needs to an area; it reads and writes a packed ring. */
static u8 area_perm(const struct vhl_vq *vq, enum vhl_area area)
{
	if (area == VHL_USED)
		return VHOST_ACCESS_WO;
	return area == VHL_DESC && vq->packed ? VHOST_ACCESS_RW : VHOST_ACCESS_RO;
}

/*
 * The user address of byte @off of an area, or an error of vhl_iotlb_find(). *len
 * is reduced to what is contiguous there.
 */
static void __user *area_at(struct vhl_vq *vq, enum vhl_area area, size_t off, size_t *len)
{
	u64 iova = (unsigned long)vq->area[area] + off;
	const struct vhl_region *r = vq->area_last[area];

	if (!r || iova - r->gpa >= r->size) {
		r = vhl_iotlb_find(vq, iova, area_perm(vq, area));
		if (IS_ERR(r))
			return (__force void __user *)ERR_CAST(r);
		vq->area_last[area] = r;
	}
	*len = min_t(u64, *len, r->size - (iova - r->gpa));
	return (void __user *)(unsigned long)(r->hva + (iova - r->gpa));
}

/*
 * Checks that the IOTLB translates the areas completely, so that no access to
 * them lacks a translation until vq->mutex is released. Returns 0, -EAGAIN after
 * a miss was sent to the client, or -EPERM. Does not sleep.
 */
int vhl_area_ready(struct vhl_vq *vq)
{
	enum vhl_area area;
	size_t off, len;

	if (vq->area_ok)
		return 0;
	for (area = 0; area < VHL_NAREAS; area++) {
		for (off = 0; off < vhl_area_size(vq, area); off += len) {
			void __user *at;

			len = vhl_area_size(vq, area) - off;
			at = area_at(vq, area, off, &len);
			if (IS_ERR(at))
				return PTR_ERR(at);
		}
	}
	vq->area_ok = true;
	return 0;
}

/* Reads @n bytes at byte @off of an area, through the IOTLB. Returns 0 or -EFAULT; may sleep. */
int vhl_area_get(struct vhl_vq *vq, enum vhl_area area, size_t off, void *dst, size_t n)
{
	while (n) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at) || vhl_copy_in(dst, at, len))
			return -EFAULT;
		dst += len;
		off += len;
		n -= len;
	}
	return 0;
}

/* Writes @n bytes at byte @off of an area: see vhl_area_get(). */
int vhl_area_put(struct vhl_vq *vq, enum vhl_area area, size_t off, const void *src, size_t n)
{
	while (n) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at) || vhl_copy_out(at, src, len))
			return -EFAULT;
		src += len;
		off += len;
		n -= len;
	}
	return 0;
}

/* As vhl_area_get(), for @n 16-bit fields, each of which is read with one load. */
int vhl_area_get16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 *dst,
		   unsigned int n)
{
	while (n) {
		size_t len = n * sizeof(*dst);
		void __user *at = area_at(vq, area, off, &len);
		unsigned int part = len / sizeof(*dst);

		/* No IOMMU has pages so small that they split a field. */
		if (IS_ERR(at) || !part || vhl_read16n(dst, at, part))
			return -EFAULT;
		dst += part;
		off += part * sizeof(*dst);
		n -= part;
	}
	return 0;
}

/* As vhl_area_put(), for a 16-bit field, which is written with one store. */
int vhl_area_put16(struct vhl_vq *vq, enum vhl_area area, size_t off, __virtio16 v)
{
	size_t len = sizeof(v);
	void __user *at = area_at(vq, area, off, &len);

	if (IS_ERR(at) || len < sizeof(v))
		return -EFAULT;
	return vhl_put_user(v, (__virtio16 __user *)at);
}

/*
 * Whether a log at @base has bits for the used ring at guest address @addr, in the
 * user address space. The client gives that address, which no region need have; with
 * an IOTLB it has no meaning. Caller holds vq->mutex; does not sleep.
 */
bool vhl_area_log_ok(const struct vhl_vq *vq, const void __user *base, u64 addr)
{
	u64 last;

	return vq->iotlb || (!check_add_overflow(addr, vhl_area_size(vq, VHL_USED) - 1, &last) &&
			     vhl_log_reaches(base, last));
}

/* Marks part of an area dirty through the IOTLB, piece by piece. */
static int area_log(struct vhl_vq *vq, enum vhl_area area, size_t off, size_t n)
{
	int err = 0;

	while (n && !err) {
		size_t len = n;
		void __user *at = area_at(vq, area, off, &len);

		if (IS_ERR(at))
			return vhl_log_failed(vq);
		err = vhl_log_hva(vq, (unsigned long)at, len);
		off += len;
		n -= len;
	}
	return err;
}

/*
 * Marks @len bytes of the used ring, or of a packed ring's device event
 * suppression structure, at byte @offset. Returns 0 or -EFAULT, as vhl_log_write().
 */
int vhl_area_log_used(struct vhl_vq *vq, u64 offset, u64 len)
{
	if (!vq->log_used)
		return 0;
	if (vq->iotlb)
		return vhl_log_told(vq, area_log(vq, VHL_USED, offset, len));
	return vhl_log_told(vq, vhl_log_write(vq, vq->log_addr + offset, len));
}

/*
 * Marks @len bytes of a packed descriptor ring, at byte @offset. The client gives
 * the guest address only of the device event suppression structure, so the guest
 * addresses of the ring come from the memory table. Returns as above.
 */
int vhl_area_log_ring(struct vhl_vq *vq, u64 offset, u64 len)
{
	if (!vq->log_used)
		return 0;
	if (vq->iotlb)
		return vhl_log_told(vq, area_log(vq, VHL_DESC, offset, len));
	return vhl_log_told(vq, vhl_log_hva(vq, (unsigned long)vq->area[VHL_DESC] + offset, len));
}
