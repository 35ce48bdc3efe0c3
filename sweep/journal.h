/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sweep has changed on the machine that it measures on. A file has a
 * line for each change, on the disk before the change is made, so that even
 * after SIGKILL the next sweep can take all of them back:
 *
 *   boot ID                     the boot that the changes belong to; all are lost with it
 *   file PATH<TAB>OLD<TAB>NEW   a file of /sys or /proc
 *   module NAME                 was not loaded
 */
#ifndef HOST_JOURNAL_H
#define HOST_JOURNAL_H

#include <stdbool.h>

/*
 * Writes @value into the file of sysfs or procfs at @path, and the change into
 * @journal before. Nothing happens where the file has that value already, or
 * is not there. Returns 1: changed, 0: no change, -1: the kernel refuses the
 * value, -2: the journal cannot be written, after one line on stderr.
 */
int journal_set(const char *journal, const char *path, const char *value);

/* Notes that a module is about to be loaded; 0, or -2 as above. */
int journal_module(const char *journal, const char *name);

/*
 * Takes back what the journal has, the last change first, and removes it. What
 * cannot be taken back stays in it, after one line each on stderr. Where
 * @found, a line says that the journal was left by an earlier sweep. Returns
 * how many changes could not be taken back.
 */
int journal_restore(const char *journal, bool found);

#endif
