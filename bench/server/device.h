/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device half of a virtio-net in a process of its own: what the programs
 * userspace-net and uring-net share. They differ in how they wait, read and
 * write; rings, arguments and the scattering of a received frame are here.
 */
#ifndef VL_DEVICE_H
#define VL_DEVICE_H

#include "devring.h"

/* The arguments of both programs: file descriptors and numbers, in this order. */
enum device_arg {
	ARG_READY_FD,
	ARG_MEM_FD,
	ARG_MEM_BYTES,
	ARG_MEM_GPA,
	ARG_TAP_FD,
	ARG_RING_NUM,
	ARG_EVENT_IDX,
	ARG_MERGEABLE,
	ARG_RX_OFFSET,
	ARG_RX_KICK,
	ARG_RX_CALL,
	ARG_TX_OFFSET,
	ARG_TX_KICK,
	ARG_TX_CALL,
	DEVICE_ARGS
};

/* The largest frame with its virtio-net header, and a little. */
#define FRAME_ROOM (65536 + 64)

struct device_queue {
	struct devring ring;
	int kick, call;
};

struct device {
	const char *name; /* of the server, for messages */
	struct device_queue rx, tx;
	int tap;
	bool mergeable;
	char *mem; /* guest memory */
	size_t bytes;
	int ready;
};

/*
 * Reads the arguments, maps guest memory, opens both rings: receive asks for
 * no kicks, transmit for the first one. Ends the program when that fails.
 */
void device_open(struct device *d, const char *name, int argc, char **argv);

/* Tells the parent process that the program serves from now on. */
void device_ready(struct device *d);

/* Ends the program after one line: `what` went wrong, and errno or a broken ring. */
void device_die(const struct device *d, const char *what) __attribute__((noreturn));

/*
 * Takes the next chain to transmit. Returns whether there was one; a driver
 * that breaks a rule ends the program.
 */
bool device_pop_tx(struct device *d, struct devchain *c);

/*
 * Scatters a received frame of len bytes, header first, over one chain or
 * (mergeable) more. false: the guest has not given enough of them.
 */
bool device_deliver(struct device *d, const char *frame, size_t len);

#endif
