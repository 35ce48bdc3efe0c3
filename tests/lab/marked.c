// SPDX-License-Identifier: GPL-2.0-only
/*
 * marked loop|string|fault N: executes a known number of instructions between
 * two marks of the counting plugin, then reads what it counted. Prints three
 * numbers: what the time stamp counter says, which on the instruction clock
 * counts instructions, too; all that was counted; what was counted of the loop
 * or string instruction alone.
 *
 * loop: N turns of three instructions; string: a rep movsb of N bytes, which
 * the clock counts as N; fault: N new pages are touched by three instructions
 * each.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "lib/marks.h"

#define NUMBER 7

extern const char loop_begin[], loop_end[], string_begin[], string_end[], fault_begin[],
	fault_end[];

static char *from, *to;

__attribute__((noinline)) static void turn(uint64_t n)
{
	asm volatile("loop_begin: dec %0\n\tnop\n\tjnz loop_begin\n\tloop_end:" : "+r"(n));
}

__attribute__((noinline)) static void copy(uint64_t n)
{
	char *a = from, *b = to;

	asm volatile("string_begin: rep movsb\n\tstring_end:"
		     : "+S"(a), "+D"(b), "+c"(n)
		     :
		     : "memory");
}

__attribute__((noinline)) static void touch(uint64_t n)
{
	char *a = from, *end = from + 4096 * n;

	asm volatile("fault_begin: movb $1, (%0)\n\tadd $4096, %0\n\tcmp %1, %0\n\t"
		     "jne fault_begin\n\tfault_end:"
		     : "+r"(a)
		     : "r"(end)
		     : "memory", "cc");
}

/* Executions of all instructions, and of those from one address to another. */
static bool read_counts(uint64_t begin, uint64_t end, uint64_t *all, uint64_t *own)
{
	const char *path = getenv("VHOSTLAB_COUNTS");
	FILE *f = path ? fopen(path, "r") : NULL;
	uint64_t address, count, number = 0;
	char line[256] = "";

	if (!f || !fgets(line, sizeof(line), f) ||
	    sscanf(line, MARK_HEAD " %" SCNu64, &number) != 1 || number != NUMBER)
		return false;
	*all = *own = 0;
	while (fgets(line, sizeof(line), f) &&
	       sscanf(line, "%*d %*d %" SCNx64 " %" SCNu64, &address, &count) == 2) {
		*all += count;
		if (address >= begin && address < end)
			*own += count;
	}
	fclose(f);
	return !strcmp(line, "end\n");
}

int main(int argc, char **argv)
{
	uint64_t n = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, begin, end, all, own;
	const char *first = loop_begin, *last = loop_end;
	void (*work)(uint64_t n) = turn;

	if (!n)
		return 2;
	if (!strcmp(argv[1], "string")) {
		work = copy;
		first = string_begin;
		last = string_end;
	} else if (!strcmp(argv[1], "fault")) {
		work = touch;
		first = fault_begin;
		last = fault_end;
	}
	from = mmap(NULL, work == touch ? 4096 * n : n, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = malloc(n);
	if (from == MAP_FAILED || !to)
		return 1;
	/* Pages that are touched for the first time here are not what is counted. */
	if (work != touch) {
		memset(from, 1, n);
		work(n);
	}
	mark_place(2, syscall(SYS_gettid), (uint64_t)NUMBER);
	begin = __rdtsc();
	work(n);
	end = __rdtsc();
	mark_place(3, 0L, 0L);
	if (!read_counts((uintptr_t)first, (uintptr_t)last, &all, &own)) {
		fputs("marked: no counts of this program\n", stderr);
		return 1;
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", end - begin, all, own);
	return 0;
}
