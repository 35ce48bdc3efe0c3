/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of code addresses: of the kernel and its modules, and of programs that run. */
#ifndef VL_SYMBOLS_H
#define VL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct symbol {
	uint64_t address;
	uint64_t size; /* 0: up to the next one */
	const char *name;
	const char *object; /* kernel, a module, a file without its folder */
};

/*
 * Sorted by address. Names and objects are never freed: a measurement is one
 * process.
 */
struct symbols {
	struct symbol *symbol;
	size_t n, room;
	struct range {
		uint64_t from, to;
		const char *object;
	} range[512]; /* where code is that has symbols: modules, mapped files */
	unsigned int ranges;
};

/* Text of the kernel and its modules, from /proc/kallsyms. RC_ values. */
int symbols_kernel(struct symbols *s);
/* Text of a process that runs, from the files it has mapped. RC_ values. */
int symbols_process(struct symbols *s, pid_t pid);
void symbols_free(struct symbols *s);

/* The address of a function of the kernel; 0: none. */
uint64_t symbols_find(const struct symbols *s, const char *name);

/*
 * The function at an address. NULL: none has a name there; object is then the
 * file or module, or NULL, too.
 */
const struct symbol *symbols_at(const struct symbols *s, uint64_t address, const char **object);

#endif
