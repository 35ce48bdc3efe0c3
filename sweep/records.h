/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results on their way out of the lab VM. There the run's folder is read-only:
 * a file that the VM writes over 9p is not the same on every kernel. Its results
 * go through a port instead, as records, and one process outside the VM owns the
 * files. A record is
 *
 *	record append|file LENGTH NAME\n  LENGTH bytes  HASH\n
 *
 * append: one JSON object, a line more of points.jsonl, control.jsonl or
 * verdicts.jsonl; file: the whole content of NAME. HASH is FNV-1a of the bytes.
 */
#ifndef WALK_RECORDS_H
#define WALK_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest object of an append, and the longest first line. */
#define RECORD_LINE_MAX	  (4 << 20)
#define RECORD_HEADER_MAX 320

/* Opens the port; -1 after one line on stderr. It is one program's at a time. */
int records_open(const char *port);

/*
 * Both return when the host has all of it, or false after one line on stderr: a
 * write to a port of the lab's VM waits until the machine has taken the bytes.
 */
bool records_line(int port, const char *name, const json_t *object);
bool records_file(int port, const char *name, const char *path);

/* Sends what is in @folder as raw/NAME and removes it. */
bool records_raw(int port, const char *folder);

/* May a record have this name? Nothing outside the run's folder, nothing hidden in it. */
bool records_name_good(const char *name);

/* FNV-1a, begun with RECORD_HASH. */
#define RECORD_HASH 0xcbf29ce484222325ull
uint64_t records_hash(uint64_t hash, const char *bytes, size_t length);

#endif
