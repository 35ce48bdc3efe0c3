// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transmit, the common case: frames of many chains are gathered at once. Each chain
 * is one descriptor that has been read ahead, and its frame fits into a page
 * fragment. Three passes over all of them: check the descriptors, copy, check the
 * headers. So the copies need one user access window for all frames, not two for
 * each, and one barrier against speculation, after which the processor can load
 * from many buffers at a time.
 *
 * A chain that is anything else, and a frame that cannot be copied or has a wrong
 * header, is left to the general case in tx.c, which reports what is wrong.
 */
#include <linux/etherdevice.h>

#include "vhostlab.h"
#include "chain.h"
#include "frag.h"
#include "gather.h"
#include "packed.h"
#include "trace.h"
#include "tx_header.h"
#include "user.h"

/*
 * The longest frame that is copied by words inside the window, in bytes. Longer
 * ones are copied after it, by the kernel's function for long copies.
 */
#define GATHER_WORDS 256

/* The region of the memory table that holds @gpa, or NULL: see vhl_chain_simple(). */
static const struct vhl_region *other_region(struct vhl_vq *vq, u64 gpa)
{
	const struct vhl_region *r;

	if (vq->iotlb)
		return NULL;
	r = vhl_region_guess(vq->dev->mem, gpa);
	if (r)
		vq->last = r;
	return r;
}

/* What the passes find out. */
struct gathered {
	unsigned int frames;
	s64 budget; /* of the run, without the bytes of these frames */
	bool longer; /* some frames are longer than GATHER_WORDS */
	bool check; /* some headers need more than a look at two fields */
};

/*
 * First pass: the segments of up to @most chains into vq->iov[], a buffer for each
 * frame, after @pad bytes of it, into the array behind vq->n_xdp, and their heads
 * behind vq->n_done. Counts the chains from last_avail on that are of the common
 * case. A segment is inside one region, and the addresses of each region have been
 * checked by access_ok() when the client gave it to the device: region_read() in
 * memory.c and vhl_iotlb_update().
 */
static __always_inline void frames_find(struct vhl_vq *vq, struct gathered *g, unsigned int pad,
					unsigned int most, const bool packed)
{
	const u64 other = (u64)(VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT | VRING_DESC_F_WRITE)
			  << (packed ? VHL_WORD_FLAGS : VHL_SPLIT_FLAGS);
	const unsigned int hlen = vq->guest_hlen, shortest = hlen + ETH_HLEN;
	const unsigned int info = SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	/* As tx_gather() has it: padding, frame and skb_shared_info within a page. */
	const unsigned int range = PAGE_SIZE - info - pad - ETH_HLEN;
	const unsigned int off = (u16)(vq->last_avail - vq->heads_at);
	struct vring_used_elem *done = &vq->done[vq->n_done];
	struct xdp_buff *xdp = &vq->xdp[vq->n_xdp];
	const struct vhl_region *r = vq->last;
	struct iovec *iov = vq->iov;
	s64 budget = vq->budget;
	unsigned int n;

	for (n = 0; n < most; n++, iov++, xdp++) {
		const struct vhl_ahead *a = &vq->ahead[off + n];
		u64 at = a->addr - r->gpa, word = a->word;
		u32 len = word, buflen;
		void *buf;

		if (unlikely(word & other) || unlikely(len - shortest > range))
			break;
		if (unlikely(at >= r->size)) {
			r = other_region(vq, a->addr);
			if (!r)
				break;
			at = a->addr - r->gpa;
		}
		if (unlikely(len > r->size - at))
			break;
		buflen = SKB_DATA_ALIGN(pad - hlen + len) + info;
		buf = vhl_frag_get(&vq->frags, buflen);
		if (unlikely(!buf))
			break;
		iov->iov_base = (void __user *)(unsigned long)(r->hva + at);
		iov->iov_len = len;
		xdp_init_buff(xdp, buflen, NULL);
		xdp_prepare_buff(xdp, buf, pad, len - hlen, true);
		done[n].id = cpu_to_vhl32(vq, packed ? vhl_packed_head(word >> 32, 1)
						     : vhl16_to_cpu(vq, vq->heads[off + n]));
		done[n].len = 0;
		budget -= len;
	}
	g->frames = n;
	g->budget = budget;
}

/* Copies @n bytes; inside user_read_access_begin(). Returns false on a fault. */
static __always_inline bool words_copy(u8 *dst, const u8 __user *src, unsigned int n)
{
	u64 v, w, x, y;
	u32 half;
	u16 quarter;

	for (; n >= 32; n -= 32, src += 32, dst += 32) {
		unsafe_get_user(v, (const u64 __user *)src, fault);
		unsafe_get_user(w, (const u64 __user *)(src + 8), fault);
		unsafe_get_user(x, (const u64 __user *)(src + 16), fault);
		unsafe_get_user(y, (const u64 __user *)(src + 24), fault);
		memcpy(dst, &v, 8);
		memcpy(dst + 8, &w, 8);
		memcpy(dst + 16, &x, 8);
		memcpy(dst + 24, &y, 8);
	}
	if (likely(!n))
		return true;
	for (; n >= 8; n -= 8, src += 8, dst += 8) {
		unsafe_get_user(v, (const u64 __user *)src, fault);
		memcpy(dst, &v, 8);
	}
	if (n & 4) {
		unsafe_get_user(half, (const u32 __user *)src, fault);
		memcpy(dst, &half, 4);
		src += 4;
		dst += 4;
	}
	if (n & 2) {
		unsafe_get_user(quarter, (const u16 __user *)src, fault);
		memcpy(dst, &quarter, 2);
		src += 2;
		dst += 2;
	}
	if (n & 1)
		unsafe_get_user(*dst, src, fault);
	return true;
fault:
	return false;
}

/*
 * Second pass: headers and frames into their buffers. Reduces the number of frames
 * to those before the first that cannot be copied. The window is opened after all
 * checks of the first pass, so its barrier also stops speculative loads from
 * addresses that fail them.
 */
static __always_inline void frames_copy(struct vhl_vq *vq, struct gathered *g)
{
	const unsigned int hlen = vq->guest_hlen;
	const struct xdp_buff *xdp = &vq->xdp[vq->n_xdp];
	const struct iovec *iov = vq->iov;
	unsigned int i = 0, n = g->frames;
	bool longer = false, check = !vq->sock_hlen;
	u16 asks = 0, two;

	BUILD_BUG_ON(sizeof(struct virtio_net_hdr) != 10);
	if (unlikely(!vhl_read_begin(iov->iov_base, iov->iov_len)))
		goto out;
	for (; i < n; i++, xdp++, iov++) {
		struct virtio_net_hdr *hdr = vhl_xdp_hdr(xdp->data_hard_start, xdp->frame_sz);
		const u8 __user *src = iov->iov_base;
		unsigned int len = iov->iov_len - hlen;
		u64 head;
		u16 tail;

		unsafe_get_user(head, (const u64 __user *)src, fault);
		unsafe_get_user(tail, (const u16 __user *)(src + 8), fault);
		memcpy(hdr, &head, 8);
		memcpy((void *)hdr + 8, &tail, 2);
		/* flags and gso_type, in the order of any machine */
		memcpy(&two, hdr, sizeof(two));
		asks |= two;
		if (unlikely(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
		    unlikely(vhl16_to_cpu(vq, hdr->hdr_len) > len))
			check = true;
		if (unlikely(len > GATHER_WORDS))
			longer = true;
		else if (unlikely(!words_copy(xdp->data, src + hlen, len)))
			goto fault;
	}
fault:
	user_read_access_end();
out:
	/* Without a header to the backend none asks for anything: headers_check(). What a
	 * frame asks for that is not taken then only makes the array go through the tap.
	 */
	if (vq->sock_hlen)
		vq->xdp_asks |= asks | asks >> 8;
	g->frames = i;
	g->longer = longer;
	g->check = check;
}

/* The frames that the second pass has left out; reduces their number in the same way. */
static noinline void longer_copy(struct vhl_vq *vq, struct gathered *g)
{
	const struct xdp_buff *xdp = &vq->xdp[vq->n_xdp];
	const unsigned int hlen = vq->guest_hlen;
	unsigned int i;
	size_t len;

	for (i = 0; i < g->frames; i++) {
		len = vq->iov[i].iov_len - hlen;
		if (len > GATHER_WORDS &&
		    unlikely(__vhl_copy_in(xdp[i].data, vq->iov[i].iov_base + hlen, len)))
			break;
	}
	g->frames = i;
}

/* Third pass, over the headers; reduces their number to those before the first wrong one. */
static noinline void headers_check(struct vhl_vq *vq, struct gathered *g)
{
	const struct xdp_buff *xdp = &vq->xdp[vq->n_xdp];
	struct virtio_net_hdr *hdr;
	unsigned int i;

	for (i = 0; i < g->frames; i++) {
		hdr = vhl_xdp_hdr(xdp[i].data_hard_start, xdp[i].frame_sz);
		if (unlikely(!vq->sock_hlen))
			memset(hdr, 0, sizeof(*hdr));
		else if (!vhl_tx_header_ok(vq, hdr, vq->iov[i].iov_len - vq->guest_hlen))
			break;
	}
	g->frames = i;
}

/*
 * Frees the fragments of the frames that were found and not taken. Returns their bytes:
 * the run is charged for them, since a guest could have them copied again and again.
 */
static noinline s64 rest_free(struct vhl_vq *vq, const struct gathered *g, unsigned int found)
{
	unsigned int i;
	s64 bytes = 0;

	for (i = g->frames; i < found; i++) {
		page_frag_free(vq->xdp[vq->n_xdp + i].data_hard_start);
		bytes += vq->iov[i].iov_len;
	}
	return bytes;
}

static __always_inline int gather(struct vhl_vq *vq, unsigned int pad, unsigned int most,
				  const bool packed)
{
	unsigned int found, taken;
	struct gathered g;
	s64 not_taken = 0;

	if (unlikely(!vq->last))
		return 0;
	frames_find(vq, &g, pad, most, packed);
	found = g.frames;
	if (unlikely(!found))
		return 0;
	frames_copy(vq, &g);
	if (g.longer)
		longer_copy(vq, &g);
	if (unlikely(g.check))
		headers_check(vq, &g);
	if (unlikely(g.frames != found))
		not_taken = rest_free(vq, &g, found);

	taken = g.frames;
	vq->stats.packets += taken;
	vq->stats.bytes += vq->budget - g.budget - not_taken - taken * vq->guest_hlen;
	vq->budget = g.budget;
	vq->n_done += taken;
	vq->n_xdp += taken;
	vq->last_avail += taken;
	return taken ?: -EFAULT;
}

static noinline int gather_packed(struct vhl_vq *vq, unsigned int pad, unsigned int most)
{
	return gather(vq, pad, most, true);
}

/*
 * Takes up to @most chains, and adds their frames, each after @pad bytes of its
 * buffer, to the array in vq->xdp[]; the array and vq->done[] have room for them.
 * Returns how many were taken: 0 when the next chain is not of the common case, or
 * -EFAULT when its frame cannot be copied or has a wrong header. Caller holds
 * vq->mutex and vq->zc is not set; may sleep.
 */
int vhl_tx_gather(struct vhl_vq *vq, unsigned int pad, unsigned int most)
{
	u16 off = vq->last_avail - vq->heads_at;

	/* Tracepoints are in the general case. */
	if (trace_desc_enabled() || trace_copy_tx_enabled() || unlikely(off >= vq->n_ahead))
		return 0;
	/* The passes cost more than they save when there is one frame. */
	if (unlikely(vq->n_ahead - off < 2))
		return 0;
	most = min(most, (unsigned int)(vq->n_ahead - off));
	/* A frame is shorter than a page: the budget is not used up before the last one. */
	most = min_t(u64, most, vq->budget / PAGE_SIZE + 1);
	return unlikely(vq->packed) ? gather_packed(vq, pad, most) : gather(vq, pad, most, false);
}
