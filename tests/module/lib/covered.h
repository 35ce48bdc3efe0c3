/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test program under the program `covered`: each of its threads, and each child, takes one of the
 * areas that it got, whose descriptors are the two numbers of this variable and those between.
 */
#ifndef VHOSTLAB_TEST_COVERED_H
#define VHOSTLAB_TEST_COVERED_H

#define COVERED "VHOSTLAB_COVERED"

#endif
