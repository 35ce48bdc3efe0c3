/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sweep cut into shares, one for a machine each. What is compared is measured on one machine: the
 * unit that is dealt out has all servers of a cell with their A/A control, on every kernel, the
 * cells of the server floor that they are compared with, and with QEMU guests all that shares a
 * boot with one of these.
 *
 * It has all their repetitions, too. On the wall clock the repetitions of one server on two
 * machines would show how the machines differ and call it spread, and the medians of two servers
 * would stand for another mixture of machines each. On the instruction clock it would not matter,
 * and nothing is lost by it: a sweep has more cells than machines.
 */
#ifndef PLAN_SHARE_H
#define PLAN_SHARE_H

#include "points.h"

/* "K/N" with 1 <= K <= N; false after one line on stderr. */
bool share_parse(const char *text, long *share, long *shares);

/* Finds the units: unit[] has, for each group, one group of the same unit. Their number. */
int share_units(const struct points *points, int *unit);

/*
 * Leaves only the points of one share: the units are dealt out in turn, in the order in which
 * their groups stand in @order. Groups keep their numbers, so that the order of the schedule stays
 * that of the whole. False after one line on stderr if the share has none.
 */
bool share_keep(struct points *points, const int *order, int count, long share, long shares);

#endif
