/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of processors, and which of a machine's processors make a good one. */
#ifndef VL_CPUS_H
#define VL_CPUS_H

#include "common.h"

#define CPUS_MAX 64
/* Numbers of processors are below: more than any kernel is built for. */
#define CPUS_KNOWN 8192

/* What a processor of a list is for, by its place there. */
enum cpu_role { CPU_GUEST, CPU_SERVER, CPU_FAR_END, CPU_ROLES };
extern const char *const cpu_role_names[CPU_ROLES];

/* Processors by the kernel's numbers, each once; count 0: none is named. */
struct cpus {
	unsigned int count;
	int cpu[CPUS_MAX];
};

/*
 * Reads "2,4,6" or "2-4,8"; the order is kept. RC_USAGE after one line on
 * stderr, which calls the list by @what, when it is no such list.
 */
int cpus_parse(struct cpus *c, const char *what, const char *text);

/* Writes the list as cpus_parse() reads it; @size of 400 is always enough. */
void cpus_text(const struct cpus *c, char *text, size_t size);

/* The processor of a role: of a short list the last one has all further roles. */
int cpus_of(const struct cpus *c, enum cpu_role role);

bool cpus_have(const struct cpus *c, int cpu);

/*
 * The path of a file of /sys or /proc, in @path. Tests put a folder of their
 * own in front of it by VHOSTLAB_SYSROOT.
 */
const char *system_path(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* First line of such a file without its end; false where it cannot be read. */
bool system_line(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The numbers of a list as sysfs writes it, at most @max; none where the
 * file is missing.
 */
unsigned int system_list(int *number, unsigned int max, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The NUMA node of a processor; 0 where the kernel knows none. */
int cpu_node(int cpu);

/* Do the two share a core? */
bool cpu_siblings(int a, int b);

/* The one thread of each core that the kernel names first. */
bool cpu_first_thread(int cpu);

/*
 * The processors for guest, server and far end where none are named: of one
 * NUMA node, one thread of each core, of what this process may use; processor
 * 0, which most interrupts go to, only when there are too few others. With two
 * cores the far end shares the server's, with one core guest and server are its
 * threads. Deterministic on one machine. RC_CANNOT where nothing is known.
 */
int cpus_choose(struct cpus *c);

/*
 * Is a list good here: processors that are online, of one node, and no two of
 * one core, unless the machine has no such list of that length? RC_USAGE after
 * one line on stderr.
 */
int cpus_check(const struct cpus *c);

#endif
