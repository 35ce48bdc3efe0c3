# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # for ring.t
# Checks of the module that ring.t takes out one at a time, and what the test has to say then:
# NAME#FILE of kmod/#a part of a line#what stands there instead#a part of what is said
faults=(
	'a head outside the table#chain.c#unlikely(*head >= vq->num)#0#reads memory'
	'a head outside the table, read ahead#chain.c#unlikely(head > last)#0#outside the table is used'
	'entries not available, read ahead#chain.c#(unsigned int)(u16)(vq->avail_seen - vq->last_avail)#64u#more entries are seen'
	'a gathered frame longer than its buffer#gather.c#unlikely(len - shortest > range)#0#ERROR: AddressSanitizer'
	'a gathered frame outside its region#gather.c#unlikely(at >= r->size)#0#memory that it was not given'
	'a gathered frame that leaves its region#gather.c#unlikely(len > r->size - at)#0#memory that it was not given'
	'more gathered than is read ahead#gather.c#min(most, (unsigned int)(vq->n_ahead - off))#most#memory that it was not given'
	'gathered words beyond the frame#gather.c#if (n & 4) {#if (n & 6) {#beyond its buffer'
	'an avail index that jumps#chain.c#unlikely(n > vq->num)#0#more entries are seen'
	'a chain longer than a packed ring#packed.c#unlikely(i == room)#0#reads memory'
	'more segments than there is room for#memory.c#n == room#0#heap-buffer-overflow'
	'a buffer that leaves its region#memory.c#min_t(u64, len, r->size - off)#len#memory that it was not given'
	'an IOTLB entry without permission#iotlb.c#(e->r.perm & perm) == perm#1#memory that it was not given'
	'a frame longer than its buffer#tx.c#unlikely(len > PAGE_SIZE || buflen > PAGE_SIZE)#0#ERROR: AddressSanitizer'
	'a frame without a link header#tx.c#unlikely(len < ETH_HLEN)#0#too short'
	'frames of a burst that are not freed#rx_burst.c#consume_skb(frame[i]);#;#a frame is left'
	'a frame of a burst longer than its buffer#rx_burst.c#unlikely(c.in_len < need)#0#writes memory'
	'a frame that is not freed#rx.c#consume_skb(skb);#;#a frame is left'
	'used entries beyond the end#used.c#min(entries, vq->num - slot)#entries#writes memory'
	'packed entries beyond the end#packed_used.c#unlikely(i >= num)#0#writes memory'
	'a head back before its frame#zerocopy.c#if (state == VHL_ZC_UNDERWAY)#if (0)#ERROR: AddressSanitizer'
	'a table freed before its frames#zerocopy.c#refcount_inc(&zc->refs);#(void)0;#ERROR: AddressSanitizer'
	'entries seen in another ring#backend.c#vq->avail_seen = vq->last_avail;#;#more entries are seen'
)
