/* SPDX-License-Identifier: GPL-2.0-only */
/* Gives every point of the instruction clock the same start. */
#ifndef WALK_SETTLE_H
#define WALK_SETTLE_H

/*
 * Makes every slab cache of the kernel free its empty slabs and sort the others.
 * Earlier points leave a few long-lived objects, spread over slabs; a later burst
 * of 64 frames then needs one slab more and takes another path in the allocator
 * during the whole measurement: 0.25 % of its instructions, in every second sweep.
 * Only in the lab VM on the instruction clock; does nothing elsewhere.
 */
void settle_machine(void);

#endif
