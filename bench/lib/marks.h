/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program in the lab says to the plugin that counts instructions
 * (lab/plugin): marks, which are instructions without effect that the plugin
 * recognizes by their bytes. Where there is no plugin they do nothing.
 */
#ifndef VL_MARKS_H
#define VL_MARKS_H

#include <stdint.h>

/* The displacement of a nopl of 8 bytes; compilers emit it with 0. The low byte is the mark. */
#define MARK_BASE  0x564c4d00u
#define MARK_BYTES "\x0f\x1f\x84\x00" /* nopl displacement(%rax,%rax,1) */

enum mark {
	MARK_SETUP = 1, /* rdi: address of struct mark_setup */
	MARK_BEGIN = 2, /* rdi: the caller's thread, rsi: a number that the counts will have */
	MARK_END = 3,
};

/* What a count is of. */
enum mark_mode {
	MODE_RUNS,
	MODE_IDLE, /* the kernel counted idle time */
	MODE_INSIDE, /* a virtual machine that the thread runs */
};

/* Addresses in the kernel; 0: none. */
struct mark_setup {
	uint64_t switch_to; /* first instruction of the task switch; rsi: the next task */
	uint64_t tid_offset; /* of a task's thread, 4 bytes, in what rsi points to */
	/* Functions that begin the time which the kernel counts as idle, and that end it. */
	uint64_t idle_enter[2], idle_leave[2];
};

#define MARK_TEXT_(x) #x
#define MARK_TEXT(x)  MARK_TEXT_(x)

/* mark is one of enum mark, as a number that the preprocessor knows. */
#define mark_place(number, a, b) \
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long 0x564c4d00 + " MARK_TEXT(number) \
		     : \
		     : "D"(a), "S"(b) \
		     : "memory")

/* How the file of counts begins; the number of the mark that began them follows. */
#define MARK_HEAD "vhostlab-counts 1"

#endif
