/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on demand (Documentation/fault-injection): the nth allocation or copy of user memory of
 * one task fails, or from some point on there is no memory for this task. Only a kernel that is
 * built with all three of failslab, fail_page_alloc and fail_usercopy has them: lab/debug.config.
 */
#ifndef VHOSTLAB_TEST_FAULT_H
#define VHOSTLAB_TEST_FAULT_H

#include <stdbool.h>

/* The faults of one task. */
struct fault {
	int fd;
	bool own; /* those of the caller */
};

/* Prepares the kernel; false where it has no faults on demand. Undone when the program ends. */
bool faults_begin(void);
/* tid 0: the caller's. Also a thread of the kernel has its file. */
void fault_open(struct fault *f, int tid);
void fault_close(struct fault *f);
/*
 * The nth allocation or copy from now on fails, once. The caller's own next system calls count,
 * among them the one that looks whether it has failed: not much may stand between the two.
 */
void fault_arm(const struct fault *f, unsigned int nth);
/* How many were left until the fault, 0: there was one. None comes any more. */
unsigned int fault_left(const struct fault *f);

/* A call under test. Each is one system call, since faults are counted from its beginning. */
struct call {
	const char *name;
	int (*make)(void); /* 0 or a negative errno */
	void (*undo)(void); /* after it has succeeded, unless it may just be repeated */
	bool (*as_before)(void); /* after it has failed */
	bool (*done)(void); /* after it has succeeded in spite of a fault */
	int also; /* an errno, beside those that say that memory is short or not there */
};

/* How many there were in all. */
extern unsigned long faults;

/*
 * One test line: the call with a fault in each place, in turn; at the end without one, and then it
 * is in effect. Bails out where that fails.
 */
void fault_each(const struct call *c);
/*
 * The same where memory comes to an end at some point, so that there is nothing to fall back to
 * either: after so many pages, then after so many bytes of the slab allocator. Undone at the end.
 */
void fault_memory(const struct call *c);

#endif
