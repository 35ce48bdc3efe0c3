/* SPDX-License-Identifier: GPL-2.0-only */
/* Gives every point of the instruction clock the same start. */
#ifndef WALK_SETTLE_H
#define WALK_SETTLE_H

/*
 * Has every slab cache of the kernel give back its empty slabs and sort the
 * others. Earlier points leave a few long-lived objects behind, spread over
 * slabs; a later burst of 64 frames then needs one slab more, and takes another
 * path in the allocator for all its life: 0.25 % of its instructions, seen in
 * every second sweep. Only in the lab VM, under the instruction clock; it does
 * nothing elsewhere.
 */
void settle_machine(void);

#endif
