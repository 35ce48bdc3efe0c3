/* SPDX-License-Identifier: GPL-2.0-only */
/* The tasks of a guest and of what serves it, by the part they play. */
#ifndef VM_ROLES_H
#define VM_ROLES_H

#include <stdint.h>
#include <sys/types.h>

enum role {
	ROLE_VCPU, /* runs the guest's code */
	ROLE_MAIN, /* the main loop of QEMU */
	ROLE_OTHER, /* its remaining threads */
	ROLE_WORKER, /* of a kernel module */
	ROLE_GUEST, /* a guest that is a process */
	ROLE_SERVER, /* a server that is a process */
	ROLES
};

extern const char *const role_names[ROLES];

struct task {
	pid_t tid;
	enum role role;
	uint64_t cpu_ns, switches; /* so far; after roles_since(), in the window */
};

struct roles {
	struct task *task;
	unsigned int count;
};

/*
 * Adds the tasks of process @pid: @role says what the process is (ROLE_MAIN for
 * QEMU, whose threads are told apart by their names). The workers the kernel
 * runs for it come along, whether tasks of their own or threads of it.
 */
int roles_add(struct roles *roles, pid_t pid, enum role role);

/* Reads CPU time and context switches of all. */
int roles_read(struct roles *roles);

/* Reads them again and leaves the difference. */
int roles_since(struct roles *roles);

#endif
